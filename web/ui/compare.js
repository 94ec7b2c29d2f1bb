// SPDX-License-Identifier: Apache-2.0

/**
 * Compare: what the picture is compared with, and what its colours mean then.
 *
 *     State  --show-->  the base in words, controls, legend
 *     controls  ──────►  onChange(base)
 *
 * A base is a range, a selection, or both; what it does not say is as in the state itself.
 */

import { create, createButton, createSelect, setText } from './dom.js';
import { Palette } from './palette.js';
import { formatRange, formatShare } from './short_text.js';
import { exactS, formatSpan, rangeOf } from './time_scale.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./palette.js').Paint} Paint */
/** @typedef {import('./state.js').Base} Base */
/** @typedef {import('./state.js').State} State */

/**
 * @typedef {object} CompareListener
 * @property {(change: Partial<State>) => void} onChange
 * @property {(isPicking: boolean) => void} onPick a range on the timeline is to be the base
 */

const DAY_S = 86400;

/** What the menu offers: how long before the range the base ends. */
const BEFORE = [
  { value: 'before', text: 'the time just before', byS: (/** @type {number} */ rangeS) => rangeS },
  { value: 'hour', text: 'an hour before', byS: () => 3600 },
  { value: 'day', text: 'a day before', byS: () => DAY_S },
  { value: 'week', text: 'a week before', byS: () => 7 * DAY_S },
];

/** The base that a choice of the menu means. @param {State} state @param {string} value */
export function baseOfChoice(state, value, /** @type {number} */ nowS) {
  const { query, rangeS, at } = state;
  const choice = BEFORE.find((known) => known.value === value);
  if (!choice) return null;
  return { query, rangeS, at: exactS((at ?? Math.floor(nowS)) - choice.byS(rangeS)) };
}

/** What is compared and its base change places. @param {State} state @returns {Partial<State>} */
export function swapped({ query, rangeS, at, base }) {
  if (!base) return {};
  return { ...base, base: { query, rangeS, at } };
}

/** A base in words. @param {Base} base @param {State} state */
export function describeBase(base, state, /** @type {number} */ nowS) {
  const words = [];
  const isOtherTime = base.rangeS !== state.rangeS || base.at !== state.at;
  if (isOtherTime || base.query === state.query) {
    const span = formatSpan(rangeOf(base, nowS), nowS);
    words.push(base.at === null ? `the last ${formatRange(base.rangeS)}` : span);
  }
  if (base.query !== state.query) words.push(base.query || 'the whole host');
  return words.join(' of ');
}

export class Compare {
  /**
   * @param {HTMLElement} menu where the menu is @param {HTMLElement} element for all else
   * @param {CompareListener} listener
   */
  constructor(menu, element, listener) {
    this.element = element;
    this.listener = listener;
    /** @type {State | null} */
    this.state = null;
    this.isPicking = false;
    this.choice = this.createChoice();
    this.query = create('input', {
      type: 'text',
      class: 'compare-query',
      placeholder: '{service_name="…"}',
      spellcheck: 'false',
      autocomplete: 'off',
      'aria-label': 'selection that it is compared with',
    });
    this.words = create('span', { class: 'compare-base', role: 'status' });
    this.scale = this.createScale();
    this.legend = create('ul', { class: 'legend', 'aria-label': 'what has changed' });
    menu.append(this.choice, this.query);
    this.fill();
  }

  createChoice() {
    return createSelect((value) => this.choose(value), { 'aria-label': 'compare with' }, [
      { value: '', text: 'compare with…' },
      ...BEFORE,
      { value: 'pick', text: 'a range picked on the timeline' },
      { value: 'query', text: 'another selection' },
    ]);
  }

  createScale() {
    const pick = (/** @type {string} */ value) =>
      this.listener.onChange({ scale: /** @type {State['scale']} */ (value) });
    return createSelect(pick, { 'aria-label': 'what makes them comparable' }, [
      { value: 'duration', text: 'by time: as if they were as long' },
      { value: 'total', text: 'by share: as if they were as much' },
    ]);
  }

