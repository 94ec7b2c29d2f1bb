// SPDX-License-Identifier: Apache-2.0

/**
 * Node labels: the value of a label that all samples of a node have, so that boxes can be coloured
 * by it.
 *
 *     CallTree, Stacks, label  --labelNodes-->  NodeLabels
 */

import { ROOT } from './call_tree.js';
import { labelColumn } from './selector.js';
import { weigh } from './weights.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./call_tree.js').NodeLabels} NodeLabels */
/** @typedef {import('./stacks.js').Stacks} Stacks */

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
