// SPDX-License-Identifier: Apache-2.0

/**
 * Function table: the functions of a selection as rows, sorted and searched.
 *
 *     WeighedStacks  --sumFunctions-->  Sums
 *     Table, order, what was found  --sortFunctions-->  row numbers
 *
 * A stack counts once for a function, however often it is in it.
 */

import { baseName } from './frame.js';

/** @typedef {import('./frame.js').Frame} Frame */
/** @typedef {import('./weights.js').WeighedStacks} WeighedStacks */

/**
 * What the engine tells of each function that has samples.
 * @typedef {object} Table
 * @property {{get: (row: number) => Frame}} frames
 * @property {Int32Array} frame   of each row
 * @property {Float64Array} self  ns
 * @property {Float64Array} total ns; what a function calls itself with counts once
 * @property {Float64Array} count samples with it
 * @property {number} whole       ns of the selection
 * @property {Float64Array} [baseTotal] of what it is compared with
 * @property {number} [baseWhole]
 */

/** @typedef {Omit<Table, 'frames'>} Sums */
/** @typedef {'self'|'total'|'name'|'module'} SortKey */
/** @typedef {{by: SortKey, isDown: boolean}} Sorting */

/** @type {SortKey[]} */
export const SORT_KEYS = ['self', 'total', 'name', 'module'];

/** Numbers begin with the largest, texts with A. @param {SortKey} by */
function isDownAtFirst(by) {
  return by === 'self' || by === 'total';
}

/** As it stands in the address: `total`, or `-total` the other way round. @param {string} text */
export function parseSorting(text) {
  const by = SORT_KEYS.find((key) => key === text.replace(/^-/, '')) ?? 'self';
  return { by, isDown: isDownAtFirst(by) !== text.startsWith('-') };
}

/** @param {Sorting} sorting */
export function formatSorting({ by, isDown }) {
  return isDown === isDownAtFirst(by) ? by : `-${by}`;
}

/** What a click on a column's head makes of the order. @param {Sorting} sorting @param {string} key */
export function sortBy(sorting, key) {
  const by = SORT_KEYS.find((known) => known === key) ?? sorting.by;
  return { by, isDown: by === sorting.by ? !sorting.isDown : isDownAtFirst(by) };
}

/** The numbers of a row. @param {Table} table @param {number} row */
export function factsOfRow({ self, total, count, whole, frame, frames }, row) {
  const { file, startLine } = frames.get(frame[row]);
  const place = file && startLine ? `${file}:${startLine}` : file;
  return { self: self[row], total: total[row], samples: count[row], whole, place };
}

/** Ranks of rows by a text, each text compared once. @param {string[]} texts */
function rank(texts) {
  const distinct = [...new Set(texts)].sort();
  const ranks = new Map(distinct.map((text, i) => [text, i]));
  return Float64Array.from(texts, (text) => ranks.get(text) ?? 0);
}

/** What rows are sorted by, as numbers. @param {Table} table @param {SortKey} by */
function keysOf(table, by) {
  if (by === 'self' || by === 'total') return table[by];
  const frames = Array.from(table.frame, (frame) => table.frames.get(frame));
  return rank(frames.map((f) => (by === 'name' ? f.name : baseName(f.module))));
}

/**
 * @param {Table} table @param {Sorting} sorting
 * @param {Uint8Array | null} found 1 for each frame that is wanted; null for all
 * @returns {Int32Array} rows, in order; equal ones by total and then as they were
 */
export function sortFunctions(table, { by, isDown }, found) {
  const keys = keysOf(table, by);
  const { total, frame } = table;
  const rows = /** @type {number[]} */ ([]);
  for (let row = 0; row < frame.length; row++) {
    if (!found || found[frame[row]] === 1) rows.push(row);
  }
  const sign = isDown ? -1 : 1;
  return Int32Array.from(rows).sort(
    (a, b) => sign * (keys[a] - keys[b]) || total[b] - total[a] || a - b,
  );
}

/** @param {WeighedStacks} input @param {number} nFrames */
function sumFrames({ stacks, stack, time, count, scale }, nFrames) {
  const { first, frame } = stacks;
  const self = new Float64Array(nFrames);
  const total = new Float64Array(nFrames);
  const samples = new Float64Array(nFrames);
  const lastRow = new Int32Array(nFrames).fill(-1);
  let whole = 0;
  for (let row = 0; row < stack.length; row++) {
    const value = time[row] * scale;
    const end = first[stack[row] + 1];
    whole += value;
    for (let i = first[stack[row]]; i < end; i++) {
      const at = frame[i];
      if (lastRow[at] === row) continue;
      lastRow[at] = row;
      total[at] += value;
      samples[at] += count[row];
    }
    if (end > first[stack[row]]) self[frame[end - 1]] += value;
  }
  return { self, total, samples, whole };
}

/**
 * @param {WeighedStacks} input @param {WeighedStacks | null} base what it is compared with
 * @param {number} nFrames
 * @returns {Sums}
 */
export function sumFunctions(input, base, nFrames) {
  const { self, total, samples, whole } = sumFrames(input, nFrames);
  const before = base && sumFrames(base, nFrames);
  const rows = /** @type {number[]} */ ([]);
  for (let row = 0; row < nFrames; row++) {
    if (samples[row] || before?.samples[row]) rows.push(row);
  }
  const frame = Int32Array.from(rows);
  const pick = (/** @type {Float64Array} */ column) =>
    Float64Array.from(frame, (row) => column[row]);
  const sums = { frame, self: pick(self), total: pick(total), count: pick(samples), whole };
  return before ? { ...sums, baseTotal: pick(before.total), baseWhole: before.whole } : sums;
}
