// SPDX-License-Identifier: Apache-2.0

/**
 * Engine client: the page's side of the engine, which runs in a worker where there may be one.
 *
 *     question  --ask-->  worker | engine  --hydrate-->  SentLayout
 *
 * One question is under way at a time. While it is, a later question of a kind takes the place of
 * an earlier one, whose promise gives null: nobody wants its answer any more.
 */

import { CallTree } from './call_tree.js';
import { isEmbedded } from './embedded.js';
import { Engine } from './engine.js';
import { Frames } from './frames.js';

/** @typedef {import('./engine.js').Picture} Picture */
/** @typedef {import('./engine.js').Question} Question */
/** @typedef {import('./engine.js').Summary} Summary */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./processes.js').ProcessGroup} ProcessGroup */
/** @typedef {import('./split_view.js').Part} Part */
/** @typedef {'open'|'openBase'|'picture'|'table'|'sandwich'|'inOrder'|'split'|'processes'} Method */
/** @typedef {{id: number, method: Method, argument: unknown}} Call */
/** @typedef {{resolve: (value: Reply | null) => void, reject: (error: Error) => void}} Waiting */

/** @typedef {Layout & Pick<Picture, 'measure' | 'scale' | 'countScale'>} SentLayout */
/** @typedef {{answer: any, frames: Frames}} Reply frames: those that the answer speaks of */

/** The engine says no: the message is a sentence's end, the name the kind of error. */
export class EngineError extends Error {
  /** @param {{name: string, message: string}} error */
  constructor({ name, message }) {
    super(message);
    this.name = name;
  }
}

export class EngineClient {
  constructor() {
    this.frames = new Frames();
    this.engine = isEmbedded ? new Engine() : null;
    this.worker = this.engine ? null : new Worker('worker.js', { type: 'module' });
    this.nCalls = 0;
    /** @type {(Call & Waiting) | null} */
    this.current = null;
    /** @type {Map<Method, Call & Waiting>} those that wait, in their order */
    this.next = new Map();
    this.worker?.addEventListener('message', ({ data }) => this.receive(data));
    this.worker?.addEventListener('error', () => this.crash());
  }

  /** @param {Uint8Array} bytes given away @returns {Promise<Summary | null>} */
  async open(bytes) {
    return (await this.ask('open', bytes))?.answer ?? null;
  }

  /** @param {Uint8Array | null} bytes given away @returns {Promise<Summary | null>} */
  async openBase(bytes) {
    return (await this.ask('openBase', bytes))?.answer ?? null;
  }

  /** @param {Question} question @returns {Promise<SentLayout | null>} */
  async picture(question) {
    const reply = await this.ask('picture', question);
    return reply && hydrate(reply.answer, reply.frames);
  }

  /** @param {Question} question @returns {Promise<import('./function_table.js').Table | null>} */
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

  /** @param {Question} question @returns {Promise<import('./time_view.js').InOrder | null>} */
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

  /** @param {Method} method @param {unknown} argument @returns {Promise<Reply | null>} null if given up */
  ask(method, argument) {
    return new Promise((resolve, reject) => {
      this.next.get(method)?.resolve(null);
      this.next.delete(method);
      this.next.set(method, { id: ++this.nCalls, method, argument, resolve, reject });
      this.go();
    });
  }

  /** The next question, if none is under way. */
  go() {
    const [call] = this.next.values();
    if (this.current || !call) return;
    this.next.delete(call.method);
    this.current = call;
    const { id, method, argument } = call;
    if (this.worker) this.worker.postMessage({ id, method, argument }, transferable(argument));
    else this.answerHere(call);
  }

  /** Where there is no worker. @param {Call} call */
  async answerHere({ id, method, argument }) {
    const engine = /** @type {any} */ (this.engine);
    try {
      const answer = await engine[method](argument);
      this.frames = engine.frames;
      this.receive({ id, answer, frames: null });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      this.receive({ id, error: { name, message }, frames: null });
    }
  }

  /**
   * @param {{id: number, answer?: unknown, error?: {name: string, message: string},
   *   frames: {isNew: boolean, rows: import('./frames.js').FrameRows} | null}} message
   */
  receive({ id, answer, error, frames }) {
    if (frames?.isNew) this.frames = new Frames();
    if (frames) this.frames.append(frames.rows);
    const { current } = this;
    if (!current || current.id !== id) return;
    this.current = null;
    if (error) current.reject(new EngineError(error));
    else current.resolve({ answer, frames: this.frames });
    this.go();
  }

  /** The worker cannot go on, or could not be loaded. */
  crash() {
    const message = 'the part of the page that reads profiles has stopped';
    for (const call of [this.current, ...this.next.values()]) {
      call?.reject(new EngineError({ name: 'Error', message }));
    }
    this.current = null;
    this.next.clear();
  }
}

/** @param {Picture} picture @param {Frames} frames @returns {SentLayout} */
function hydrate({ tree: columns, labels, ...rest }, frames) {
  const tree = new CallTree(frames, columns);
  tree.labels = labels;
  tree.countScale = rest.countScale ?? 1;
  return { tree, ...rest };
}

/** Bytes are handed over. @param {unknown} argument @returns {Transferable[]} */
function transferable(argument) {
  return argument instanceof Uint8Array ? [/** @type {ArrayBuffer} */ (argument.buffer)] : [];
}
