// SPDX-License-Identifier: Apache-2.0

/**
 * Difference: what has become of a function between two profiles, and whether chance explains it.
 *
 *     counts, scale  --chanceOf-->  probability        CallTree, node  --compareNode-->  Change
 *
 * Samples are taken at moments that know nothing of the program, so counts are Poisson's. If
 * nothing has changed, then of all n samples of a function in both profiles, those in the newer
 * one are binomial, with the newer one's share of all that was looked at; how rarely they would
 * differ so much or more is the chance. (Przyborowski and Wilenski's conditional test, 1940.)
 */

/** @typedef {import('./call_tree.js').CallTree} CallTree */

/**
 * @typedef {object} Change
 * @property {'new'|'gone'|'more'|'less'|'same'} kind
 * @property {number} delta     of the value, after scaling
 * @property {number} ratio     to the base's; Infinity for what is new
 * @property {number} chance    that nothing has changed, and samples differ so much all the same
 * @property {boolean} isCertain less than CHANCE
 */

/** What is likelier than this is within the error of sampling. */
export const CHANCE = 0.01;
/** Of more samples, the normal distribution tells the same. */
const MAX_EXACT = 1000;

/** log(n!) for all n that are exact. */
const logFactorials = new Float64Array(MAX_EXACT + 1);
for (let n = 2; n <= MAX_EXACT; n++) logFactorials[n] = logFactorials[n - 1] + Math.log(n);

/** Probability of @k of @n, each of which has probability @p. */
function binomial(
  /** @type {number} */ k,
  /** @type {number} */ n,
  /** @type {number} */ logP,
  /** @type {number} */ logQ,
) {
  const ways = logFactorials[n] - logFactorials[k] - logFactorials[n - k];
  return Math.exp(ways + k * logP + (n - k) * logQ);
}

/** Of all outcomes, those that are no likelier than @k of @n. */
function exactChance(/** @type {number} */ k, /** @type {number} */ n, /** @type {number} */ p) {
  const [logP, logQ] = [Math.log(p), Math.log1p(-p)];
  const limit = binomial(k, n, logP, logQ) * (1 + 1e-9);
  let chance = 0;
  for (let i = 0; i <= n; i++) {
    const probability = binomial(i, n, logP, logQ);
    if (probability <= limit) chance += probability;
  }
  return Math.min(1, chance);
}

/** Beyond z on both sides of the normal distribution; Abramowitz and Stegun, 7.1.26. */
function normalChance(/** @type {number} */ z) {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t *
    (0.254829592 +
      t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return series * Math.exp(-x * x);
}

/**
 * The standardised difference of two counts, above 0 if there are more than the base makes expect.
 * @param {number} count @param {number} baseCount @param {number} scale see chanceOf
 */
export function zOf(count, baseCount, scale) {
  const n = count + baseCount;
  const p = scale / (1 + scale);
  return n > 0 ? (count - n * p) / Math.sqrt(n * p * (1 - p)) : 0;
}

/**
 * How likely counts differ so much, or more, though nothing has changed.
 * @param {number} count     samples of the newer profile
 * @param {number} baseCount samples of the base
 * @param {number} scale     how many samples of the newer stand against one of the base: how much
 *   longer, or more often, was looked at
 */
export function chanceOf(count, baseCount, scale) {
  const [k, n] = [Math.round(count), Math.round(count) + Math.round(baseCount)];
  if (n <= 0 || !(scale > 0)) return 1;
  if (n <= MAX_EXACT) return exactChance(k, n, scale / (1 + scale));
  const correction = 0.5 / Math.sqrt((n * scale) / (1 + scale) ** 2);
  return normalChance(Math.max(0, Math.abs(zOf(k, n - k, scale)) - correction));
}

/** @param {boolean} isCertain @param {number} total @param {number} base @returns {Change['kind']} */
function kindOf(isCertain, total, base) {
  if (!isCertain) return 'same';
  if (!base) return 'new';
  if (!total) return 'gone';
  return total > base ? 'more' : 'less';
}

/**
 * What has become of a node.
 * @param {CallTree} tree of a comparison @param {number} node
 * @param {number} countScale as the picture tells it
 * @returns {Change}
 */
export function compareNode({ total, samples, baseTotal, baseSamples }, node, countScale) {
  const base = baseTotal ? baseTotal[node] : 0;
  const chance = chanceOf(samples[node], baseSamples ? baseSamples[node] : 0, countScale);
  const isCertain = chance < CHANCE;
  return {
    kind: kindOf(isCertain, total[node], base),
    delta: total[node] - base,
    ratio: total[node] / base,
    chance,
    isCertain,
  };
}
