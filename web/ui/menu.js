// SPDX-License-Identifier: Apache-2.0

/**
 * Menu: what can be done with a frame, where the pointer or the keyboard is.
 *
 *     Entry[]  --Menu.open-->  a click, or Enter, on one of them
 */

import { create } from './dom.js';

/** @typedef {{text: string, hint?: string, run: () => void}} Entry */
/** @typedef {{title: string, entries: Entry[]}} Group */

const MARGIN_PX = 6;

/** The item that a key leads to. @param {string} key @param {number} at @param {string[]} texts */
export function itemAfter(key, at, texts) {
  const count = texts.length;
  if (key === 'ArrowDown') return (at + 1) % count;
  if (key === 'ArrowUp') return (at + count - 1) % count;
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  if (key.length !== 1 || key === ' ') return -1;
  for (let i = 1; i <= count; i++) {
    const next = (Math.max(at, -1) + i) % count;
    if (texts[next].toLowerCase().startsWith(key.toLowerCase())) return next;
  }
  return -1;
}

export class Menu {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    /** @type {HTMLElement | null} */
    this.from = null;
    /** @type {HTMLButtonElement[]} */
    this.items = [];
    element.setAttribute('role', 'menu');
    element.addEventListener('keydown', (event) => this.onKeyDown(event));
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    document.addEventListener('pointerdown', (event) => {
      const isInside = event.target instanceof Node && element.contains(event.target);
      if (this.isOpen && !isInside) this.close(false);
    });
    addEventListener('blur', () => this.close(false));
    addEventListener('resize', () => this.close(false));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /**
   * @param {string} label what it is about
   * @param {Group[]} groups
   * @param {{x: number, y: number, from: HTMLElement}} place
   */
  open(label, groups, { x, y, from }) {
    this.from = from;
    this.items = [];
    const heading = create('div', { class: 'menu-label', 'aria-hidden': 'true' }, label);
    const parts = groups.map(({ title, entries }) => {
      const buttons = entries.map((entry) => this.createItem(entry));
      this.items.push(...buttons);
      const head = create('div', { class: 'menu-title', 'aria-hidden': 'true' }, title);
      const children = title ? [head, ...buttons] : buttons;
      return create('div', { role: 'group', 'aria-label': title || label }, ...children);
    });
    this.element.setAttribute('aria-label', label);
    this.element.replaceChildren(heading, ...parts);
    this.element.hidden = false;
    this.place(x, y);
    this.items[0]?.focus();
  }

  /** @param {Entry} entry */
  createItem({ text, hint, run }) {
    const item = create('button', { type: 'button', role: 'menuitem', tabindex: '-1' }, text);
    if (hint) item.title = hint;
    item.addEventListener('click', () => {
      this.close(true);
      run();
    });
    return item;
  }

  /** Wholly on the page. @param {number} x @param {number} y */
  place(x, y) {
    const { style, offsetWidth, offsetHeight } = this.element;
    const { clientWidth, clientHeight } = document.documentElement;
    style.left = `${Math.max(MARGIN_PX, Math.min(x, clientWidth - offsetWidth - MARGIN_PX))}px`;
    style.top = `${Math.max(MARGIN_PX, Math.min(y, clientHeight - offsetHeight - MARGIN_PX))}px`;
  }

  /** @param {boolean} isFocusBack */
  close(isFocusBack) {
    if (!this.isOpen) return;
    this.element.hidden = true;
    if (isFocusBack) this.from?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  onKeyDown(event) {
    const { key } = event;
    if (key === 'Escape' || key === 'Tab') {
      event.preventDefault();
      this.close(true);
      return;
    }
    const at = this.items.findIndex((item) => item === document.activeElement);
    const texts = this.items.map((item) => item.textContent ?? '');
    const to = event.ctrlKey || event.metaKey ? -1 : itemAfter(key, at, texts);
    // Letters are keys of the page, too.
    if (key.length === 1 && key !== ' ') event.preventDefault();
    if (to < 0) return;
    event.preventDefault();
    this.items[to].focus();
  }
}
