// SPDX-License-Identifier: Apache-2.0

/**
 * Weights: what the selected samples add up to, of each stack in each group, such as a process.
 *
 *     Stacks, selection, groups  --weigh-->  WeighedStacks
 *
 * Many samples have one stack; a tree needs to walk it once.
 *
 * The stacks with a function can be cut in two at its outermost call:
 *
 *     WeighedStacks, frame  --callersOf-->  what led to it, the nearest caller first
 *                           --calleesOf-->  what it has called
 *
 * The process at the top of a stack is its outermost caller. Both halves of all stacks weigh what
 * the stacks do, so either tree's total is the function's.
 */

import { grown, Rows } from './numbers.js';

/** @typedef {import('./stacks.js').Stacks} Stacks */

/**
 * @typedef {object} WeighedStacks
 * @property {Stacks} stacks
 * @property {Int32Array | Uint32Array} stack
 * @property {Int32Array} group   the frame at the top of the stack, or −1 for none
 * @property {Float64Array} time
 * @property {Float64Array} count
 * @property {number} scale       that makes the time comparable with that of others
 */

/**
 * @param {Stacks} stacks
 * @param {Uint8Array} selected   1 for each set of labels that is wanted
 * @param {Int32Array | null} groups a frame for each set of labels, or −1
 * @returns {WeighedStacks}
 */
export function weigh(stacks, selected, groups = null) {
  const nStacks = stacks.first.length - 1;
  return groups ? weighPairs(stacks, selected, groups) : weighStacks(stacks, selected, nStacks);
}

/** @param {Stacks} stacks @param {Uint8Array} selected @param {number} nStacks */
function weighStacks(stacks, selected, nStacks) {
  const { gone, stack, set } = stacks;
  const time = new Float64Array(nStacks);
  const count = new Float64Array(nStacks);
  const isThere = new Uint8Array(nStacks);
  for (let i = 0; i < stack.length; i++) {
    if (!selected[set[i]] || gone?.[stack[i]]) continue;
    isThere[stack[i]] = 1;
    time[stack[i]] += stacks.time[i];
    count[stack[i]] += stacks.count[i];
  }
  const rows = Uint32Array.from({ length: nStacks }, (_, i) => i).filter((i) => isThere[i]);
  return {
    stacks,
    stack: rows,
    group: new Int32Array(rows.length).fill(-1),
    time: Float64Array.from(rows, (row) => time[row]),
    count: Float64Array.from(rows, (row) => count[row]),
    scale: 1,
  };
}

/** @param {Stacks} stacks @param {Uint8Array} selected @param {Int32Array} groups */
function weighPairs(stacks, selected, groups) {
  const { gone, stack, set } = stacks;
  const pairs = new Rows(Infinity, '');
  let time = new Float64Array(1024);
  let count = new Float64Array(1024);
  for (let i = 0; i < stack.length; i++) {
    if (!selected[set[i]] || gone?.[stack[i]]) continue;
    pairs.push(groups[set[i]]);
    pairs.push(stack[i]);
    const row = pairs.endRow();
    if (row >= time.length) {
      time = grown(time, row * 2);
      count = grown(count, row * 2);
    }
    time[row] += stacks.time[i];
    count[row] += stacks.count[i];
  }
  const { data } = pairs.finish();
  const n = data.length / 2;
  const group = new Int32Array(n);
  const ofRow = new Int32Array(n);
  for (let row = 0; row < n; row++) {
    group[row] = data[2 * row];
    ofRow[row] = data[2 * row + 1];
  }
  return { stacks, stack: ofRow, group, time, count, scale: 1 };
}

/** Where a frame is in each row's stack, at its outermost call; −1 where it is not. */
function placesOf(/** @type {WeighedStacks} */ { stacks, stack }, /** @type {number} */ wanted) {
  const { first, frame } = stacks;
  return Int32Array.from(stack, (at) => {
    for (let i = first[at]; i < first[at + 1]; i++) if (frame[i] === wanted) return i;
    return -1;
  });
}

/**
 * Rows of one half each, which @half writes.
 * @param {WeighedStacks} input @param {Int32Array} places
 * @param {(row: number, put: (frame: number, line: number) => void) => void} half
 * @returns {WeighedStacks}
 */
function cut({ stacks, time, count, scale }, places, half) {
  const rows = Int32Array.from(places.keys()).filter((row) => places[row] >= 0);
  const first = new Int32Array(rows.length + 1);
  const frame = /** @type {number[]} */ ([]);
  const line = /** @type {number[]} */ ([]);
  rows.forEach((row, i) => {
    half(row, (one, at) => {
      frame.push(one);
      line.push(at);
    });
    first[i + 1] = frame.length;
  });
  return {
    stacks: { ...stacks, first, frame: Int32Array.from(frame), line: Int32Array.from(line) },
    stack: Int32Array.from(rows.keys()),
    group: new Int32Array(rows.length).fill(-1),
    time: Float64Array.from(rows, (row) => time[row]),
    count: Float64Array.from(rows, (row) => count[row]),
    scale,
  };
}

/** @param {WeighedStacks} input @param {number} wanted a frame @returns {WeighedStacks} */
export function calleesOf(input, wanted) {
  const { stacks, stack } = input;
  const places = placesOf(input, wanted);
  return cut(input, places, (row, put) => {
    const end = stacks.first[stack[row] + 1];
    for (let i = places[row] + 1; i < end; i++) put(stacks.frame[i], stacks.line[i]);
  });
}

/** @param {WeighedStacks} input @param {number} wanted a frame @returns {WeighedStacks} */
export function callersOf(input, wanted) {
  const { stacks, stack, group } = input;
  const places = placesOf(input, wanted);
  return cut(input, places, (row, put) => {
    const start = stacks.first[stack[row]];
    for (let i = places[row] - 1; i >= start; i--) put(stacks.frame[i], stacks.line[i]);
    if (group[row] >= 0) put(group[row], 0);
  });
}
