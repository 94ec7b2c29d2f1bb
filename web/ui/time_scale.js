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
