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
