// SPDX-License-Identifier: Apache-2.0

/** Tool tip: everything about the frame beneath the pointer. The twin says the same in words. */

import { ROOT } from './call_tree.js';
import { describeChange } from './change_palette.js';
import { create } from './dom.js';
import { formatCount, formatShare, formatValue, valueName } from './units.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./frame.js').Frame} Frame */

const OFFSET_PX = 14;
const MARGIN_PX = 8;
const LONGEST_NAME = 600;

const KIND_WORDS = {
  host: 'host',
  process: 'process',
  group: 'group',
  native: 'native code',
  kernel: 'kernel',
  jit: 'code made at run time',
  unnamed: 'no symbol',
  module: 'all frames of a module',
  cut: 'the callers of this stack are not known',
};

/** file:line of most of a node's samples, or ''. @param {CallTree} tree @param {number} node */
export function placeOf(tree, node) {
  const { file, startLine } = tree.frameOf(node);
  const line = tree.line[node] || startLine;
  return file && line ? `${file}:${line}` : file;
}

/** The rows of the table: [what, value, and what that is a share of]. */
function measures(/** @type {CallTree} */ tree, /** @type {number} */ node) {
  const total = tree.total[node];
  const self = tree.self[node];
  const whole = tree.total[ROOT] || 1;
  const parent = node === ROOT ? total : tree.total[tree.parent[node]];
  return [
    [valueName(), formatValue(total), `${formatCount(tree.samples[node])} samples`],
    ['of total', formatShare(total / whole), ''],
    ['of parent', formatShare(parent ? total / parent : 1), ''],
    ['self', formatValue(self), formatShare(self / whole)],
    ...comparison(tree, node),
  ];
}

/** What it was, and what has become of it. @param {CallTree} tree @param {number} node */
function comparison(tree, node) {
  const { baseTotal, baseSamples } = tree;
  if (!baseTotal) return [];
  const [ratio, chance] = describeChange(tree, node).split(/[,;] /);
  const samples = `${formatCount(baseSamples?.[node] ?? 0)} samples`;
  return [
    ['base', formatValue(baseTotal[node]), samples],
    ['change', ratio, chance],
  ];
}

/** @param {Frame} frame */
export function describeKind(frame) {
  const words = frame.inlined ? `inlined ${KIND_WORDS[frame.kind]}` : KIND_WORDS[frame.kind];
  return frame.module ? `${frame.module} · ${words}` : words;
}

export class Tooltip {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.shown = -1;
  }

  /**
   * @param {CallTree} tree @param {number} node
   * @param {number} x @param {number} y of the pointer
   */
  show(tree, node, x, y) {
    if (this.shown !== node) this.fill(tree, node);
    this.shown = node;
    this.element.hidden = false;
    this.place(x, y);
  }

  get isShown() {
    return this.shown >= 0;
  }

  hide() {
    this.element.hidden = true;
    this.shown = -1;
  }

  /** @param {CallTree} tree @param {number} node */
  fill(tree, node) {
    const frame = tree.frameOf(node);
    const place = placeOf(tree, node);
    const table = create('table');
    for (const [name, value, extra] of measures(tree, node)) {
      table.append(
        create('tr', {}, create('th', {}, name), create('td', {}, value), create('td', {}, extra)),
      );
    }
    const name = frame.name.slice(0, LONGEST_NAME);
    this.element.replaceChildren(
      create('div', { class: 'tip-name' }, name),
      create('div', { class: 'tip-module' }, describeKind(frame)),
      ...(place ? [create('div', { class: 'tip-place' }, place)] : []),
      table,
    );
  }

  /** Beside the pointer, and wholly on the page. @param {number} x @param {number} y */
  place(x, y) {
    const { style, offsetWidth, offsetHeight } = this.element;
    const { clientWidth, clientHeight } = document.documentElement;
    const isRightFree = x + OFFSET_PX + offsetWidth + MARGIN_PX <= clientWidth;
    const isBelowFree = y + OFFSET_PX + offsetHeight + MARGIN_PX <= clientHeight;
    const left = isRightFree ? x + OFFSET_PX : x - OFFSET_PX - offsetWidth;
    const top = isBelowFree ? y + OFFSET_PX : y - OFFSET_PX - offsetHeight;
    style.left = `${Math.max(MARGIN_PX, left)}px`;
    style.top = `${Math.max(MARGIN_PX, top)}px`;
  }
}
