// SPDX-License-Identifier: Apache-2.0

/**
 * Source: gets profiles and the daemon's status from the server, again and again while live.
 *
 *     State  --follow-->  onProfile, onStatus, and onFailure until it works again
 *
 * One request of a kind is under way at a time; what was asked for earlier is given up. A page
 * that nobody sees asks for nothing.
 */

import { byId, sentenceOf, setText } from './dom.js';
import { LIMITS, refuseBeyond } from './profile.js';
import { profileUrl } from './state.js';

/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./time_scale.js').When} When */

/** @typedef {{restarts?: number, cpu_seconds?: number, resident_bytes?: number}} Role */

/**
 * What /api/v1/status tells; another version's server may leave anything out.
 * @typedef {object} Status
 * @property {string} [version]
 * @property {string} [host]
 * @property {string} [kernel]
 * @property {number} [frequency_hz]
 * @property {number} [uptime_seconds]
 * @property {number} [cpus]
 * @property {string} [event]
 * @property {number} [ticks]
 * @property {number} [idle]
 * @property {number} [stored]
 * @property {Record<string, number>} [dropped]
 * @property {Record<string, number>} [stacks]
 * @property {Record<string, number>} [frames]
 * @property {{total?: number, with_lines?: number, pending?: number, failed?: number}} [files]
 * @property {Record<string, Role>} [roles]
 * @property {{run_seconds?: number, runs?: number, map_bytes?: number}} [bpf]
 * @property {{symbol_builds?: number, unwind_tables?: number}} [queued]
 * @property {Record<string, number>} [symbol_builds]
 * @property {Record<string, number>} [history_errors]
 * @property {{queued?: number, found?: number, missing?: number, failed?: number}} [debuginfod]
 */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * @typedef {object} Listener
 * @property {(bytes: Bytes, base: Bytes | null | undefined) => void} onProfile
 *   base: what it is compared with; null: nothing; undefined: what it was
 * @property {(status: Status) => void} onStatus
 * @property {(sentence: string) => void} onFailure
 */

const PERIOD_MS = 2000;
const MAX_PERIOD_MS = 15000;
const TIMEOUT_MS = 30000;
const LONGEST_ERROR = 300;
/** Of a long range little changes in a while: it is asked for again after this part of it. */
const PERIODS_IN_RANGE = 60;
const LONGEST_PERIOD_MS = 60000;
/** Longer ones, and parts of a second, the route of pprof does not have. */
const LONGEST_PPROF_S = 3600;

/** The server answered, but not with what was asked for. */
export class AnswerError extends Error {}

/** @param {string} address @param {AbortSignal} [signal] @throws {AnswerError} */
export async function ask(address, signal) {
  const response = await fetch(address, { signal, cache: 'no-store' });
  if (response.ok) return response;
  const text = (await response.text()).trim().slice(0, LONGEST_ERROR);
  throw new AnswerError(text || `the server answers ${response.status} ${response.statusText}`);
}

/** @param {unknown} error */
function describe(error) {
  if (error instanceof AnswerError) return `The server says: ${error.message}`;
  if (error instanceof TypeError || error instanceof DOMException) {
    return 'The server is not reachable; trying again…';
  }
  return `The page is at a loss: ${sentenceOf(error)}`;
}

/** Where the profile of a range is. @param {When & {view?: string}} when */
function addressOf({ rangeS, at, view }) {
  // In order of time, samples come one by one.
  if (view === 'time') return `${profileUrl({ rangeS, at, query: '' }, 'pprof')}&order=time`;
  const isOfPprof = at === null && Number.isInteger(rangeS) && rangeS <= LONGEST_PPROF_S;
  if (isOfPprof) return `/debug/pprof/profile?seconds=${rangeS}&past=1`;
  return profileUrl({ rangeS, at, query: '' }, 'pprof');
}

