// SPDX-License-Identifier: Apache-2.0

/** Numbers: typed arrays that grow. */

/** @typedef {Int32Array | Uint32Array | Uint8Array | Float64Array} TypedArray */

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
