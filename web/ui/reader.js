// SPDX-License-Identifier: Apache-2.0

/**
 * Reader: which format bytes are in, known by the bytes themselves, which gzip may have packed.
 *
 *     bytes, gzip'd or not  --readProfile-->  Profile
 */

import { decodeProfile } from './pprof.js';
import { DecodeError, LIMITS, refuseBeyond } from './profile.js';
import { isPerfScript, isText, readFolded, readPerfScript } from './text_formats.js';

/** @typedef {import('./profile.js').Profile} Profile */

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

/**
 * @param {Uint8Array<ArrayBuffer>} packed
 * @returns {Promise<{profile: Profile, format: string}>}
 * @throws {DecodeError}
 */
export async function readProfile(packed) {
  const bytes = await inflate(packed);
  refuseBeyond(bytes.length, LIMITS.bytes, 'bytes');
  if (!bytes.length) throw new DecodeError('it is empty');
  if (!isText(bytes)) return { profile: decodeProfile(bytes), format: 'pprof' };
  if (isPerfScript(bytes)) return { profile: readPerfScript(bytes), format: 'perf script' };
  return { profile: readFolded(bytes), format: 'folded' };
}
