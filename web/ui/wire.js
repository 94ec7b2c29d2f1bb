// SPDX-License-Identifier: Apache-2.0

/**
 * Wire: a cursor over protobuf's wire format.
 *
 * A message is read by a loop over its tags, `field * 8 + type`, up to the end that `limit` tells.
 */

import { DecodeError } from './profile.js';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

export class Wire {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  /** The next unsigned integer; beyond 2^53 it is rounded. */
  varint() {
    const byte = this.bytes[this.at];
    if (byte < 0x80) {
      this.at++;
      return byte;
    }
    return this.longVarint();
  }

  /** One of more than one byte. */
  longVarint() {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= bytes.length) throw new DecodeError(`the profile ends early, at ${this.at}`);
      const byte = bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new DecodeError(`an integer is too long, at ${this.at}`);
  }

  /** The next integer, which may be negative. */
  signed() {
    const value = this.varint();
    return value >= 2 ** 63 ? value - 2 ** 64 : value;
  }

  /** Where the length-delimited value that follows ends, which is within @end. */
  limit(end = this.bytes.length) {
    const length = this.varint();
    if (length > end - this.at) throw new DecodeError(`a length is too large, at ${this.at}`);
    return this.at + length;
  }

  /** Go past the value of a field that is not wanted. @param {number} tag */
  skip(tag) {
    const type = tag % 8;
    if (type === VARINT) this.varint();
    else if (type === BYTES) this.at = this.limit();
    else if (type === FIXED64) this.at += 8;
    else if (type === FIXED32) this.at += 4;
    else throw new DecodeError(`wire type ${type} is not known, at ${this.at}`);
  }

  /** A message ends where its length says. @param {number} end */
  expectEnd(end) {
    if (this.at !== end) throw new DecodeError(`a field ends too late, at ${this.at}`);
  }
}
