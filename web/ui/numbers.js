// SPDX-License-Identifier: Apache-2.0

/**
 * Numbers: typed arrays that grow, and rows, which are distinct lists of whole numbers, such as
 * stacks and sets of labels, numbered from 0.
 *
 *     push(number)…  --endRow-->  the row's number, the same for the same list
 *
 * All rows lie one after the other in one array. Lists that are there already take no room.
 */

import { DecodeError } from './profile.js';

/** @typedef {Int32Array | Uint32Array | Uint8Array | Float64Array} TypedArray */

const NOTHING = -1;

/**
 * The same numbers, with room for @n in all.
 * @template {TypedArray} T @param {T} data @param {number} n @returns {T}
 */
export function grown(data, n) {
  const type = /** @type {new (n: number) => T} */ (data.constructor);
  const longer = new type(n);
  longer.set(data);
  return longer;
}

/** Numbers that come one by one. @template {TypedArray} T */
export class Numbers {
  /** @param {T} data room for the first */
  constructor(data) {
    this.data = data;
    this.size = 0;
  }

  /** @param {number} number */
  push(number) {
    if (this.size === this.data.length) this.data = grown(this.data, this.size * 2);
    this.data[this.size++] = number;
  }
}

/** A mixture of all numbers of a list. */
function hashOf(
  /** @type {Int32Array} */ data,
  /** @type {number} */ start,
  /** @type {number} */ end,
) {
  let hash = end - start;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ data[i], 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

export class Rows {
  /** @param {number} maxNumbers of all rows together @param {string} tooMany what is said beyond */
  constructor(maxNumbers, tooMany) {
    this.maxNumbers = maxNumbers;
    this.tooMany = tooMany;
    this.size = 0;
    this.first = new Int32Array(1024);
    this.hashes = new Int32Array(1024);
    this.data = new Int32Array(4096);
    this.end = 0;
    this.slots = new Int32Array(4096).fill(NOTHING);
  }

  /** @param {number} number the next one of the row that is being written */
  push(number) {
    if (this.end === this.data.length) this.reserve(1);
    this.data[this.end++] = number;
  }

  /** Make room for so many more. @param {number} n */
  reserve(n) {
    const needed = this.end + n;
    if (needed <= this.data.length) return;
    if (needed > this.maxNumbers) throw new DecodeError(this.tooMany);
    const wanted = Math.max(needed, this.data.length * 2);
    this.data = grown(this.data, Math.min(wanted, this.maxNumbers));
  }

  /** Numbers of the row that is being written. */
  get length() {
    return this.end - this.first[this.size];
  }

  /** The row is complete. @returns {number} of it */
  endRow() {
    const start = this.first[this.size];
    const hash = hashOf(this.data, start, this.end);
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (; this.slots[slot] !== NOTHING; slot = (slot + 1) & mask) {
      const row = this.slots[slot];
      if (this.hashes[row] === hash && this.isEqual(row, start)) {
        this.end = start;
        return row;
      }
    }
    this.slots[slot] = this.size;
    return this.add(hash);
  }

  /** @param {number} row @param {number} start of what is compared, up to the end */
  isEqual(row, start) {
    const { data, first, end } = this;
    const other = first[row];
    const length = end - start;
    if (first[row + 1] - other !== length) return false;
    for (let i = 0; i < length; i++) if (data[other + i] !== data[start + i]) return false;
    return true;
  }

  /** @param {number} hash */
  add(hash) {
    const row = this.size++;
    if (this.size >= this.first.length) {
      this.first = grown(this.first, this.size * 2);
      this.hashes = grown(this.hashes, this.size * 2);
    }
    this.hashes[row] = hash;
    this.first[this.size] = this.end;
    if (this.size * 2 > this.slots.length) this.rehash();
    return row;
  }

  rehash() {
    this.slots = new Int32Array(this.slots.length * 4).fill(NOTHING);
    const mask = this.slots.length - 1;
    for (let row = 0; row < this.size; row++) {
      let slot = this.hashes[row] & mask;
      while (this.slots[slot] !== NOTHING) slot = (slot + 1) & mask;
      this.slots[slot] = row;
    }
  }

  /** @returns {{first: Int32Array, data: Int32Array}} first has one more than there are rows */
  finish() {
    return {
      first: this.first.slice(0, this.size + 1),
      data: this.data.subarray(0, this.end),
    };
  }
}
