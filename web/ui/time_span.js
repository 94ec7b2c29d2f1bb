// SPDX-License-Identifier: Apache-2.0

/** Time span: the part of the time that is looked at, as shares of the whole. */

/** @typedef {import('./viewport.js').Span} Span */

/** @type {Span} */
export const WHOLE = { start: 0, end: 1 };
const LEAST = 1e-7;

/** As long as it is, and within the whole. @param {number} start @param {number} length @returns {Span} */
function within(start, length) {
  const at = Math.min(Math.max(0, start), 1 - length);
  return { start: at, end: at + length };
}

/**
 * @param {Span} span @param {number} factor how much longer
 * @param {number} at share of the span that stays where it is @returns {Span}
 */
export function zoomSpan({ start, end }, factor, at) {
  const length = Math.min(1, Math.max(LEAST, (end - start) * factor));
  return within(start + at * (end - start - length), length);
}

/** @param {Span} span @param {number} by its own length @returns {Span} */
export function panSpan({ start, end }, by) {
  return within(start + by * (end - start), end - start);
}
