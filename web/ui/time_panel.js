// SPDX-License-Identifier: Apache-2.0

/**
 * Time panel: the strip above the picture: when to look, and what to compare with.
 *
 *     State  --show-->  timeline, heat map, services, comparison
 *     what people select there  --change-->  rangeS, at, base, span, heat
 *
 * It is shown anew once a second while it is live, and asks the server through TimelineSource.
 */

import { Compare } from './compare.js';
import { byId, create, createButton, setText, showOptions } from './dom.js';
import { HeatmapView } from './heatmap.js';
import { formatSelector } from './search.js';
import { formatCores, formatRange } from './short_text.js';
import {
  aroundChange,
  exactS,
  formatSpan,
  rangeOf,
  stepFor,
  whenOf,
  windowOf,
} from './time_scale.js';
import { bandColour, groupMarks, Timeline } from './timeline.js';
import { sumsOf, TimelineSource } from './timeline_source.js';

/** @typedef {import('./heatmap.js').Heatmap} Heatmap */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./time_scale.js').TimeRange} TimeRange */
/** @typedef {import('./time_scale.js').When} When */
/** @typedef {import('./timeline.js').BuildChange} BuildChange */
/** @typedef {import('./timeline.js').Shown} Shown */
/** @typedef {import('./timeline_source.js').TimelineData} TimelineData */
/** @typedef {import('./view_deck.js').Actions} Actions */

/** What the timeline can span, in s; 0: it is hidden. */
export const SPANS_S = [600, 3600, 86400, 7 * 86400, 0];
const PERIOD_MS = 1000;

/**
 * The selector of a service ('?': of what has none), or of all that no service of these is (''),
 * for what is shown together can be opened, too.
 * @param {string} name @param {string[]} names of all that are shown
 */
function selectorOf(name, names) {
  const operator = name ? '=' : '!=';
  const values = name ? [name] : names.filter(Boolean);
  return formatSelector(
    values.map((v) => ({ name: 'service_name', operator, value: v === '?' ? '' : v })),
  );
}

export class TimePanel {
  /** @param {Pick<Actions, 'change' | 'say'>} actions */
  constructor(actions) {
    this.actions = actions;
    this.elements = {
      panel: byId('time', HTMLElement),
      span: byId('span', HTMLSelectElement),
      heat: byId('heat', HTMLButtonElement),
      words: byId('time-words', HTMLElement),
      pointed: byId('time-pointed', HTMLElement),
      timeline: byId('timeline', HTMLElement),
      heatmap: byId('heatmap', HTMLElement),
      services: byId('services', HTMLElement),
      failure: byId('time-failure', HTMLElement),
    };
    const { timeline, heatmap, pointed } = this.elements;
    const onPoint = (/** @type {string} */ text) => setText(pointed, text);
    this.timeline = new Timeline(timeline, {
      onSelect: (range, isStep) => this.select(range, isStep),
      onPoint,
      onPick: ({ change }) => this.compareAround(change),
    });
    this.heatmap = new HeatmapView(heatmap, {
      onSelect: (range) => this.selectCells(range),
      onPoint,
      say: actions.say,
    });
    this.compare = new Compare(byId('compare-menu', HTMLElement), byId('compare', HTMLElement), {
      onChange: (change) => actions.change(change, true),
      onPick: (isPicking) => this.showPicking(isPicking),
    });
    this.source = new TimelineSource({
      onTimeline: (data) => this.receive({ data }),
      onHeatmap: (map) => this.receive({ map }),
      onBuilds: (changes) => this.receive({ changes }),
      onFailure: (what, failing) => this.fail(what, failing),
    });
    /** @type {State | null} */
    this.state = null;
    /** @type {Shown} */
    this.shown = 'light';
    /** @type {{data: TimelineData | null, map: Heatmap | null, changes: BuildChange[]}} */
    this.answers = { data: null, map: null, changes: [] };
    /** @type {Record<string, string>} sentences, by what they are about */
    this.failures = {};
    this.listen();
  }

