// SPDX-License-Identifier: Apache-2.0

/**
 * Strings: the table of texts of a profile.
 *
 * Decoding texts one by one costs more than all else in a profile. Nearly all are ASCII, of which
 * an octet is a character: the whole table is decoded at once, and cut.
 *
 * Names come from strangers: what would not be seen, or would change how its neighbours are seen,
 * is made visible.
 */

/** @typedef {import('./wire.js').Wire} Wire */

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
