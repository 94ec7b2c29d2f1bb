// SPDX-License-Identifier: Apache-2.0

/** Gzip: bytes as they were before they were packed, up to a bound. */

import { DecodeError, LIMITS, refuseBeyond } from './profile.js';

/** @returns {never} */
function damaged() {
  throw new DecodeError('what gzip made of it is damaged, or ends early');
}

/**
 * Undo gzip where there is gzip, up to the bound.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function inflate(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const parts = /** @type {Uint8Array[]} */ ([]);
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(damaged);
    if (done) break;
    length += value.length;
    if (length > LIMITS.bytes) await reader.cancel();
    refuseBeyond(length, LIMITS.bytes, 'bytes');
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
