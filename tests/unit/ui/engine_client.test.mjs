// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { Engine } from '../../../web/ui/engine.js';
import { QUESTION, synthetic } from './pictures.mjs';

/** A worker that answers as the page's does, but for what is told to keep it busy for ever. */
class FakeWorker {
  constructor() {
    this.engine = new Engine();
    this.listeners = {};
    this.isStopped = false;
    workers.push(this);
  }

  addEventListener(kind, listener) {
    this.listeners[kind] = listener;
  }

  async postMessage({ id, method, argument }) {
    this.asked = [...(this.asked ?? []), method];
    if (JSON.stringify(argument ?? null).includes('(a+)+')) return;
    const data = { id, frames: null };
    try {
      data.answer = await this.engine[method](argument);
      data.frames = { isNew: method === 'open', rows: this.engine.frames.rowsFrom(0, 1) };
    } catch (error) {
      data.error = String(error).replace(/^Error: /, '');
    }
    if (!this.isStopped) this.listeners.message({ data });
  }

  terminate() {
    this.isStopped = true;
  }
}

const workers = /** @type {FakeWorker[]} */ ([]);
/** @type {import('../../../web/ui/engine.js').Question} */
const EVIL = { ...QUESTION, transforms: [{ verb: 'focus', what: '/(a+)+$/' }] };
Object.assign(globalThis, { document: { getElementById: () => null }, Worker: FakeWorker });
mock.timers.enable({ apis: ['setTimeout'] });
const { EngineClient } = await import('../../../web/ui/engine_client.js');
let client = new EngineClient();

beforeEach(async () => {
  workers.length = 0;
  client = new EngineClient();
  await client.open(synthetic(1));
});

test('a worker that does not come to an end is replaced, and what was open is opened', async () => {
  const expected = await client.picture(QUESTION);
  const hung = client.picture(EVIL);
  const later = client.table(QUESTION);
  mock.timers.tick(60000);
  await assert.rejects(hung, /^Error: it takes too long, and was given up$/);
  assert.ok(await later);
  assert.deepEqual([workers.length, workers[0].isStopped, workers[1].isStopped], [2, true, false]);
  const picture = await client.picture(QUESTION);
  assert.equal(picture?.tree.size, expected?.tree.size);
  assert.deepEqual(workers[1].asked, ['open', 'table', 'picture']);
});

test('what has kept a worker busy for ever is not asked again', async () => {
  const hung = client.search('/(a+)+$/');
  mock.timers.tick(60000);
  await assert.rejects(hung, /too long/);
  await assert.rejects(client.search('/(a+)+$/'), /too long/);
  const found = await client.search('nginx');
  assert.ok(found?.rows?.some(Boolean));
  assert.equal(workers.length, 2);
});

test('a worker that stops while it opens a profile is not given that one again', async () => {
  const broken = client.open(synthetic(2));
  workers[0].isStopped = true;
  workers[0].listeners.error();
  await assert.rejects(broken, /has stopped/);
  await assert.rejects(client.picture(QUESTION), /no profile is open/);
  const summary = await client.open(synthetic(3));
  assert.ok(summary?.nSamples);
});