export class Source {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {State | null} */
    this.state = null;
    this.failures = 0;
    /** Where the base that was told of last is, or ''. */
    this.baseAddress = '';
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.abort = new AbortController();
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.state?.at === null) this.ask();
    });
  }

  /** Show this from now on: once if it is paused, else again and again. @param {State} state */
  follow(state) {
    this.state = state;
    this.ask();
  }

  /** Keep what is there. */
  stop() {
    this.abort.abort();
    clearTimeout(this.timer);
    this.state = null;
  }

  /** It is not there any more: it is asked for again. */
  forgetBase() {
    this.baseAddress = '';
  }

  async ask() {
    const { state } = this;
    if (!state) return;
    clearTimeout(this.timer);
    this.abort.abort();
    const abort = (this.abort = new AbortController());
    const timeout = setTimeout(() => abort.abort(), TIMEOUT_MS);
    const start = performance.now();
    try {
      const signal = abort.signal;
      const [[bytes, base], status] = await Promise.all([
        this.fetchBoth(state, signal),
        this.fetchStatus(signal),
      ]);
      if (abort !== this.abort || !this.state) return;
      this.failures = 0;
      this.listener.onStatus(status);
      this.baseAddress = state.base ? addressOf(state.base) : '';
      this.listener.onProfile(bytes, base);
    } catch (error) {
      if (abort !== this.abort || !this.state) return;
      this.failures++;
      this.listener.onFailure(describe(error));
    } finally {
      clearTimeout(timeout);
      if (abort === this.abort) this.plan(performance.now() - start);
    }
  }

  /** Ask again after a while; later and later while it fails. @param {number} elapsedMs */
  plan(elapsedMs) {
    if (!this.state || document.hidden || isEmbedded) return;
    if (this.state.at !== null && !this.failures) return;
    const ofRange = Math.min(LONGEST_PERIOD_MS, (this.state.rangeS * 1000) / PERIODS_IN_RANGE);
    const ofFailures = Math.min(MAX_PERIOD_MS, PERIOD_MS * 2 ** Math.max(0, this.failures - 2));
    const period = this.failures ? ofFailures : Math.max(PERIOD_MS, ofRange);
    // A profile that takes long to fetch must not keep the server busy all the time.
    const wait = Math.max(period - elapsedMs, elapsedMs, 0);
    this.timer = setTimeout(() => this.ask(), wait);
  }

  /**
   * The profile and its base, which is fetched only if it is another one.
   * @param {State} state @param {AbortSignal} signal
   * @returns {Promise<[Bytes, Bytes | null | undefined]>}
   */
  async fetchBoth(state, signal) {
    const { base } = state;
    const address = addressOf(state);
    if (!base || isEmbedded) return [await this.fetchProfile(address, signal), null];
    const baseAddress = addressOf(base);
    if (baseAddress === address) {
      const bytes = await this.fetchProfile(address, signal);
      return [bytes, bytes.slice()];
    }
    const isKnown = base.at !== null && baseAddress === this.baseAddress;
    return Promise.all([
      this.fetchProfile(address, signal),
      isKnown ? undefined : this.fetchProfile(baseAddress, signal),
    ]);
  }

  /** @param {string} address @param {AbortSignal} signal */
  async fetchProfile(address, signal) {
    if (isEmbedded) return embeddedBytes();
    const response = await ask(address, signal);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** @param {AbortSignal} signal @returns {Promise<Status>} */
  async fetchStatus(signal) {
    if (isEmbedded) return {};
    return (await ask('/api/v1/status', signal)).json();
  }
}

/*
 * Opened files: profiles of this machine that are shown instead of what the server has, or that
 * what is shown is compared with. No server sees them.
 *
 *     File  --open, compare-->  Page
 *     drop, Open…, Compare…  --listenToFiles-->  what the page does with a file
 *
 * With Shift, what is dropped becomes what the open profile is compared with; of two files that
 * are dropped together the second does.
 */

