// SPDX-License-Identifier: Apache-2.0

/**
 * Keys: one table, which both the keyboard and the page's help follow.
 */

import { create } from './dom.js';

/**
 * @typedef {object} KeyBinding
 * @property {string} key      as KeyboardEvent.key names it
 * @property {string} text     what it does
 * @property {() => void} action
 * @property {boolean} inGraph only while the graph, or nothing, has the focus
 */

/** What the help calls keys whose names are long. @type {Record<string, string>} */
const KEY_CAPS = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  ContextMenu: 'Shift+F10',
  Escape: 'Esc',
  ' ': 'Space',
};

/** What has the keys for itself while it is there. */
const MODAL = 'dialog[open], [role=menu]:not([hidden])';

/** Elements that need their keys for themselves. @param {EventTarget | null} target */
function wantsText(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

/** @param {EventTarget | null} target @param {HTMLElement} graph */
function isAtGraph(target, graph) {
  return target === document.body || (target instanceof Node && graph.contains(target));
}

/** @param {KeyBinding[]} bindings @param {HTMLElement} graph */
export function listenToKeys(bindings, graph) {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (wantsText(event.target) || document.querySelector(MODAL)) return;
    const pressed = event.key === 'F10' && event.shiftKey ? 'ContextMenu' : event.key;
    const binding = bindings.find(({ key }) => key === pressed);
    if (!binding || (binding.inGraph && !isAtGraph(event.target, graph))) return;
    event.preventDefault();
    binding.action();
  });
}

/** @param {HTMLElement} list a <dl> @param {KeyBinding[]} bindings */
export function showKeys(list, bindings) {
  list.replaceChildren(
    ...bindings.map(({ key, text }) => {
      const cap = create('kbd', {}, KEY_CAPS[key] ?? key);
      return create('div', {}, create('dt', {}, cap), create('dd', {}, text));
    }),
  );
}
