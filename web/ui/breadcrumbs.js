// SPDX-License-Identifier: Apache-2.0

/** Breadcrumbs: the way from the host to what is zoomed; each step leads back to it. */

import { ROOT } from './call_tree.js';
import { create } from './dom.js';
import { lastPart, withoutParameters } from './label.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */

const FIRST_STEPS = 2;
const LAST_STEPS = 3;
const LONGEST_NAME = 60;

/**
 * @param {HTMLElement} list an <ol>
 * @param {CallTree} tree @param {number} zoom
 * @param {(node: number) => void} onPick
 */
export function showBreadcrumbs(list, tree, zoom, onPick) {
  const way = tree.ancestors(zoom);
  const hidden = way.length - FIRST_STEPS - LAST_STEPS;
  const items = way.map((node) => {
    const { name } = tree.frameOf(node);
    const text = lastPart(withoutParameters(name.slice(0, 400))).slice(0, LONGEST_NAME);
    const step = create('button', { type: 'button', title: name.slice(0, 400) }, text);
    if (node === zoom) step.ariaCurrent = 'location';
    step.addEventListener('click', () => onPick(node));
    return create('li', {}, step);
  });
  if (hidden > 1) {
    const gap = create('li', { class: 'gap' }, `${hidden} frames`);
    items.splice(FIRST_STEPS, hidden, gap);
  }
  list.replaceChildren(...items);
  list.parentElement?.classList.toggle('is-zoomed', zoom !== ROOT);
}
