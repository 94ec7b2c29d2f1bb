// SPDX-License-Identifier: Apache-2.0

/**
 * Colouring: what the colours of boxes stand for, as it stands in the address: `module`, `kind`,
 * `share`, or `label:NAME`; and the labels of nodes.
 *
 *     CallTree, Stacks, label  --labelNodes-->  NodeLabels
 */

import { ROOT } from './call_tree.js';
import { labelColumn } from './search.js';
import { weigh } from './weights.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./call_tree.js').NodeLabels} NodeLabels */
/** @typedef {import('./stacks.js').Stacks} Stacks */

/** @typedef {{by: 'module'|'kind'|'share'|'label', label: string}} Colouring */

/** @type {Colouring} */
export const BY_MODULE = { by: 'module', label: '' };

/** @param {string} text @returns {Colouring} by module, if it is none */
export function parseColouring(text) {
  if (text === 'kind' || text === 'share') return { by: text, label: '' };
  if (text.startsWith('label:') && text.length > 6) return { by: 'label', label: text.slice(6) };
  return BY_MODULE;
}

/** @param {string[]} labels that samples have @returns {{value: string, text: string}[]} */
export function colourings(labels) {
  return [
    { value: 'module', text: 'module' },
    { value: 'kind', text: 'language, kernel, inlined' },
    { value: 'share', text: 'own share of the time' },
    ...labels.map((name) => ({ value: `label:${name}`, text: `label ${name}` })),
  ];
}

const UNKNOWN = -2;
const SEVERAL = -1;

/** Sets of labels that have the group and the value in common. */
class Pairs {
  /** @param {Int32Array | null} groups of each set @param {Int32Array} column value of each set */
  constructor(groups, column) {
    this.group = /** @type {number[]} */ ([]);
    this.value = /** @type {number[]} */ ([]);
    const known = new Map();
    this.ofSet = Int32Array.from(column, (value, set) => {
      const group = groups ? groups[set] : -1;
      const key = `${group} ${value}`;
      let pair = known.get(key);
      if (pair === undefined) {
        pair = this.group.length;
        known.set(key, pair);
        this.group.push(group);
        this.value.push(value);
      }
      return pair;
    });
  }
}

/**
 * The value of a label that all samples of a node have.
 * @param {CallTree} tree of these stacks
 * @param {Stacks} stacks
 * @param {{selected: Uint8Array, groups: Int32Array | null, label: string}} of as the tree was built
 * @returns {NodeLabels}
 */
export function labelNodes(tree, stacks, { selected, groups, label }) {
  const pairs = new Pairs(groups, labelColumn(stacks.labels, label));
  const { stack, group: pairOf } = weigh(stacks, selected, pairs.ofSet);
  const texts = new Map();
  const ofNode = new Int32Array(tree.size).fill(UNKNOWN);
  const { first, frame } = stacks;
  for (let row = 0; row < stack.length; row++) {
    const text = pairs.value[pairOf[row]];
    if (!texts.has(text)) texts.set(text, texts.size);
    const value = texts.get(text);
    const mark = (/** @type {number} */ node) => {
      ofNode[node] = ofNode[node] === UNKNOWN || ofNode[node] === value ? value : SEVERAL;
    };
    const group = pairs.group[pairOf[row]];
    let node = group < 0 ? ROOT : tree.find(ROOT, group);
    mark(ROOT);
    if (node > ROOT) mark(node);
    for (let i = first[stack[row]]; i < first[stack[row] + 1] && node >= 0; i++) {
      node = tree.find(node, frame[i]);
      if (node > ROOT) mark(node);
    }
  }
  const values = Array.from(texts.keys(), (text) => stacks.labels.strings[text]);
  return { values, ofNode };
}
