// SPDX-License-Identifier: Apache-2.0

/**
 * Timeline source: gets timeline, heat map and changes of builds from the server.
 *
 *     wish  --follow-->  onTimeline, onHeatmap, onBuilds
 *
 * While the wish moves on with time, each is asked for again after as long as it may have changed:
 * of a timeline the last steps, and now and then all. What somebody no longer wants to know is
 * given up.
 */

import { sentenceOf } from './dom.js';
import { hashText } from './frames.js';
import { heatmapUrl } from './heatmap.js';
import { ask } from './source.js';
import { lackOf } from './truth.js';

/** @typedef {import('./heatmap.js').Heatmap} Heatmap */
/** @typedef {import('./time_scale.js').TimeRange} TimeRange */
/** @typedef {import('./timeline.js').BuildChange} BuildChange */

/**
 * @typedef {object} TimelineWish
 * @property {TimeRange | null} window of the timeline; null: none is shown
 * @property {number} stepS
 * @property {number | null} heatEndS of the heat map, a whole second; null: none is shown
 * @property {string} query
 */

/**
 * @typedef {object} TimelineListener
 * @property {(data: TimelineData) => void} onTimeline
 * @property {(map: Heatmap) => void} onHeatmap
 * @property {(changes: BuildChange[]) => void} onBuilds
 * @property {(what: string, failing: string) => void} onFailure the rest of the sentence; '' when
 *   all is well again
 */

const BUILDS_PERIOD_MS = 60000;
const TIMEOUT_MS = 30000;
const RETRY_MS = 5000;
/** Older steps stay as they are. */
const SETTLED_S = 60;
/** Labels come late, services come and go: an hour is asked for again each minute, a day each 24. */
const KEPT_MS_OF_S = 1000 / 60;

/** Asks for one thing at a time, and not again before it may have changed. */
class Asker {
  /** @param {(failing: string) => void} onFailure */
  constructor(onFailure) {
    this.onFailure = onFailure;
    this.key = '';
    this.askedMs = -Infinity;
    this.isUnderWay = false;
    this.hasFailed = false;
    this.failing = '';
    this.abort = new AbortController();
  }

  /**
   * @param {string} key what is wanted: when it differs from the last one, that is given up
   * @param {number} periodMs after which the same is asked for again
   * @param {string} url
   * @param {(answer: any) => void} onAnswer
   */
  async ask(key, periodMs, url, onAnswer) {
    const nowMs = performance.now();
    const waitMs = this.hasFailed ? RETRY_MS : periodMs;
    if (key === this.key && (this.isUnderWay || nowMs < this.askedMs + waitMs)) return;
    this.abort.abort();
    const abort = (this.abort = new AbortController());
    const late = new Error('no answer came in time');
    const timeout = setTimeout(() => abort.abort(late), TIMEOUT_MS);
    Object.assign(this, { key, askedMs: nowMs, isUnderWay: true });
    try {
      const response = await ask(url, abort.signal);
      const answer = await response.json();
      if (abort !== this.abort) return;
      onAnswer(answer);
      this.tell(lackOf(response), false);
    } catch (error) {
      if (abort === this.abort) this.tell(`cannot be had: ${sentenceOf(error)}`, true);
    } finally {
      clearTimeout(timeout);
      if (abort === this.abort) this.isUnderWay = false;
    }
  }

  /** @param {string} failing '' if all is well @param {boolean} hasFailed to be asked for soon */
  tell(failing, hasFailed) {
    if (failing !== this.failing) this.onFailure(failing);
    Object.assign(this, { failing, hasFailed });
  }

  stop() {
    this.abort.abort();
    Object.assign(this, { key: '', isUnderWay: false, abort: new AbortController() });
    this.tell('', false);
  }
}

