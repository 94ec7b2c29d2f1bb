// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { TimelineSource } from '../../../web/ui/timeline_source.js';

const NOW_S = 1700006400;
const HOUR = { window: { startS: NOW_S - 3600, endS: NOW_S }, stepS: 15, heatEndS: null, query: '' };
const DAY = { ...HOUR, window: { startS: NOW_S - 86400, endS: NOW_S }, stepS: 600 };
const NOTHING = { ...HOUR, window: null };

/** Until all that is under way has come as far as it can. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** No build has changed; a timeline has one service, whose name is how many seconds a step has. */
async function answerTimeline(/** @type {string} */ url) {
  if (url.startsWith('/api/v1/builds?')) return Response.json({ builds: [] });
  const fields = new URL(url, 'http://host').searchParams;
  const [from, to, step] = ['from', 'to', 'step'].map((name) => Number(fields.get(name)));
  const steps = (to - from) / step;
  const series = [{ labels: { service_name: `s${step}` }, values: Array(steps).fill(1e9) }];
  return Response.json({ from, step, steps, series, other: null });
}

/** Never answers: what asks is given up, or fails. */
function keepWaiting(/** @type {string} */ _, /** @type {RequestInit} */ { signal }) {
  return new Promise((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
}

/** @param {(url: string, options: RequestInit) => Promise<unknown>} answer */
function sourceOf(answer) {
  mock.method(globalThis, 'fetch', answer);
  const told = { data: /** @type {any} */ (null), failures: /** @type {string[][]} */ ([]) };
  const source = new TimelineSource({
    onTimeline: (data) => void (told.data = data),
    onHeatmap: () => {},
    onBuilds: () => {},
    onFailure: (what, sentence) => void told.failures.push([what, sentence]),
  });
  return { source, told };
}

beforeEach(() => void Object.assign(globalThis, { document: { hidden: false } }));
afterEach(() => {
  mock.timers.reset();
  mock.reset();
});

test('other steps are data of their own, with names of their own', async () => {
  const { source, told } = sourceOf(answerTimeline);
  for (const wish of [HOUR, DAY, HOUR]) {
    source.follow(wish);
    await settle();
    assert.equal(told.data.stepS, wish.stepS);
    assert.deepEqual(
      told.data.series.map(({ name }) => name),
      [`s${wish.stepS}`, ''],
    );
    assert.ok(told.data.series[0].values.every((/** @type {number} */ ns) => ns === 1e9));
  }
  assert.deepEqual(told.failures, []);
});

test('what is live is asked for again as a whole, and services keep their places', async () => {
  mock.timers.enable({ apis: ['Date'], now: NOW_S * 1000 });
  let nowMs = 1000;
  mock.method(performance, 'now', () => nowMs);
  let names = ['a', 'b'];
  const whole = [];
  const { source, told } = sourceOf(async (url) => {
    const answer = await (await answerTimeline(url)).json();
    if (url.includes('limit=8')) whole.push(nowMs);
    const [{ values }] = answer.series ?? [{}];
    return Response.json({
      ...answer,
      series: names.map((name) => ({ labels: { service_name: name }, values })),
    });
  });
  const shown = async (/** @type {number} */ ms) => {
    nowMs += ms;
    source.follow(HOUR);
    await settle();
    return told.data.series.map(({ name }) => name).join();
  };
  assert.equal(await shown(0), 'a,b,');
  names = ['new', 'b', 'a'];
  assert.equal(await shown(30000), 'a,b,');
  assert.equal(await shown(31000), 'a,b,new,');
  assert.equal(await shown(30000), 'a,b,new,');
  assert.deepEqual(whole, [1000, 62000]);
  mock.timers.tick(3600 * 1000);
  assert.equal(await shown(3600 * 1000), 'a,b,new,');
  assert.deepEqual(whole, [1000, 62000], 'what is over stays as it is');
});

test('what is live is asked for once, however long its answer takes', async () => {
  mock.timers.enable({ apis: ['Date'], now: NOW_S * 1000 });
  const asked = /** @type {string[]} */ ([]);
  const { source } = sourceOf((url, options) => {
    if (url.startsWith('/api/v1/timeline?')) asked.push(url);
    return keepWaiting(url, options);
  });
  const windowAt = (/** @type {number} */ s) => ({ startS: s - 3600, endS: s });
  for (let steps = 0; steps < 3; steps++) {
    source.follow({ ...HOUR, window: windowAt(NOW_S + steps * HOUR.stepS) });
    mock.timers.tick(HOUR.stepS * 1000);
  }
  assert.equal(asked.length, 1, `${asked}`);
  for (const s of [NOW_S - 7200, NOW_S - 9000]) source.follow({ ...HOUR, window: windowAt(s) });
  assert.equal(asked.length, 3, 'another time is another question');
  source.follow(NOTHING);
});

test('a service keeps its colour when others go, and has it again in another page', async () => {
  let names = ['a', 'b', 'c', 'd'];
  const answer = async (/** @type {string} */ url) => {
    const { series, ...rest } = await (await answerTimeline(url)).json();
    const of = (/** @type {string} */ name) => ({ ...series[0], labels: { service_name: name } });
    return Response.json(series ? { ...rest, series: names.map(of) } : rest);
  };
  const { source, told } = sourceOf(answer);
  const bands = async (/** @type {import('../../../web/ui/timeline_source.js').TimelineWish} */ wish) => {
    source.follow(wish);
    await settle();
    const services = told.data.series.filter(({ name }) => name);
    return Object.fromEntries(services.map(({ name, band }) => [name, band]));
  };
  const { a, ...others } = await bands(HOUR);
  assert.equal(new Set([a, ...Object.values(others)]).size, 4, 'no two have the same');
  names = ['d', 'c', 'b'];
  assert.deepEqual(await bands({ ...DAY, query: '{x="y"}' }), others);
  names = ['d', 'c', 'b', 'a', 'e', 'f', 'g', 'h'];
  const { b, c, d, ...more } = await bands(HOUR);
  assert.deepEqual({ b, c, d }, others);
  assert.equal(new Set([b, c, d, ...Object.values(more)]).size, 8);
  const { told: elsewhere, source: another } = sourceOf(answer);
  names = ['a'];
  another.follow(HOUR);
  await settle();
  assert.equal(elsewhere.data.series[0].band, a);
});

test('what nobody wants any more has not failed', async () => {
  const { source, told } = sourceOf(keepWaiting);
  source.follow(HOUR);
  source.follow(NOTHING);
  await settle();
  assert.deepEqual(told.failures, []);
});

test('a failure is taken back when nobody wants the answer any more', async () => {
  const { source, told } = sourceOf(async () => new Response('no such label', { status: 400 }));
  source.follow({ ...HOUR, heatEndS: NOW_S });
  await settle();
  const whats = ['timeline', 'marks of builds', 'heat map'];
  assert.deepEqual(told.failures, whats.map((what) => [what, 'cannot be had: no such label']));
  told.failures.length = 0;
  source.follow(NOTHING);
  assert.deepEqual(told.failures, whats.map((what) => [what, '']));
});

test('what an answer lacks is told, and it counts as one', async () => {
  const { source, told } = sourceOf(async (url) => {
    const answer = await answerTimeline(url);
    answer.headers.set('X-Pilotlight-Limits', 'match, groups');
    return answer;
  });
  source.follow(HOUR);
  await settle();
  assert.deepEqual(
    told.failures.map(([what]) => what).sort(),
    ['marks of builds', 'timeline'],
  );
  for (const [, failing] of told.failures) assert.match(failing, /^may lack some: /);
  assert.equal(told.data.stepS, HOUR.stepS);
  assert.equal(source.askers.timeline.hasFailed, false);
});