  listen() {
    const { span, heat } = this.elements;
    const textOf = (/** @type {number} */ s) => (s ? `timeline of ${formatRange(s)}` : 'no timeline');
    showOptions(span, SPANS_S.map((s) => ({ value: String(s), text: textOf(s) })), '');
    span.addEventListener('change', () =>
      this.actions.change({ timelineS: Number(span.value) }, false),
    );
    heat.addEventListener('click', () => this.toggleHeat());
    setInterval(() => this.state?.at === null && !document.hidden && this.refresh(), PERIOD_MS);
    document.addEventListener('visibilitychange', () => !document.hidden && this.refresh());
  }

  toggleHeat() {
    const heat = this.state?.heat === null ? 0 : null;
    this.actions.change({ heat }, false);
  }

  // --- what is shown ----------------------------------------------------------------------------

  /** @param {State} state */
  show(state) {
    const { span, heat, timeline, heatmap, services } = this.elements;
    if (this.state && this.state.query !== state.query) this.answers.changes = [];
    this.state = state;
    if (SPANS_S.includes(state.timelineS)) span.value = String(state.timelineS);
    heat.ariaPressed = String(state.heat !== null);
    timeline.hidden = services.hidden = state.timelineS === 0;
    heatmap.hidden = state.heat === null;
    this.compare.show(state);
    this.refresh();
  }

  /** @param {Shown} shown */
  setTheme(shown) {
    this.shown = shown;
    this.timeline.setTheme(shown);
    this.heatmap.setTheme(shown);
    this.showServices();
  }

  /** @param {Partial<TimePanel['answers']>} answer */
  receive(answer) {
    Object.assign(this.answers, answer);
    this.refresh();
  }

  /** @param {string} what @param {string} failing '' if all is well again */
  fail(what, failing) {
    const { failure } = this.elements;
    this.failures[what] = failing && `The ${what} ${failing}`;
    setText(failure, Object.values(this.failures).filter(Boolean).join(' · '));
    failure.hidden = !failure.textContent;
  }

  /** What the timeline spans, and the rest of what is to be seen now; null before there is a state. */
  get view() {
    const { state, answers } = this;
    if (!state) return null;
    const nowS = Date.now() / 1000;
    const stepS = stepFor(state.timelineS || 3600);
    const selected = rangeOf(state, nowS);
    const base = state.base && rangeOf(state.base, nowS);
    const window = windowOf(selected, state.timelineS || 3600, nowS, stepS);
    const data = answers.data?.stepS === stepS ? answers.data : null;
    return { data, window, selected, base, nowS, stepS };
  }

  /** The end of the heat map, a whole second. @param {number} nowS */
  heatEnd(nowS) {
    const { heat, at } = /** @type {State} */ (this.state);
    if (at === null) return Math.floor(nowS);
    return heat ? heat : Math.min(Math.ceil(at), Math.ceil(nowS));
  }

  refresh() {
    const { state, view, answers } = this;
    if (!state || !view || this.elements.panel.hidden) return;
    const { window, stepS, nowS } = view;
    const heatEndS = state.heat === null ? null : this.heatEnd(nowS);
    const asked = state.timelineS ? window : null;
    this.source.follow({ window: asked, stepS, heatEndS, query: state.query });
    this.timeline.show(view);
    this.timeline.showMarks(groupMarks(answers.changes, this.timeline.scale));
    if (answers.map && heatEndS !== null) {
      this.heatmap.show(answers.map, state.at === null ? null : view.selected);
    }
    this.showWords();
    this.showServices();
  }

  showWords() {
    const { view, state } = this;
    if (!view || !state) return;
    const length = formatRange(state.rangeS);
    const span = state.at === null ? `the last ${length}` : formatSpan(view.selected, view.nowS);
    setText(this.elements.words, state.at === null ? span : `${span} · ${length}`);
  }

