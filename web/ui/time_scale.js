// SPDX-License-Identifier: Apache-2.0

/**
 * Time scale: between moments (unix s) and pixels, in steps and with ticks that people like.
 *
 *     startS ├────┬────┬────┤ endS
 *          0 px                width px
 */

/** @typedef {{startS: number, endS: number}} TimeRange half open */

/** Lengths that divide each other, and days, well. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200];
const DAY_S = 86400;

/** The server's times are exact to the µs in a number; what sums add beyond that is no time. */
export function exactS(/** @type {number} */ s) {
  return Math.round(s * 1e6) / 1e6;
}

export class TimeScale {
  /** @param {TimeRange} range @param {number} width pixels */
  constructor({ startS, endS }, width) {
    this.startS = startS;
    this.endS = endS;
    this.width = width;
  }

  /** @param {number} s @returns {number} pixels from the left, also beyond the ends */
  xOf(s) {
    return ((s - this.startS) / (this.endS - this.startS)) * this.width;
  }

  /** @param {number} x */
  timeAt(x) {
    return this.startS + (x / this.width) * (this.endS - this.startS);
  }
}

/** The shortest length of a step that makes no more than that many. @param {number} spanS */
export function stepFor(spanS, mostSteps = 240) {
  return STEPS_S.find((step) => spanS / step <= mostSteps) ?? DAY_S;
}

/** The same for ticks: below a second, too, there are 1, 2 and 5 of each power of ten. */
function tickStep(/** @type {number} */ spanS, /** @type {number} */ most) {
  const leastS = spanS / most;
  if (leastS > 0.5) return stepFor(spanS, most);
  const power = 10 ** Math.floor(Math.log10(Math.max(1e-9, leastS)));
  return power * ([1, 2, 5].find((factor) => factor * power >= leastS) ?? 10);
}

/** How far local midnights are from multiples of a day, in s. @param {number} s */
function zoneS(s) {
  return new Date(s * 1000).getTimezoneOffset() * -60;
}

/**
 * Times at which a scale is marked, and how far they are from each other.
 * @param {TimeRange} range @param {number} most
 */
export function ticksOf({ startS, endS }, most) {
  const stepS = tickStep(endS - startS, Math.max(1, most));
  const offset = zoneS(startS);
  const first = Math.ceil((startS + offset) / stepS);
  const n = Math.max(0, Math.ceil((endS + offset) / stepS) - first);
  return { stepS, times: Array.from({ length: n }, (_, i) => (first + i) * stepS - offset) };
}

/** "14:03", "14:03:20", "Thu 26 Nov": as exact as the step. @param {number} s */
export function formatTick(s, /** @type {number} */ stepS) {
  const date = new Date(s * 1000);
  const isMidnight = (s + zoneS(s)) % DAY_S === 0;
  if (stepS >= 3600 && isMidnight) {
    return date.toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short' });
  }
  if (stepS < 60) return formatClock(s, stepS);
  return date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
}

/** "14:03:20", "14:03:20.125": with as many digits as a step has. @param {number} s */
export function formatClock(s, /** @type {number} */ stepS) {
  const digits = Math.min(6, Math.ceil(-Math.log10(stepS) - 1e-9));
  // A double has no room for the nanoseconds of a date: microseconds are what is left.
  const us = Math.round(s * 1e6);
  const clock = new Date(Math.floor(us / 1e6) * 1000).toLocaleTimeString([], { hour12: false });
  if (digits <= 0) return clock;
  return `${clock}.${String(us % 1e6).padStart(6, '0').slice(0, digits)}`;
}

/** "14:03:20", "14:03:20.040", "26 Nov 14:03:20" if that is another day. @param {number} s */
export function formatMoment(s, nowS = Date.now() / 1000) {
  const date = new Date(s * 1000);
  const isToday = date.toDateString() === new Date(nowS * 1000).toDateString();
  const time = formatClock(s, Math.round(s * 1000) % 1000 ? 1e-3 : 1);
  if (isToday) return time;
  return `${date.toLocaleDateString([], { day: 'numeric', month: 'short' })} ${time}`;
}

/** "14:03:20 – 14:03:50". @param {TimeRange} range */
export function formatSpan({ startS, endS }, nowS = Date.now() / 1000) {
  return `${formatMoment(startS, nowS)} – ${formatMoment(endS, nowS)}`;
}

/*
 * Time range: what of time is selected, and what pointer and keys make of it.
 *
 *     {rangeS, at}  ◄──►  {startS, endS}  --dragged, nudged-->  {startS, endS}
 *
 * A state has no end while it is live: the range ends now.
 */

/** @typedef {{rangeS: number, at: number | null}} When as a state has it */
/** @typedef {'start' | 'end' | 'both'} Edge */

/** The shortest range that keys and pointers make on a timeline. */
const SHORTEST_S = 1;
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