  fill() {
    const swap = createButton(
      () => this.state && this.listener.onChange(swapped(this.state)),
      { title: 'change places' },
      '⇄ swap',
    );
    const stop = () => {
      this.listener.onChange({ base: null });
      this.choice.focus();
    };
    this.query.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.setQuery(this.query.value.trim());
      if (event.key === 'Escape') this.query.hidden = true;
    });
    const end = createButton(stop, {}, 'stop comparing');
    this.element.append(this.words, this.scale, swap, end, this.legend);
    this.query.hidden = true;
  }

  /** @param {string} value of the menu */
  choose(value) {
    const { state, query } = this;
    query.hidden = value !== 'query';
    this.setPicking(value === 'pick');
    if (!state) return;
    if (value === 'query') {
      query.value = state.base?.query ?? state.query;
      query.focus();
    }
    const base = baseOfChoice(state, value, Date.now() / 1000);
    if (base) this.listener.onChange({ base });
  }

  /** @param {boolean} isPicking whether the next range on the timeline is the base */
  setPicking(isPicking) {
    if (isPicking === this.isPicking) return;
    this.isPicking = isPicking;
    this.listener.onPick(isPicking);
  }

  /** @param {string} query */
  setQuery(query) {
    if (!this.state) return;
    const { rangeS, at, base } = this.state;
    this.listener.onChange({ base: base ? { ...base, query } : { query, rangeS, at } });
  }

  /** @param {State} state */
  show(state) {
    this.state = state;
    const { base, scale } = state;
    this.element.hidden = base === null;
    this.scale.value = scale;
    this.choice.value = this.isPicking ? 'pick' : this.query.hidden ? '' : 'query';
    const options = this.choice.options;
    options[0].textContent = base ? 'with another…' : 'compare with…';
    setText(this.words, base ? `with ${describeBase(base, state, Date.now() / 1000)}` : '');
  }

  /** @param {ChangePalette} palette */
  showLegend(palette) {
    this.legend.replaceChildren(
      ...CHANGE_KINDS.map(({ kind, text, mark }) => {
        const item = create('li', { class: `is-${kind}` }, `${mark} ${text}`);
        item.style.setProperty('--swatch', palette.swatchOf(kind));
        if (kind === 'same') {
          const most = formatShare(CHANCE);
          item.title = `chance alone makes such a change, or a larger one, in more than ${most} of cases`;
        }
        return item;
      }),
    );
  }
}

/*
 * Difference: what has become of a function between two profiles, and whether chance explains it.
 *
 *     counts, scale  --chanceOf-->  probability        CallTree, node  --compareNode-->  Change
 *
 * Samples are taken at moments that know nothing of the program, so counts are Poisson's. If
 * nothing has changed, then of all n samples of a function in both profiles, those in the newer
 * one are binomial, with the newer one's share of all that was looked at; how rarely they would
 * differ so much or more is the chance. (Przyborowski and Wilenski's conditional test, 1940.)
 */

/**
 * @typedef {object} Change
 * @property {'new'|'gone'|'more'|'less'|'same'} kind
 * @property {number} delta     of the value, after scaling
 * @property {number} ratio     to the base's; Infinity for what is new
 * @property {number} chance    that nothing has changed, and samples differ so much all the same
 * @property {boolean} isCertain less than CHANCE
 */

/** What is likelier than this is within the error of sampling. */
const CHANCE = 0.01;
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

/*
 * Change palette: the colours of a comparison.
 *
 *     CallTree with a base, node  --paintNode-->  orange: more, blue: less; grey: may be chance
 *
 * Orange and blue are told apart by everyone, and differ from grey in lightness, too. Each kind has
 * a mark that stands before the name; what is gone is striped.
 */

/** @typedef {Change['kind']} ChangeKind */