export class TimelineSource {
  /** @param {TimelineListener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {TimelineData | null} */
    this.data = null;
    this.dataQuery = '';
    this.wholeMs = -Infinity;
    const asker = (/** @type {string} */ what) =>
      new Asker((failing) => listener.onFailure(what, failing));
    this.askers = {
      timeline: asker('timeline'),
      heatmap: asker('heat map'),
      builds: asker('marks of builds'),
    };
  }

  /** Called whenever somebody wants something else, and now and then. @param {TimelineWish} wish */
  follow(wish) {
    if (document.hidden) return;
    if (wish.window) this.askTimeline(wish, wish.window);
    else this.askers.timeline.stop();
    if (wish.window) this.askBuilds(wish, wish.window);
    else this.askers.builds.stop();
    if (wish.heatEndS !== null) this.askHeatmap(wish, wish.heatEndS);
    else this.askers.heatmap.stop();
  }

  /** @param {TimelineWish} wish @param {TimeRange} window */
  askTimeline({ stepS, query }, window) {
    const known = this.dataQuery === query ? this.data : null;
    const isPast = window.endS < Date.now() / 1000 - SETTLED_S;
    const isSettled = known !== null && isPast;
    const keptMs = Math.max(60000, (window.endS - window.startS) * KEPT_MS_OF_S);
    const isKept = isSettled || performance.now() < this.wholeMs + keptMs;
    const data = isKept ? known : null;
    const wanted = wantedSteps(data, window, stepS);
    const { isWhole } = wanted;
    // What is live moves on, and its answer may take longer than a step.
    const key = `${stepS} ${query} ${isWhole && (isPast ? window.endS : 'live')}`;
    // Half a step later there is something to see, and on a long step it can wait.
    const periodMs = isSettled ? Infinity : Math.min(60000, Math.max(2000, stepS * 500));
    const url = timelineUrl(wanted, stepS, query);
    this.askers.timeline.ask(key, periodMs, url, (answer) => {
      if (isWhole) this.wholeMs = performance.now();
      this.data = mergeTimeline(isWhole ? null : data, answer, window, known, this.data);
      this.dataQuery = query;
      this.listener.onTimeline(this.data);
    });
  }

  /** @param {TimelineWish} wish @param {TimeRange} window */
  askBuilds({ query, stepS }, { startS, endS }) {
    const fields = new URLSearchParams({ from: String(startS), to: String(endS) });
    if (query) fields.set('query', query);
    const key = `${endS - startS} ${query} ${Math.floor(endS / (stepS * 10))}`;
    const url = `/api/v1/builds?${fields}`;
    this.askers.builds.ask(key, BUILDS_PERIOD_MS, url, ({ builds }) =>
      this.listener.onBuilds(builds),
    );
  }

  /** @param {TimelineWish} wish @param {number} endS */
  askHeatmap({ query }, endS) {
    const isLive = endS >= Date.now() / 1000 - 2;
    const key = `${query} ${isLive ? 'live' : endS}`;
    this.askers.heatmap.ask(key, isLive ? 2000 : Infinity, heatmapUrl(endS, query), (map) =>
      this.listener.onHeatmap(map),
    );
  }
}

/*
 * Timeline data: CPU time by step of time and service, kept while new steps come.
 *
 *     nothing  --mergeTimeline(answer of the whole)-->  TimelineData
 *     TimelineData  --mergeTimeline(answer of the last steps)-->  TimelineData
 *
 * Which services have a series of their own is decided by the whole, once; what others use later
 * is added to the rest, until the whole is asked for again. Steps are numbered since 1970. Bands
 * have the colours: each service keeps its own.
 */

/** @typedef {{name: string, values: Float64Array, band: number}} Series values: ns in each step */

/**
 * @typedef {object} TimelineData
 * @property {number} stepS
 * @property {number} firstStep
 * @property {number} nSteps
 * @property {Series[]} series  the largest first, as it was at first; the last one is the rest, whose
 *   name is ''
 */

/**
 * What /api/v1/timeline answers.
 * @typedef {object} TimelineAnswer
 * @property {number} from
 * @property {number} step
 * @property {number} steps
 * @property {{labels: Record<string, string>, values: number[]}[]} series
 * @property {{values: number[]} | null} other
 */

/** Services with a series of their own. */
const MOST_SERIES = 8;
/** One for each of them, and for the rest. */
const BANDS = 9;
/** Of later answers all services are wanted: their order may be another. */
const MOST_LATER = 100;
/** Samples come late by so much, at most. */
const LATE_S = 15;
/** After so much of the window has come later, the whole is asked for again. */
const MOST_SHIFT = 0.25;

/** Which label a timeline is by. */
const LABEL = 'service_name';

/**
 * What to ask for, to have a window: the whole, or what is new.
 * @param {TimelineData | null} data @param {TimeRange} window @param {number} stepS
 */
export function wantedSteps(data, window, stepS) {
  const first = Math.round(window.startS / stepS);
  const end = Math.round(window.endS / stepS);
  const whole = { first, end, isWhole: true };
  if (!data || data.stepS !== stepS) return whole;
  const shift = first - data.firstStep;
  const known = data.firstStep + data.nSteps;
  const isLater = shift >= 0 && shift <= MOST_SHIFT * data.nSteps && end >= known;
  if (!isLater) return whole;
  const late = Math.ceil(LATE_S / stepS) + 1;
  return { first: Math.max(first, known - late), end, isWhole: false };
}

