// SPDX-License-Identifier: Apache-2.0

/**
 * Sandwich stacks: the stacks with a function, cut in two at its outermost call.
 *
 *     WeighedStacks, frame  --callersOf-->  what led to it, the nearest caller first
 *                           --calleesOf-->  what it has called
 *
 * The process at the top of a stack is its outermost caller. Both halves of all stacks weigh what
 * the stacks do, so either tree's total is the function's.
 */

/** @typedef {import('./weights.js').WeighedStacks} WeighedStacks */

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
