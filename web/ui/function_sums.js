// SPDX-License-Identifier: Apache-2.0

/**
 * Function sums: how much of the selection each function has, of its own and in all.
 *
 *     WeighedStacks  --sumFunctions-->  FunctionSums
 *
 * A stack counts once for a function, however often it is in it.
 */

/** @typedef {import('./weights.js').WeighedStacks} WeighedStacks */

/**
 * @typedef {object} FunctionSums
 * @property {Int32Array} frame   of each row
 * @property {Float64Array} self
 * @property {Float64Array} total
 * @property {Float64Array} count samples with it
 * @property {number} whole       of the selection
 * @property {Float64Array} [baseTotal] scaled, of what it is compared with
 * @property {number} [baseWhole]
 */

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
 * @returns {FunctionSums}
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