/**
 * @param {ReturnType<typeof wantedSteps>} wanted @param {number} stepS
 * @param {string} query
 */
export function timelineUrl({ first, end, isWhole }, stepS, query) {
  const fields = new URLSearchParams({
    from: String(first * stepS),
    to: String(end * stepS),
    step: String(stepS),
    by: LABEL,
    limit: String(isWhole ? MOST_SERIES : MOST_LATER),
  });
  if (query) fields.set('query', query);
  return `/api/v1/timeline?${fields}`;
}

/** Who was there comes first, in the order in which it was. @returns {string[]} */
function namesOf(
  /** @type {TimelineData | null} */ data,
  /** @type {TimelineAnswer} */ answer,
  /** @type {TimelineData | null} */ known,
) {
  if (data) return data.series.map(({ name }) => name);
  const names = answer.series.slice(0, MOST_SERIES).map(({ labels }) => labels[LABEL] ?? '?');
  const kept = known?.series.map(({ name }) => name).filter((name) => names.includes(name)) ?? [];
  return [...new Set([...kept, ...names]), ''];
}

/** The bands that they had; of what is new that of its name, or else the next that is free. */
function bandsOf(/** @type {string[]} */ names, /** @type {TimelineData | null} */ before) {
  const bands = names.map((name) => before?.series.find((one) => one.name === name)?.band);
  return names.map((name, i) => {
    let band = bands[i] ?? hashText(name) % BANDS;
    while (bands.includes(band) && bands[i] !== band) band = (band + 1) % BANDS;
    return (bands[i] = band);
  });
}

/**
 * @param {TimelineData | null} data what was there of the same steps' length
 * @param {TimelineAnswer} answer @param {TimeRange} window that is shown from now on
 * @param {TimelineData | null} [known] that has been shown of the same
 * @param {TimelineData | null} [before] that has been shown, of whatever
 * @returns {TimelineData}
 */
export function mergeTimeline(data, answer, window, known = null, before = data) {
  const stepS = answer.step;
  const firstStep = Math.round(window.startS / stepS);
  const nSteps = Math.round(window.endS / stepS) - firstStep;
  const names = namesOf(data, answer, known);
  const bands = bandsOf(names, before);
  const series = names.map((name, i) => ({
    name,
    band: bands[i],
    values: new Float64Array(nSteps),
  }));
  const shift = data ? firstStep - data.firstStep : 0;
  series.forEach(({ values }, i) => {
    const old = data?.series[i].values;
    for (let step = 0; old && step < nSteps; step++) values[step] = old[step + shift] ?? 0;
  });
  const start = Math.round(answer.from / stepS) - firstStep;
  const end = Math.min(start + answer.steps, nSteps);
  for (const { values } of series) values.fill(0, Math.max(0, start), end);
  const rest = series.length - 1;
  const add = (/** @type {number} */ row, /** @type {number[]} */ added) => {
    for (let i = Math.max(0, -start); i < added.length && start + i < nSteps; i++) {
      series[row].values[start + i] += added[i];
    }
  };
  for (const { labels, values } of answer.series) {
    const row = names.indexOf(labels[LABEL] ?? '?');
    add(row < 0 ? rest : row, values);
  }
  if (answer.other) add(rest, answer.other.values);
  return { stepS, firstStep, nSteps, series };
}

/** How long a step has lasted by now: the last one is not over. */
export function lengthOf(
  /** @type {TimelineData} */ { stepS, firstStep },
  /** @type {number} */ step,
  /** @type {number} */ nowS,
) {
  const startS = (firstStep + step) * stepS;
  return Math.max(Math.min(stepS, nowS - startS), Math.min(1, stepS));
}

/** CPUs in use in a step, of all. @param {TimelineData} data @param {number} step */
export function coresAt(data, step, /** @type {number} */ nowS) {
  let ns = 0;
  for (const { values } of data.series) ns += values[step] ?? 0;
  return ns / 1e9 / lengthOf(data, step, nowS);
}

/**
 * CPU time of each series in a range, in s; a step that is cut counts in part.
 * @param {TimelineData} data @param {TimeRange} range @param {number} nowS
 */
export function sumsOf(data, { startS, endS }, nowS) {
  const { stepS, firstStep, nSteps, series } = data;
  return series.map(({ values }) => {
    let ns = 0;
    for (let step = 0; step < nSteps; step++) {
      const from = (firstStep + step) * stepS;
      const length = lengthOf(data, step, nowS);
      const common = Math.min(endS, from + length) - Math.max(startS, from);
      if (common > 0) ns += values[step] * (common / length);
    }
    return ns / 1e9;
  });
}
