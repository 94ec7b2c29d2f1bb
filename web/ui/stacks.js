// SPDX-License-Identifier: Apache-2.0

/**
 * Stacks: the distinct stacks of a profile, root first, with inlined functions as frames of their
 * own, and its samples, each of which has one of them.
 *
 *     Profile, Frames  --makeStacks-->  Stacks  --transforms-->  Stacks  --buildTree-->  CallTree
 */

import { framesOfLocations } from './frames.js';
import { LIMITS, refuseBeyond } from './profile.js';

/** @typedef {import('./profile.js').Profile} Profile */
/** @typedef {import('./frames.js').Frames} Frames */
/** @typedef {Pick<Profile, 'strings' | 'setLabels' | 'labelKey' | 'labelValue'>} Labels */

/**
 * @typedef {object} Stacks
 * @property {Int32Array} first   into frame and line, of each stack; one more than stacks
 * @property {Int32Array} frame   root first
 * @property {Int32Array} line    or 0
 * @property {Uint8Array | null} gone 1 for each stack that is left out, with its samples
 * @property {Int32Array} stack   of each sample
 * @property {Int32Array} set     labels of each sample
 * @property {Float64Array} time  of each sample
 * @property {Float64Array} count
 * @property {Float64Array | null} atNs when each sample was taken
 * @property {Labels} labels
 * @property {number} nDeep       stacks that were cut, since they are deeper than MAX_DEPTH
 */

/** Frames of a stack; beyond, those nearest to the leaf are left out. */
export const MAX_DEPTH = 4096;

/**
 * Which of a sample's values are time and count; either may be missing.
 * @param {Profile} profile @param {string} wanted a type, or '' for the default
 */
export function valueColumns({ sampleTypes, defaultType }, wanted) {
  const find = (/** @type {(t: {type: string, unit: string}) => boolean} */ test) =>
    sampleTypes.findIndex(test);
  const byName = wanted ? find((t) => t.type === wanted) : -1;
  const byDefault = find((t) => t.type === defaultType);
  const inTime = find((t) => t.unit === 'nanoseconds');
  const count = find((t) => t.unit === 'count');
  const value = [byName, byDefault, inTime].find((column) => column >= 0) ?? 0;
  return { value, count: count >= 0 ? count : value };
}

/** One value of each sample. @param {Profile} profile @param {number} column */
export function valuesOf({ values, sampleTypes, sampleStack }, column) {
  const width = sampleTypes.length;
  const taken = new Float64Array(sampleStack.length);
  for (let i = 0; i < taken.length; i++) taken[i] = values[i * width + column];
  return taken;
}

/**
 * Where each stack begins when its locations have become frames.
 * @param {Profile} profile @param {Int32Array} firstOf the first frame of each location
 */
function measureStacks({ stackFrames, frameLocation }, firstOf) {
  const n = stackFrames.length - 1;
  const first = new Int32Array(n + 1);
  let nDeep = 0;
  for (let stack = 0; stack < n; stack++) {
    let length = 0;
    for (let i = stackFrames[stack]; i < stackFrames[stack + 1]; i++) {
      const location = frameLocation[i];
      if (location >= 0) length += firstOf[location + 1] - firstOf[location];
    }
    if (length > MAX_DEPTH) nDeep++;
    first[stack + 1] = first[stack] + Math.min(length, MAX_DEPTH);
    refuseBeyond(first[stack + 1], LIMITS.frames, 'frames in its stacks');
  }
  return { first, nDeep };
}

/**
 * Root first, with the frames of each location.
 * @param {Profile} profile @param {{first: Int32Array, frame: Int32Array, line: Int32Array}} of
 */
function expand(profile, of) {
  const { stackFrames, frameLocation } = profile;
  const { first, nDeep } = measureStacks(profile, of.first);
  const n = first.length - 1;
  const frame = new Int32Array(first[n]);
  const line = new Int32Array(first[n]);
  const { first: firstOf, frame: frameOf, line: lineOf } = of;
  for (let stack = 0; stack < n; stack++) {
    let at = first[stack];
    const end = first[stack + 1];
    for (let i = stackFrames[stack + 1] - 1; at < end; i--) {
      const location = frameLocation[i];
      if (location < 0) continue;
      const stop = firstOf[location + 1];
      for (let f = firstOf[location]; f < stop && at < end; f++, at++) {
        frame[at] = frameOf[f];
        line[at] = lineOf[f];
      }
    }
  }
  return { first, frame, line, nDeep };
}

/**
 * @param {Frames} frames to which the profile's are added
 * @param {Profile} profile @param {string} [type] of value, or '' for the profile's default
 * @returns {Stacks}
 */
export function makeStacks(frames, profile, type = '') {
  const { value, count } = valueColumns(profile, type);
  const { strings, setLabels, labelKey, labelValue } = profile;
  return {
    ...expand(profile, framesOfLocations(frames, profile)),
    gone: null,
    stack: profile.sampleStack,
    set: profile.sampleSet,
    time: valuesOf(profile, value),
    count: valuesOf(profile, count),
    atNs: profile.sampleAtNs,
    labels: { strings, setLabels, labelKey, labelValue },
  };
}
