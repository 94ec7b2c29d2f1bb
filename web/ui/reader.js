// SPDX-License-Identifier: Apache-2.0

/**
 * Reader: which format bytes are in, known by the bytes themselves.
 *
 *     bytes  --readProfile-->  Profile
 */

import { inflate } from './gzip.js';
import { decodeProfile } from './pprof.js';

/** @typedef {import('./profile.js').Profile} Profile */

/**
 * @param {Uint8Array<ArrayBuffer>} bytes perhaps gzip'd
 * @returns {Promise<{profile: Profile, format: string}>}
 */
export async function readProfile(bytes) {
  return { profile: decodeProfile(await inflate(bytes)), format: 'pprof' };
}
