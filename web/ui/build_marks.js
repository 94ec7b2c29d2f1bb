// SPDX-License-Identifier: Apache-2.0

/**
 * Build marks: where on a timeline files became other builds.
 *
 *     BuildChange[], TimeScale  --groupMarks-->  MarkGroup[], one for each place that can be hit
 */

import { formatMoment } from './time_scale.js';
import { formatCount } from './units.js';

/** @typedef {import('./time_scale.js').TimeScale} TimeScale */

/**
 * What /api/v1/builds tells of a change.
 * @typedef {object} BuildChange
 * @property {number} time      unix s
 * @property {string} file
 * @property {string} build_id
 * @property {string} before
 * @property {number} before_until
 * @property {number} count     samples of the new build
 */

/**
 * @typedef {object} MarkGroup
 * @property {number} x         pixels
 * @property {BuildChange} change the one with most samples
 * @property {BuildChange[]} changes
 * @property {boolean} isBeside the old build goes on beside the new one
 * @property {string} label
 */

/** Marks that are nearer cannot be told apart, nor hit. */
const NEAR_PX = 14;
const MOST_NAMED = 4;
/** An old process may live so much longer than the first new one. */
const BESIDE_S = 60;
const ID_DIGITS = 8;

/** @param {string} path */
function nameOf(path) {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

/** Whether both builds ran side by side for long. @param {BuildChange} change */
export function isBeside({ time, before_until }) {
  return before_until > time + BESIDE_S;
}

/** @param {BuildChange} change */
function describe(change) {
  const ids = [change.before, change.build_id].map((id) => id.slice(0, ID_DIGITS));
  const words = isBeside(change) ? 'beside' : 'in place of';
  return `${nameOf(change.file)}: build ${ids[1]} ${words} ${ids[0]}`;
}

/** @param {BuildChange[]} changes the one with most samples first */
function labelOf(changes) {
  const named = changes.slice(0, MOST_NAMED).map(describe);
  const rest = changes.length - named.length;
  if (rest > 0) named.push(`and ${formatCount(rest)} more`);
  return `${formatMoment(changes[0].time)}: ${named.join('; ')}. Compare before and after`;
}

/**
 * @param {BuildChange[]} changes sorted by time @param {TimeScale} scale
 * @returns {MarkGroup[]}
 */
export function groupMarks(changes, scale) {
  const groups = /** @type {BuildChange[][]} */ ([]);
  let lastX = -Infinity;
  for (const change of changes) {
    const x = scale.xOf(change.time);
    if (x < 0 || x > scale.width) continue;
    if (x - lastX < NEAR_PX) groups[groups.length - 1].push(change);
    else {
      groups.push([change]);
      lastX = x;
    }
  }
  return groups.map((group) => {
    const sorted = [...group].sort((a, b) => b.count - a.count);
    return {
      x: scale.xOf(sorted[0].time),
      change: sorted[0],
      changes: sorted,
      isBeside: group.every(isBeside),
      label: labelOf(sorted),
    };
  });
}
