// SPDX-License-Identifier: Apache-2.0

/**
 * Time range: what of time is selected, and what pointer and keys make of it.
 *
 *     {rangeS, at}  ◄──►  {startS, endS}  --dragged, nudged-->  {startS, endS}
 *
 * A state has no end while it is live: the range ends now.
 */

import { exactS } from './time_scale.js';

/** @typedef {import('./time_scale.js').TimeRange} TimeRange */
/** @typedef {{rangeS: number, at: number | null}} When as a state has it */
/** @typedef {'start' | 'end' | 'both'} Edge */

/** The shortest range that keys and pointers make on a timeline. */
export const SHORTEST_S = 1;
/** A range that ends so shortly before now, in steps, is live. */
const LIVE_STEPS = 0.5;
/** What a change of a build is compared over. */
const LONGEST_AROUND_S = 600;
const SHORTEST_AROUND_S = 10;

/** @param {When} when @param {number} nowS @returns {TimeRange} */
export function rangeOf({ rangeS, at }, nowS) {
  const endS = at ?? nowS;
  return { startS: exactS(endS - rangeS), endS };
}

/**
 * @param {TimeRange} range @param {number} nowS
 * @param {number} stepS of the timeline: nobody can point more exactly
 * @returns {When}
 */
export function whenOf({ startS, endS }, nowS, stepS) {
  const isLive = endS >= nowS - stepS * LIVE_STEPS;
  const end = isLive ? nowS : endS;
  const rangeS = Math.max(exactS(end - startS), 1e-6);
  return isLive ? { rangeS: Math.max(1, Math.round(rangeS)), at: null } : { rangeS, at: endS };
}

/**
 * The whole steps between two places that a pointer was at, within bounds.
 * @param {number} oneS @param {number} otherS @param {number} stepS @param {TimeRange} bounds
 * @returns {TimeRange}
 */
export function dragged(oneS, otherS, stepS, bounds) {
  const first = Math.floor(Math.min(oneS, otherS) / stepS) * stepS;
  const last = Math.floor(Math.max(oneS, otherS) / stepS) * stepS + stepS;
  const startS = Math.min(Math.max(first, bounds.startS), bounds.endS - SHORTEST_S);
  return { startS, endS: Math.max(Math.min(last, bounds.endS), startS + SHORTEST_S) };
}

/**
 * Move one edge of a range, or all of it, within bounds.
 * @param {TimeRange} range @param {Edge} edge @param {number} byS @param {TimeRange} bounds
 * @returns {TimeRange}
 */
export function nudged({ startS, endS }, edge, byS, bounds) {
  if (edge === 'start') {
    const most = endS - SHORTEST_S;
    return { startS: exactS(Math.max(bounds.startS, Math.min(startS + byS, most))), endS };
  }
  if (edge === 'end') {
    const least = startS + SHORTEST_S;
    return { startS, endS: exactS(Math.min(bounds.endS, Math.max(endS + byS, least))) };
  }
  const least = Math.min(0, bounds.startS - startS);
  const most = Math.max(0, bounds.endS - endS);
  const moved = Math.max(least, Math.min(byS, most));
  return { startS: exactS(startS + moved), endS: exactS(endS + moved) };
}

/** The range that a timeline shows: to now, unless what is selected is older than that. */
export function windowOf(
  /** @type {TimeRange} */ selected,
  /** @type {number} */ spanS,
  /** @type {number} */ nowS,
  /** @type {number} */ stepS,
) {
  const lastS = Math.ceil(nowS / stepS) * stepS;
  const isAmongLast = selected.startS >= lastS - spanS;
  const room = Math.max(0, spanS - (selected.endS - selected.startS));
  const centred = Math.ceil((selected.endS + room / 2) / stepS) * stepS;
  // What lies a little before the last steps is still to be seen from its start.
  const latest = Math.max(selected.endS, Math.floor(selected.startS / stepS) * stepS + spanS);
  const endS = isAmongLast ? lastS : Math.min(lastS, centred, latest);
  const end = Math.ceil(endS / stepS) * stepS;
  return { startS: end - spanS, endS: end };
}

/**
 * What to look at, and what to compare it with, when something has changed at a moment.
 * @param {number} changeS @param {TimeRange} bounds in which there is something to see
 */
export function aroundChange(changeS, bounds) {
  const room = Math.min(bounds.endS - changeS, changeS - bounds.startS, LONGEST_AROUND_S);
  const lengthS = exactS(Math.max(room, SHORTEST_AROUND_S));
  const at = exactS(changeS);
  return {
    range: { rangeS: lengthS, at: exactS(at + lengthS) },
    base: { rangeS: lengthS, at },
  };
}