export class OpenedFiles {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** Of the file that is shown, or ''. */
    this.name = '';
    /** Of the file that it is compared with, or ''. */
    this.baseName = '';
  }

  /** @param {File} file */
  async open(file) {
    const bytes = await this.read(file);
    if (!bytes) return;
    const { page } = this;
    page.source.stop();
    this.name = file.name;
    // It is read while the page makes room for it.
    const received = page.receive(bytes);
    page.change({ query: '', zoom: [], fn: '', base: null });
    await received;
    this.show();
    page.say(`${file.name} is open`);
  }

  /** @param {File} file */
  async compare(file) {
    const bytes = await this.read(file);
    if (!bytes) return;
    const { page } = this;
    // At once: from here on, no base that the server has may take its place.
    this.baseName = file.name;
    try {
      const summary = await page.engine.openBase(bytes);
      if (this.baseName !== file.name) return;
      if (!summary) throw new Error('it was given up');
      this.show();
      await page.rebuild();
      page.say(`compared with ${file.name}`);
    } catch (error) {
      page.fail(`${file.name} cannot be shown: ${sentenceOf(error)}.`);
      if (this.baseName === file.name) this.dropBase();
    }
  }

  /** Compare with what the address says again. */
  dropBase() {
    const { page } = this;
    this.baseName = '';
    this.show();
    page.source.forgetBase();
    if (!this.name) page.source.follow(page.state);
  }

  /** Back to what the page showed before. */
  async close() {
    const { page } = this;
    this.name = '';
    await page.engine.openBase(null);
    page.change({ query: '', zoom: [] });
    this.dropBase();
  }

  /** @param {File} file @returns {Promise<Uint8Array | null>} null, and a sentence, if it cannot be */
  async read(file) {
    try {
      refuseBeyond(file.size, LIMITS.bytes, 'bytes');
      return new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      this.page.fail(`${file.name} cannot be read: ${sentenceOf(error)}.`);
      return null;
    }
  }

  show() {
    const chip = byId('file', HTMLButtonElement);
    const { name, baseName } = this;
    setText(chip, `${name}${baseName && ` compared with ${baseName}`} ×`);
    chip.hidden = !name && !baseName;
  }
}

/** Whether files are dragged, and not a text of the page. @param {DragEvent} event */
function hasFiles({ dataTransfer }) {
  return dataTransfer !== null && [...dataTransfer.types].includes('Files');
}

/** A button that asks for a file. @param {string} id @param {(file: File) => void} take */
function listenToPicker(id, take) {
  const input = byId(`${id}-picker`, HTMLInputElement);
  byId(id, HTMLButtonElement).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    // The same file, which has changed, can be picked again.
    input.value = '';
    if (file) take(file);
  });
}

/** What is to be done with a file that is dropped. @param {DragEvent} event */
const deedOf = ({ shiftKey }) => (shiftKey ? 'compare' : 'open');

/** @param {OpenedFiles} files */
export function listenToFiles(files) {
  const { dataset } = document.body;
  listenToPicker('open-file', (file) => files.open(file));
  listenToPicker('compare-file', (file) => files.compare(file));
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    dataset.drag = deedOf(event);
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) delete dataset.drag;
  });
  document.addEventListener('drop', async (event) => {
    delete dataset.drag;
    if (!hasFiles(event)) return;
    event.preventDefault();
    const [first, second] = event.dataTransfer?.files ?? [];
    if (!first) return;
    await files[deedOf(event)](first);
    if (second && !event.shiftKey) await files.compare(second);
  });
}

/*
 * Embedded: the profile that the page brings along, when it is a file of its own rather than a
 * daemon's page. It lies in an element of that id, in base64; the script in another is the page's
 * and the worker's at once.
 */

const profile = globalThis.document?.getElementById('embedded-profile');
const script = globalThis.document?.getElementById('embedded-script');

export const isEmbedded = Boolean(profile);

/** The bytes of the profile, a gzip'd pprof. */
function embeddedBytes() {
  return Uint8Array.from(atob(profile?.textContent ?? ''), (octet) => octet.charCodeAt(0));
}

/** Of all workers: another takes the place of one that was stopped. */
const scriptUrl =
  script && URL.createObjectURL(new Blob([script.textContent ?? ''], { type: 'text/javascript' }));

/** From the disk a page may start a worker of what it holds itself, but not as a module. */
export function hireWorker() {
  return scriptUrl ? new Worker(scriptUrl) : new Worker('worker.js', { type: 'module' });
}
