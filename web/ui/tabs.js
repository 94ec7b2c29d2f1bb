// SPDX-License-Identifier: Apache-2.0

/** Tabs: the views of a selection, one of which is shown. Arrow keys move between them. */

import { create } from './dom.js';

/** @typedef {{key: string, text: string, title: string}} Tab */

/** @type {Tab[]} */
export const TABS = [
  { key: 'icicle', text: 'Icicle', title: 'callers above what they call' },
  { key: 'flame', text: 'Flame', title: 'callers beneath what they call' },
  { key: 'time', text: 'Time order', title: 'stacks of one thread as they followed one another' },
  { key: 'sandwich', text: 'Sandwich', title: 'one function between callers and callees' },
  { key: 'top', text: 'Top', title: 'all functions, sorted' },
  { key: 'tree', text: 'Call tree', title: 'the call tree as a table' },
  { key: 'code', text: 'Code', title: 'source and assembly of a function' },
  { key: 'split', text: 'Split', title: 'a graph for each value of a label' },
];

/** The tab that a key leads to. @param {string} key @param {number} at @param {number} count */
export function tabAfter(key, at, count) {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return -1;
  }
}

export class Tabs {
  /**
   * @param {HTMLElement} element @param {string} panel id of what is shown
   * @param {(key: string) => void} onPick
   */
  constructor(element, panel, onPick) {
    this.element = element;
    element.setAttribute('role', 'tablist');
    element.setAttribute('aria-label', 'views');
    this.buttons = TABS.map(({ key, text, title }) => {
      const attributes = { type: 'button', role: 'tab', id: `tab-${key}`, title };
      const button = create(
        'button',
        { ...attributes, 'aria-controls': panel, 'data-text': text },
        text,
      );
      button.addEventListener('click', () => onPick(key));
      return button;
    });
    element.append(...this.buttons);
    element.addEventListener('keydown', (event) => this.onKeyDown(event));
  }

  /** @param {KeyboardEvent} event */
  onKeyDown(event) {
    const at = this.buttons.findIndex((button) => button === document.activeElement);
    const to = at < 0 ? -1 : tabAfter(event.key, at, this.buttons.length);
    if (to < 0) return;
    event.preventDefault();
    this.buttons[to].focus();
    this.buttons[to].click();
  }

  /** @param {string} picked */
  show(picked) {
    this.buttons.forEach((button, i) => {
      const isPicked = TABS[i].key === picked;
      button.ariaSelected = String(isPicked);
      button.tabIndex = isPicked ? 0 : -1;
      if (isPicked) button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
  }
}
