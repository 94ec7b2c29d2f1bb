// SPDX-License-Identifier: Apache-2.0

/**
 * Label split: the selection apart by the values of a label.
 *
 *     Stacks, selection, label  --splitByLabel-->  LabelPart[], the largest first
 */

import { labelColumn } from './selector.js';

/** @typedef {import('./stacks.js').Stacks} Stacks */

/**
 * @typedef {object} LabelPart
 * @property {string} value    '' for samples without the label
 * @property {number} total
 * @property {number} count
 * @property {Uint8Array} selected 1 for each set of labels that has this value
 */

/**
 * @param {Stacks} stacks @param {Uint8Array} selected 1 for each set of labels
 * @param {string} label
 * @returns {LabelPart[]}
 */
export function splitByLabel({ labels, set, stack, gone, time, count }, selected, label) {
  const column = labelColumn(labels, label);
  /** @type {Map<number, {total: number, count: number}>} */
  const sums = new Map();
  for (let i = 0; i < set.length; i++) {
    if (!selected[set[i]] || gone?.[stack[i]]) continue;
    const sum = sums.get(column[set[i]]) ?? { total: 0, count: 0 };
    sum.total += time[i];
    sum.count += count[i];
    sums.set(column[set[i]], sum);
  }
  return [...sums]
    .sort(([, a], [, b]) => b.total - a.total)
    .map(([value, sum]) => ({
      ...sum,
      value: labels.strings[value],
      selected: selected.map((isIn, i) => (isIn && column[i] === value ? 1 : 0)),
    }));
}
