// SPDX-License-Identifier: Apache-2.0

/**
 * Change: what a comparison says of one box, and whether chance alone could say the same.
 *
 *     counts of both sides  --changeOf-->  more, less, new, gone; and how sure that is
 *
 * Samples are counts of independent events (Poisson): of n + m samples of both sides, n would be
 * a draw from a binomial distribution if nothing had changed. A change is sure if such a draw, or
 * one that is further off, had a chance of less than 1 %: of a hundred boxes in which nothing has
 * changed, one passes for sure. The interval of the ratio is Wilson's, corrected for continuity.
 */

/** @typedef {'new' | 'gone' | 'more' | 'less'} ChangeKind */

/**
 * @typedef {object} Change
 * @property {ChangeKind} kind
 * @property {boolean} isSure  beyond sampling error
 * @property {number} ratio    of the value to that of the base; Infinity when it is new
 * @property {number} low      between which the ratio is, by 99 %
 * @property {number} high
 */

/** Of a normal distribution, within which 99 % are. */
const Z = 2.5758;
export const CONFIDENCE = '99 %';

/**
 * Between which shares the true one is, when @n of @whole were seen.
 * @param {number} n @param {number} whole above 0
 */
export function shareInterval(n, whole) {
  const p = n / whole;
  const square = Z * Z;
  const divisor = 2 * (whole + square);
  const bound = (/** @type {number} */ share) => {
    const root = square - 2 - 1 / whole + 4 * share * (whole * (1 - share) + 1);
    const low = (2 * whole * share + square - 1 - Z * Math.sqrt(Math.max(0, root))) / divisor;
    return share === 0 ? 0 : Math.max(0, low);
  };
  return { low: bound(p), high: 1 - bound(1 - p) };
}

/** Up to so many samples chances are added up one by one; beyond, the interval is good enough. */
const MOST_EXACT = 100;
const CHANCE = 0.01;

/**
 * The chance of a draw at least as far off as @n of @whole, on either side, by a true share.
 * @param {number} n @param {number} whole @param {number} share
 */
function chanceOf(n, whole, share) {
  let p = (1 - share) ** whole;
  let atMost = 0;
  let below = 0;
  for (let k = 0; k <= n; k++) {
    below = atMost;
    atMost += p;
    p *= ((whole - k) / (k + 1)) * (share / (1 - share));
  }
  return Math.min(1, 2 * Math.min(atMost, 1 - below));
}

/**
 * @param {number} count @param {number} baseCount samples, as they were counted
 * @param {number} scale what the base's are multiplied with, to be comparable
 * @returns {Change | null} null where neither side has a sample
 */
export function changeOf(count, baseCount, scale) {
  const whole = count + baseCount;
  if (!(whole > 0)) return null;
  const ratioOf = (/** @type {number} */ share) => share / (1 - share) / scale;
  const { low, high } = shareInterval(count, whole);
  const ratio = count / (baseCount * scale);
  const interval = { low: ratioOf(low), high: high === 1 ? Infinity : ratioOf(high) };
  const isSure =
    whole <= MOST_EXACT && Number.isInteger(whole)
      ? chanceOf(count, whole, scale / (1 + scale)) < CHANCE
      : interval.low > 1 || interval.high < 1;
  return { kind: kindOf(count, baseCount, ratio), isSure, ratio, ...interval };
}

/** @param {number} count @param {number} baseCount @param {number} ratio @returns {ChangeKind} */
function kindOf(count, baseCount, ratio) {
  if (!baseCount) return 'new';
  if (!count) return 'gone';
  return ratio < 1 ? 'less' : 'more';
}

/** 1.25 → "+25 %", 0.5 → "−50 %", 3 → "×3.0". @param {number} ratio */
export function formatRatio(ratio) {
  if (ratio === Infinity) return 'new';
  if (ratio === 0) return 'gone';
  if (ratio >= 2) return `×${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}`;
  const percent = Math.round((ratio - 1) * 100);
  return percent < 0 ? `−${-percent} %` : `+${percent} %`;
}

/** A change in words, with what chance may have made of it. @param {Change} change */
export function describeChange({ kind, isSure, ratio, low, high }) {
  const words = kind === 'new' || kind === 'gone' ? kind : formatRatio(ratio);
  if (!isSure) return `${words}, within sampling error`;
  if (kind === 'gone') return `gone, or ${formatRatio(high)} at most`;
  if (kind === 'new') return `new, or ${formatRatio(low)} at least`;
  return `${words} (${formatRatio(low)} to ${formatRatio(high)})`;
}
