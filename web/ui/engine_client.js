// SPDX-License-Identifier: Apache-2.0

/**
 * Engine client: the page's side of the engine, which runs in a worker.
 *
 *     question  --ask-->  worker  --hydrate-->  SentLayout
 *
 * A worker that does not come to an end is stopped; another takes its place, and what was open is
 * opened in it. One question is under way at a time. While it is, a later question of a kind takes the place of
 * an earlier one, whose promise gives null: nobody wants its answer any more.
 */

import { CallTree } from './call_tree.js';
import { sentenceOf } from './dom.js';
import { Frames } from './frames.js';
import { hireWorker } from './source.js';

/** @typedef {import('./engine.js').Picture} Picture */
/** @typedef {import('./engine.js').Question} Question */
/** @typedef {import('./engine.js').Summary} Summary */
/** @typedef {import('./graph_views.js').Part} Part */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./weights.js').ProcessGroup} ProcessGroup */

/** @typedef {'open'|'openBase'|'picture'|'table'|'sandwich'|'inOrder'|'split'|'processes'|'search'} Method */
/** @typedef {{id: number, method: Method, argument: unknown}} Call */
/** @typedef {{resolve: (value: Reply | null) => void, reject: (error: Error) => void}} Waiting */

/** @typedef {Layout & Pick<Picture, 'measure' | 'scale' | 'countScale'>} SentLayout */
/** @typedef {{rows: Uint8Array | null, frames: Frames}} Found rows: null if nothing is looked for */
/** @typedef {{answer: any, frames: Frames}} Reply frames: those that the answer speaks of */

/** So long may a question take: beyond, its regular expressions may well never end. */
const PATIENCE_MS = 20000;
const SEARCH_PATIENCE_MS = 5000;
const TOO_LONG = 'it takes too long, and was given up';
const STOPPED = 'the part of the page that reads profiles has stopped';
const HAS_REGEX = /"\/|[=!]~/;

/** The regular expressions of a question and what is around them, or ''. @param {any} argument */
function dangerOf(argument) {
  const { query, transforms, base, search } = argument ?? {};
  const key = JSON.stringify([query, transforms, base, search]);
  return HAS_REGEX.test(key) ? key : '';
}