/** @type {{kind: ChangeKind, mark: string, text: string}[]} */
const CHANGE_KINDS = [
  { kind: 'new', mark: '+', text: 'new' },
  { kind: 'more', mark: '▲', text: 'more' },
  { kind: 'less', mark: '▼', text: 'less' },
  { kind: 'gone', mark: '−', text: 'gone' },
  { kind: 'same', mark: '≈', text: 'within sampling error' },
];

const MARKS = new Map(CHANGE_KINDS.map(({ kind, mark }) => [kind, mark]));
const MORE_HUE = 55;
const LESS_HUE = 250;
const STEPS = 4;
/** A change by this factor has the strongest colour. */
const STRONGEST = 4;

/** How strong a colour is, of STEPS. @param {number} ratio */
function stepOf(ratio) {
  const size = Math.abs(Math.log(ratio)) / Math.log(STRONGEST);
  return Math.min(STEPS, Math.ceil(size * STEPS));
}

/** 1.25 → "+25 %", 0.5 → "−50 %", 3 → "×3.0". @param {number} ratio */
export function formatRatio(ratio) {
  if (ratio === Infinity) return 'new';
  if (ratio === 0) return 'gone';
  if (ratio >= 2) return `×${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}`;
  const percent = Math.round((ratio - 1) * 100);
  return percent < 0 ? `−${-percent} %` : `+${percent} %`;
}

/**
 * What has become of a node, in words, with what chance may have made of it; '' if there is no base.
 * @param {CallTree} tree @param {number} node
 */
export function describeChange(tree, node) {
  if (!tree.baseTotal) return '';
  const { ratio, chance, isCertain } = compareNode(tree, node, tree.countScale);
  if (!isCertain) return `${formatRatio(ratio)}, within sampling error`;
  return `${formatRatio(ratio)}; by chance: ${formatShare(chance)}`;
}

export class ChangePalette extends Palette {
  /** @param {CallTree} tree @param {number} node @returns {Paint} */
  paintNode(tree, node) {
    if (!tree.baseTotal) return super.paintNode(tree, node);
    return this.paintChange(compareNode(tree, node, tree.countScale));
  }

  /** @param {Change} change @returns {Paint} */
  paintChange({ kind, ratio }) {
    const step = kind === 'more' || kind === 'less' ? stepOf(ratio) : STEPS;
    return this.remember(`\0change ${kind} ${step}`, () => this.mixChange(kind, step));
  }

  /** @param {ChangeKind} kind @param {number} step @returns {Paint} */
  mixChange(kind, step) {
    const mark = MARKS.get(kind);
    if (this.forced) return { ...this.forcedBox(kind), mark };
    const { ink, outline } = this.tone;
    if (kind === 'same') {
      const fill = this.isDark ? 'oklch(0.5 0.006 70)' : 'oklch(0.9 0.006 70)';
      return { fill, ink: this.isDark ? '#fff6ec' : ink, edge: fill, striped: false, mark };
    }
    const isMore = kind === 'more' || kind === 'new';
    const share = kind === 'new' || kind === 'gone' ? 1 : step / STEPS;
    const pale = isMore ? 0.88 - 0.16 * share : 0.86 - 0.2 * share;
    const light = this.isDark ? 0.62 + 0.14 * share : pale;
    const chroma = 0.05 + 0.11 * share;
    const fill = `oklch(${light.toFixed(3)} ${chroma.toFixed(3)} ${isMore ? MORE_HUE : LESS_HUE})`;
    const text = this.isDark ? '#180d06' : ink;
    return { fill, ink: text, edge: outline, striped: kind === 'gone', mark };
  }

  /** @param {ChangeKind} kind @returns {Paint} */
  forcedBox(kind) {
    const isStrong = kind === 'new' || kind === 'more';
    return {
      fill: isStrong ? 'Highlight' : 'Canvas',
      ink: isStrong ? 'HighlightText' : 'CanvasText',
      edge: 'CanvasText',
      striped: kind === 'gone',
    };
  }

  /** @param {ChangeKind} kind @returns {string} a background */
  swatchOf(kind) {
    return this.mixChange(kind, STEPS / 2).fill;
  }
}
