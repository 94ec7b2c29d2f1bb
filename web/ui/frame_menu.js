// SPDX-License-Identifier: Apache-2.0

/**
 * Frame menu: what can be done with a frame, and where people choose it.
 *
 *     Frame, State  --deedsOf-->  groups of deeds  --Menu.open-->  a click, or Enter, on one of them
 *
 * Deeds that change the picture are transforms, which stack up; others lead to another view.
 */

import { create } from './dom.js';
import { baseName } from './frames.js';
import { formatSelector } from './search.js';

/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Transform} Transform */

/**
 * @typedef {object} Deed
 * @property {string} text
 * @property {string} [hint]
 * @property {Partial<State>} [change]
 * @property {string} [copy] what is put on the clipboard instead
 */

/** @typedef {{title: string, deeds: Deed[]}} DeedGroup */

const LONGEST_TITLE = 60;

/** Exactly this, as transforms name it. @param {string} name */
export function exactly(name) {
  return `=${name}`;
}

/** The state's transforms, and one more. @param {State} state @param {Transform} transform */
function with1(state, transform) {
  return { transforms: [...state.transforms, transform], zoom: [] };
}

/** @param {Frame} frame @param {State} state @returns {DeedGroup} */
function ofFunction(frame, state) {
  const what = exactly(frame.name);
  /** @type {(text: string, verb: Transform['verb'], hint: string) => Deed} */
  const deed = (text, verb, hint) => ({ text, hint, change: with1(state, { verb, what }) });
  return {
    title: 'function',
    deeds: [
      deed('Focus on it', 'focus', 'leave only stacks that it is part of'),
      deed('Root here', 'root', 'cut away what leads to it'),
      deed('Merge into its callers', 'merge', 'its boxes vanish, their time goes to the callers'),
      deed('Collapse its recursion', 'recursion', 'calls of itself become one box'),
      deed('Drop stacks with it', 'drop', 'leave out all stacks that it is part of'),
    ],
  };
}

/** @param {Frame} frame @param {State} state @returns {DeedGroup} */
function ofModule(frame, state) {
  const what = exactly(frame.module);
  /** @type {(text: string, verb: Transform['verb'], hint: string) => Deed} */
  const deed = (text, verb, hint) => ({ text, hint, change: with1(state, { verb, what }) });
  return {
    title: baseName(frame.module).slice(0, LONGEST_TITLE),
    deeds: [
      deed('Fold it into one box', 'fold', 'its frames that follow one another become one'),
      deed('Focus on it', 'focus', 'leave only stacks that it is part of'),
      deed('Hide its frames', 'hide', 'their time goes to the callers'),
      deed('Ignore stacks with it', 'ignore', 'leave out all stacks that it is part of'),
    ],
  };
}

/** @param {Frame} frame @returns {DeedGroup} */
function ofViews(frame) {
  return {
    title: 'show',
    deeds: [
      { text: 'Callers and callees', change: { view: 'sandwich', fn: frame.id } },
      { text: 'In the top table', change: { view: 'top', fn: frame.id, search: '' } },
      { text: 'Source and assembly', change: { view: 'code', fn: frame.id } },
    ],
  };
}

/** @param {Frame} frame a process @param {State} state @returns {DeedGroup} */
function ofProcess(frame, state) {
  const query = formatSelector([{ name: 'comm', operator: '=', value: frame.name }]);
  const deeds = /** @type {Deed[]} */ ([]);
  if (query !== state.query) {
    deeds.push({ text: 'Only this process', change: { query, zoom: [] } });
  }
  return { title: 'process', deeds };
}

/**
 * @param {Frame} frame @param {State} state
 * @param {string[]} [path] of the box, where there is one
 * @returns {DeedGroup[]}
 */
export function deedsOf(frame, state, path) {
  const groups = /** @type {DeedGroup[]} */ ([]);
  const isGraph = state.view === 'icicle' || state.view === 'flame';
  if (path && isGraph)
    groups.push({ title: '', deeds: [{ text: 'Zoom in', change: { zoom: path } }] });
  if (frame.kind === 'process') groups.push(ofProcess(frame, state));
  else if (frame.kind !== 'host') {
    groups.push(ofViews(frame), ofFunction(frame, state));
    if (frame.module) groups.push(ofModule(frame, state));
  }
  groups.push({ title: '', deeds: [{ text: 'Copy the name', copy: frame.name }] });
  return groups.filter(({ deeds }) => deeds.length);
}

/* The menu opens where the pointer or the keyboard is. */

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
