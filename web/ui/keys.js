// SPDX-License-Identifier: Apache-2.0

/**
 * Keys: one table, which both the keyboard and the page's help follow.
 */

import { create } from './dom.js';

/**
 * @typedef {object} KeyBinding
 * @property {string[]} keys as KeyboardEvent.key names them
 * @property {string} shown  what the help calls them
 * @property {string} text   what they do
 * @property {() => void} action
 * @property {boolean} [inGraph] only while the graph, or nothing, has the focus
 */

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
    if (wantsText(event.target) || document.querySelector('dialog[open]')) return;
    const binding = bindings.find(({ keys }) => keys.includes(event.key));
    if (!binding || (binding.inGraph && !isAtGraph(event.target, graph))) return;
    event.preventDefault();
    binding.action();
  });
}

/** @param {HTMLElement} list a <dl> @param {KeyBinding[]} bindings */
export function showKeys(list, bindings) {
  list.replaceChildren(
    ...bindings.map(({ shown, text }) => {
      const keys = shown.split(' ').map((key) => create('kbd', {}, key));
      return create('div', {}, create('dt', {}, ...keys), create('dd', {}, text));
    }),
  );
}
