// SPDX-License-Identifier: Apache-2.0

/**
 * Compare: what the picture is compared with, and what its colours mean then.
 *
 *     State  --show-->  the base in words, controls, legend
 *     controls  ──────►  onChange(base)
 *
 * A base is a range, a selection, or both; what it does not say is as in the state itself.
 */

import { CHANCE, CHANGE_KINDS } from './difference.js';
import { create, setText } from './dom.js';
import { formatRange, formatShare } from './short_text.js';
import { exactS, formatSpan, rangeOf } from './time_scale.js';

/** @typedef {import('./difference.js').ChangePalette} ChangePalette */
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
    const choice = create('select', { 'aria-label': 'compare with' });
    const offers = [
      { value: '', text: 'compare with…' },
      ...BEFORE,
      { value: 'pick', text: 'a range picked on the timeline' },
      { value: 'query', text: 'another selection' },
    ];
    choice.append(...offers.map(({ value, text }) => create('option', { value }, text)));
    choice.addEventListener('change', () => this.choose(choice.value));
    return choice;
  }

  createScale() {
    const scale = create('select', { 'aria-label': 'what makes them comparable' });
    scale.append(
      create('option', { value: 'duration' }, 'by time: as if they were as long'),
      create('option', { value: 'total' }, 'by share: as if they were as much'),
    );
    scale.addEventListener('change', () =>
      this.listener.onChange({ scale: scale.value === 'total' ? 'total' : 'duration' }),
    );
    return scale;
  }

  fill() {
    const swap = create('button', { type: 'button', title: 'change places' }, '⇄ swap');
    const stop = create('button', { type: 'button', class: 'compare-stop' }, 'stop comparing');
    swap.addEventListener('click', () => this.state && this.listener.onChange(swapped(this.state)));
    stop.addEventListener('click', () => this.listener.onChange({ base: null }));
    this.query.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.setQuery(this.query.value.trim());
      if (event.key === 'Escape') this.query.hidden = true;
    });
    this.element.append(this.words, this.scale, swap, stop, this.legend);
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
