// SPDX-License-Identifier: Apache-2.0

/**
 * Timeline source: gets timeline, heat map and changes of builds from the server.
 *
 *     wish  --follow-->  onTimeline, onHeatmap, onBuilds
 *
 * While the wish moves on with time, each is asked for again after as long as it may have changed:
 * of a timeline the last steps only. What somebody no longer wants to know is given up.
 */

import { heatmapUrl } from './heatmap_cells.js';
import { lackOf } from './reasons.js';
import { mergeTimeline, timelineUrl, wantedSteps } from './timeline_data.js';

/** @typedef {import('./build_marks.js').BuildChange} BuildChange */
/** @typedef {import('./heatmap_cells.js').Heatmap} Heatmap */
/** @typedef {import('./time_scale.js').TimeRange} TimeRange */
/** @typedef {import('./timeline_data.js').TimelineData} TimelineData */

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
const LONGEST_ERROR = 200;

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
      const response = await fetch(url, { signal: abort.signal, cache: 'no-store' });
      const text = await response.text();
      if (!response.ok) throw new Error(text.trim().slice(0, LONGEST_ERROR) || response.statusText);
      if (abort !== this.abort) return;
      onAnswer(JSON.parse(text));
      this.tell(lackOf(response), false);
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      if (abort === this.abort) this.tell(`cannot be had: ${reason}`, true);
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
    const data = this.dataQuery === query ? this.data : null;
    const wanted = wantedSteps(data, window, stepS);
    const { isWhole } = wanted;
    const key = `${stepS} ${query} ${isWhole ? window.endS : ''}`;
    // Half a step later there is something to see, and on a long step it can wait.
    const isSettled = data !== null && window.endS < Date.now() / 1000 - SETTLED_S;
    const periodMs = isSettled ? Infinity : Math.min(60000, Math.max(2000, stepS * 500));
    const url = timelineUrl(wanted, stepS, query);
    this.askers.timeline.ask(key, periodMs, url, (answer) => {
      this.data = mergeTimeline(isWhole ? null : data, answer, window);
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