export class EngineClient {
  constructor() {
    this.frames = new Frames();
    /** @type {Worker | null} */
    this.worker = this.hire();
    this.nCalls = 0;
    /** @type {(Call & Waiting) | null} */
    this.current = null;
    /** @type {Map<Method, Call & Waiting>} those that wait, in their order */
    this.next = new Map();
    /** @type {Map<Method, unknown>} bytes that are open, for the next worker */
    this.opened = new Map();
    /** @type {Set<string>} dangers that have kept a worker busy until it was stopped */
    this.hopeless = new Set();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  hire() {
    const worker = hireWorker();
    worker.addEventListener('message', ({ data }) => this.receive(data));
    worker.addEventListener('error', () => worker === this.worker && this.stop(STOPPED));
    return worker;
  }

  /** @param {Uint8Array} bytes @returns {Promise<Summary | null>} */
  async open(bytes) {
    return (await this.ask('open', bytes))?.answer ?? null;
  }

  /** @param {Uint8Array | null} bytes @returns {Promise<Summary | null>} */
  async openBase(bytes) {
    return (await this.ask('openBase', bytes))?.answer ?? null;
  }

  /** @param {Question} question @returns {Promise<SentLayout | null>} */
  async picture(question) {
    const reply = await this.ask('picture', question);
    return reply && hydrate(reply.answer, reply.frames);
  }

  /** @param {Question} question @returns {Promise<import('./weights.js').Table | null>} */
  async table(question) {
    const reply = await this.ask('table', question);
    return reply && { ...reply.answer, frames: reply.frames };
  }

  /** @param {Question} question null for a function that is not there */
  async sandwich(question) {
    const reply = await this.ask('sandwich', question);
    if (!reply?.answer) return null;
    const { callers, callees } = reply.answer;
    const { frames } = reply;
    return { callers: hydrate(callers, frames), callees: hydrate(callees, frames) };
  }

  /** @param {Question} question @returns {Promise<import('./graph_views.js').InOrder | null>} */
  async inOrder(question) {
    const reply = await this.ask('inOrder', question);
    if (!reply) return null;
    const { picture, ...rest } = reply.answer;
    return { ...rest, layout: picture && hydrate(picture, reply.frames) };
  }

  /** @param {Question} question @returns {Promise<{parts: Part[], whole: number} | null>} */
  async split(question) {
    const reply = await this.ask('split', question);
    if (!reply) return null;
    const { parts, whole } = reply.answer;
    return {
      whole,
      parts: parts.map((/** @type {any} */ { picture, ...part }) => ({
        ...part,
        layout: picture && hydrate(picture, reply.frames),
      })),
    };
  }

  /** @returns {Promise<ProcessGroup[] | null>} */
  async processes() {
    return (await this.ask('processes', null))?.answer ?? null;
  }

  /** Which frames a text finds. @param {string} search @returns {Promise<Found | null>} */
  async search(search) {
    const reply = await this.ask('search', { search });
    return reply && { rows: reply.answer, frames: reply.frames };
  }

  /** @param {Method} method @param {unknown} argument @returns {Promise<Reply | null>} null if given up */
  ask(method, argument) {
    return new Promise((resolve, reject) => {
      if (this.hopeless.has(dangerOf(argument))) throw new Error(TOO_LONG);
      this.next.get(method)?.resolve(null);
      this.next.delete(method);
      this.next.set(method, { id: ++this.nCalls, method, argument, resolve, reject });
      this.go();
    });
  }

  /** The next question, if none is under way. */
  go() {
    if (this.current || !this.next.size) return;
    const worker = this.worker ?? this.replace();
    const [call] = this.next.values();
    this.next.delete(call.method);
    this.current = call;
    const { id, method, argument } = call;
    try {
      worker.postMessage({ id, method, argument });
    } catch (error) {
      this.receive({ id, error: sentenceOf(error), frames: null });
      return;
    }
    if (method === 'open' || method === 'openBase') return;
    const patienceMs = method === 'search' ? SEARCH_PATIENCE_MS : PATIENCE_MS;
    this.timer = setTimeout(() => this.losePatience(), patienceMs);
  }

  /** Another worker, which opens first what was open. */
  replace() {
    this.worker = this.hire();
    const none = { resolve: () => {}, reject: () => {} };
    const again = Array.from(this.opened, ([method, argument]) => {
      const call = { id: ++this.nCalls, method, argument, ...none };
      return /** @type {[Method, Call & Waiting]} */ ([method, call]);
    });
    this.next = new Map([...again, ...this.next]);
    return this.worker;
  }

  /**
   * @param {{id: number, answer?: unknown, error?: string,
   *   frames?: {isNew: boolean, rows: import('./frames.js').FrameRows} | null}} message
   */
  receive({ id, answer, error, frames }) {
    if (frames?.isNew) this.frames = new Frames();
    if (frames) this.frames.append(frames.rows);
    const { current } = this;
    if (!current || current.id !== id) return;
    clearTimeout(this.timer);
    this.current = null;
    const { method, argument } = current;
    if (method === 'open' || method === 'openBase') {
      if (argument && !error) this.opened.set(method, argument);
      else if (method === 'openBase') this.opened.delete(method);
    }
    if (error) current.reject(new Error(error));
    else current.resolve({ answer, frames: this.frames });
    this.go();
  }

  losePatience() {
    const danger = dangerOf(this.current?.argument);
    if (danger) this.hopeless.add(danger);
    this.stop(TOO_LONG);
  }

  /** The worker does not go on, or could not be loaded. @param {string} message */
  stop(message) {
    clearTimeout(this.timer);
    this.worker?.terminate();
    this.worker = null;
    const { current } = this;
    this.current = null;
    // What stops a worker is not opened again.
    if (current) this.opened.delete(current.method);
    current?.reject(new Error(message));
    this.go();
  }
}

/** @param {Picture} picture @param {Frames} frames @returns {SentLayout} */
function hydrate({ tree: columns, labels, ...rest }, frames) {
  const tree = new CallTree(frames, columns);
  tree.labels = labels;
  tree.countScale = rest.countScale ?? 1;
  return { tree, ...rest };
}
