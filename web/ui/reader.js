// SPDX-License-Identifier: Apache-2.0

/**
 * Reader: which format bytes are in, known by the bytes themselves.
 *
 *     bytes, gzip'd or not  --readProfile-->  Profile
 */

import { readFolded } from './folded.js';
import { inflate } from './gzip.js';
import { isPerfScript, readPerfScript } from './perf_script.js';
import { decodeProfile } from './pprof.js';
import { DecodeError, LIMITS, refuseBeyond } from './profile.js';
import { isText } from './text_lines.js';

/** @typedef {import('./profile.js').Profile} Profile */

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
