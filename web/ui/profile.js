// SPDX-License-Identifier: Apache-2.0

/**
 * Profile: what every reader makes of the bytes it is given: columns.
 *
 *     bytes  --decodeProfile, readFolded, readPerfScript-->  Profile  --makeStacks-->  Stacks
 *
 * Rows of the same kind are numbered from 0 and lie in flat arrays, so that a profile of a million
 * frames is a few large objects. Stacks and sets of labels are there once, however many samples
 * have them. What a number refers to but is not there is −1, never an exception.
 */

/**
 * @typedef {object} Profile
 * @property {string[]} strings           texts; 0 is ''
 * @property {{type: string, unit: string}[]} sampleTypes
 * @property {string} defaultType         type to show first, or ''
 * @property {Int32Array} functionName    string of each function
 * @property {Int32Array} functionFile    string
 * @property {Int32Array} functionLine    where the function starts, or 0
 * @property {Int32Array} mappingFile     string of each mapping
 * @property {Int32Array} [mappingBuildId] string, where the format has them
 * @property {Int32Array} locationMapping mapping of each location, or −1
 * @property {Float64Array} locationAddress
 * @property {Int32Array} locationLines   first line of each location; one more than locations
 * @property {Int32Array} lineFunction    function of each line, innermost first, or −1
 * @property {Int32Array} lineNumber      or 0
 * @property {'jit' | 'native'} unmapped what code is that belongs to no mapping
 * @property {Int32Array} stackFrames     first frame of each stack; one more than stacks
 * @property {Int32Array} frameLocation   location of each frame, leaf first, or −1
 * @property {Int32Array} setLabels       first label of each set; one more than sets
 * @property {Int32Array} labelKey        string
 * @property {Int32Array} labelValue      string
 * @property {Int32Array} sampleStack     stack of each sample
 * @property {Int32Array} sampleSet       labels
 * @property {Float64Array} values        sampleTypes.length for each sample
 * @property {Float64Array | null} sampleAtNs when each sample was taken, unix time, if all tell it
 * @property {number} nUntimed            samples that do not tell it while others do
 * @property {Record<string, string>} facts comments of the form `key: value`
 * @property {string[]} notes             sentences about what is not here, or not as it is
 * @property {number} startNs             unix time
 * @property {number} durationNs
 */

/** The bytes are no profile, or too large a one; the message says why, in a sentence. */
export class DecodeError extends Error {}

/** More than this is refused with a sentence: what a tab can hold is bounded. */
export const LIMITS = {
  bytes: 2 ** 30,
  samples: 2 ** 24,
  /** of distinct stacks */
  frames: 2 ** 25,
  /** of distinct sets */
  labels: 2 ** 24,
};

/** The times of samples, if all have one: 0 is none. @param {Float64Array | null} atNs */
export function timesOf(atNs) {
  const n = atNs?.length ?? 0;
  const nUntimed = atNs?.reduce((sum, ns) => sum + (ns > 0 ? 0 : 1), 0) ?? 0;
  return { sampleAtNs: n && !nUntimed ? atNs : null, nUntimed: nUntimed < n ? nUntimed : 0 };
}

/** @param {number} limit @param {string} what */
export function tooMany(limit, what) {
  return `it has more than ${limit.toLocaleString('en')} ${what}, which is all that a page can hold`;
}

/** @param {number} n @param {number} limit @param {string} what */
export function refuseBeyond(n, limit, what) {
  if (n > limit) throw new DecodeError(tooMany(limit, what));
}

/*
 * Numbers: typed arrays that grow, and rows, which are distinct lists of whole numbers, such as
 * stacks and sets of labels, numbered from 0.
 *
 *     push(number)…  --endRow-->  the row's number, the same for the same list
 *
 * All rows lie one after the other in one array. Lists that are there already take no room.
 */

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

/*
 * Strings: the table of texts of a profile.
 *
 * Decoding texts one by one costs more than all else in a profile. Nearly all are ASCII, of which
 * an octet is a character: the whole table is decoded at once, and cut.
 *
 * Names come from strangers: what would not be seen, or would change how its neighbours are seen,
 * is made visible.
 */

const utf8 = new TextDecoder();
const octets = new TextDecoder('latin1');
/** If other things lie between the texts, they are not decoded along with them beyond this. */
const MAX_WASTE = 3;

/** Controls, of writing direction too, and heaps of accents. */
const UNSEEN = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|(\p{M}{4})\p{M}+/gu;
const DELETE = 0x7f;
const CONTROL_PICTURES = 0x2400;

/** The text with all of it to be seen: \0 is ␀, and what has no sign of its own �. @param {string} text */
export function visible(text) {
  return text.replace(UNSEEN, (found, accents) => {
    if (accents) return accents;
    const code = found.charCodeAt(0);
    if (code === DELETE) return '␡';
    return code < 0x20 ? String.fromCharCode(CONTROL_PICTURES + code) : '�';
  });
}

/**
 * @param {Wire} wire @param {{size: number, data: Uint32Array}} places of the lengths
 * @returns {string[]} at least '', which is the first
 */
export function readStrings(wire, { size, data }) {
  const strings = /** @type {string[]} */ ([]);
  const starts = new Uint32Array(size);
  const ends = new Uint32Array(size);
  let length = 0;
  for (let row = 0; row < size; row++) {
    wire.at = data[row];
    ends[row] = wire.limit();
    starts[row] = wire.at;
    length += ends[row] - starts[row];
  }
  const whole = size ? ends[size - 1] - starts[0] : 0;
  const isDense = whole > 0 && whole <= MAX_WASTE * length;
  const text = isDense ? octets.decode(wire.bytes.subarray(starts[0], ends[size - 1])) : null;
  for (let row = 0; row < size; row++) {
    const [start, end] = [starts[row], ends[row]];
    if (text !== null && isPlain(wire.bytes, start, end)) {
      strings.push(text.slice(start - starts[0], end - starts[0]));
    } else strings.push(visible(utf8.decode(wire.bytes.subarray(start, end))));
  }
  if (!strings.length) strings.push('');
  return strings;
}

/** Whether all are visible ASCII. @param {Uint8Array} bytes @param {number} start @param {number} end */
function isPlain(bytes, start, end) {
  for (let i = start; i < end; i++) if (bytes[i] < 0x20 || bytes[i] >= DELETE) return false;
  return true;
}

/*
 * Wire: a cursor over protobuf's wire format.
 *
 * A message is read by a loop over its tags, `field * 8 + type`, up to the end that `limit` tells.
 */

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