  /** Services, with what they used in the range: the same order as in the picture. */
  showServices() {
    const { view, state } = this;
    const { services } = this.elements;
    if (!view?.data || !state) return;
    const { data, selected, nowS } = view;
    const lengthS = Math.max(selected.endS - selected.startS, 1e-9);
    const sums = sumsOf(data, selected, nowS);
    const wanted = data.series.flatMap(({ name, band, values }, i) =>
      values.some((ns) => ns > 0) ? [{ name, band, i, cores: sums[i] / lengthS }] : [],
    );
    while (services.children.length > wanted.length) services.lastChild?.remove();
    const names = wanted.map(({ name }) => name);
    wanted.forEach((service, row) => {
      const item = services.children[row] ?? services.appendChild(this.createService());
      this.fillService(/** @type {HTMLElement} */ (item), service, names);
    });
  }

  createService() {
    const pick = () => {
      const query = item.dataset.query ?? '';
      if (query) this.actions.change({ query: this.state?.query === query ? '' : query }, true);
    };
    const button = createButton(pick, {}, create('span'), create('span'));
    const item = create('li', {}, button);
    const seriesOf = () => Number(item.dataset.series ?? -1);
    for (const name of ['pointerenter', 'focus']) {
      button.addEventListener(name, () => this.timeline.setHighlight(seriesOf()));
    }
    for (const name of ['pointerleave', 'blur']) {
      button.addEventListener(name, () => this.timeline.setHighlight(-1));
    }
    return item;
  }

  /**
   * @param {HTMLElement} item
   * @param {{name: string, band: number, i: number, cores: number}} service
   * @param {string[]} names of all of them
   */
  fillService(item, service, names) {
    const { name, i, cores } = service;
    const [button] = /** @type {HTMLCollectionOf<HTMLButtonElement>} */ (item.children);
    item.dataset.series = String(i);
    item.dataset.query = selectorOf(name, names);
    button.ariaPressed = String(this.state?.query === item.dataset.query);
    item.style.setProperty('--swatch', bandColour(service, i, this.shown));
    setText(button.children[0], name === '?' ? 'no service' : name || 'others');
    setText(button.children[1], formatCores(cores));
  }

  // --- what people do ---------------------------------------------------------------------------

  /** @param {TimeRange} range @param {boolean} isStep */
  select(range, isStep) {
    const { state, view } = this;
    if (state && view) this.take(state, whenOf(range, view.nowS, view.stepS), {}, isStep);
  }

  /**
   * Look at a time, or compare with it if it was picked for that.
   * @param {State} state @param {When} when @param {Partial<State>} map what the heat map shows then
   */
  take(state, when, map, isStep = true) {
    const { compare, actions } = this;
    if (!compare.isPicking) {
      actions.change({ ...when, ...map }, isStep);
      return;
    }
    compare.setPicking(false);
    const query = state.base?.query ?? state.query;
    actions.change({ ...(state.at !== null && map), base: { query, ...when } }, true);
  }

  /** The milliseconds of some cells: the map stays where it is. @param {TimeRange} range */
  selectCells({ startS, endS }) {
    const { state } = this;
    const { map } = this.answers;
    if (!map || !state) return;
    const heat = map.from + map.columns * map.column;
    this.take(state, { rangeS: exactS(endS - startS), at: endS }, { heat });
  }

  /** @param {boolean} isPicking */
  showPicking(isPicking) {
    this.elements.panel.classList.toggle('is-picking', isPicking);
    if (isPicking) this.actions.say('the next range on the timeline or the heat map is the base');
  }

  /** Before and after a file became another build. @param {BuildChange} change */
  compareAround(change) {
    const { view, state } = this;
    if (!view || !state) return;
    const { window, nowS } = view;
    const bounds = { startS: window.startS, endS: Math.min(window.endS, nowS) };
    const { range, base } = aroundChange(change.time, bounds);
    this.actions.change({ ...range, base: { query: state.query, ...base } }, true);
  }
}
