// SPDX-License-Identifier: Apache-2.0

/**
 * Worker: the engine, in a thread of its own.
 *
 *     {id, method, argument}  --Engine-->  {id, answer | error, frames}
 *
 * Arrays of an answer are handed over, not copied. Frames that the page has not seen yet go along;
 * those of what is opened follow its summary, so that the page asks on while they are on their way.
 */

import { sentenceOf } from './dom.js';
import { Engine } from './engine.js';

/** @typedef {import('./engine_client.js').Call} Call */

const engine = new Engine();
let sentFrames = /** @type {import('./frames.js').Frames | null} */ (null);
let nFrames = 0;
let nTexts = 0;

/** Frames since the last answer; whether they are the first of a new profile. */
function newFrames() {
  const { frames } = engine;
  const isNew = frames !== sentFrames;
  if (isNew) [sentFrames, nFrames, nTexts] = [frames, 0, 1];
  if (!isNew && frames.size === nFrames) return null;
  const rows = frames.rowsFrom(nFrames, nTexts);
  [nFrames, nTexts] = [frames.size, frames.texts.length];
  return { isNew, rows };
}

/** The buffers in an answer. @param {unknown} value @param {Set<ArrayBuffer>} found */
function buffersOf(value, found = new Set()) {
  if (ArrayBuffer.isView(value)) found.add(/** @type {ArrayBuffer} */ (value.buffer));
  else if (Array.isArray(value)) {
    if (typeof value[0] === 'object') value.forEach((item) => buffersOf(item, found));
  } else if (value && typeof value === 'object') {
    Object.values(value).forEach((item) => buffersOf(item, found));
  }
  return found;
}

/** @param {object} message */
function send(message) {
  postMessage(message, { transfer: [...buffersOf(message)] });
}

/** @param {Call} call */
async function answer({ id, method, argument }) {
  try {
    const result = await /** @type {any} */ (engine)[method](argument);
    if (method === 'open') send({ id, answer: result });
    send({ id, answer: result, frames: newFrames() });
  } catch (error) {
    postMessage({ id, error: sentenceOf(error) });
  }
}

addEventListener('message', ({ data }) => answer(data));
