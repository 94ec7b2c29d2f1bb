// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatMoment, timeTicks } from '../../../web/ui/time_axis.js';
import { panSpan, WHOLE, zoomSpan } from '../../../web/ui/viewport.js';

const NOON = Date.parse('2026-11-26T12:00:00') * 1e6; // where the reader is

test('ticks stand at round times, with room for their texts', () => {
  for (const seconds of [86400, 3600, 61, 30, 3, 0.4, 0.05, 0.0011]) {
    const start = NOON + 0.3 * seconds * 1e9;
    const ticks = timeTicks(start, start + seconds * 1e9, 1000);
    assert.ok(ticks.length >= 3 && ticks.length <= 10, `${seconds} s: ${ticks.length}`);
    assert.equal(new Set(ticks.map(({ text }) => text)).size, ticks.length);
    const gaps = ticks.slice(1).map(({ share }, i) => share - ticks[i].share);
    for (const gap of gaps) assert.ok(Math.abs(gap - gaps[0]) < 1e-3 && gap * 1000 >= 100);
    assert.ok(ticks.every(({ share }) => share >= 0 && share < 1));
  }
  assert.deepEqual(timeTicks(5, 5, 1000), []);
});

test('a moment has as many digits as its neighbours need', () => {
  assert.equal(formatMoment(NOON, 1e9), '12:00:00');
  assert.equal(formatMoment(NOON + 125e6, 1e6), '12:00:00.125');
  assert.equal(formatMoment(NOON + 1e9 + 0.5e6, 1e5), '12:00:01.0005');
  assert.equal(formatMoment(NOON + 50e6, 1e8), '12:00:00.0');
});

test('a span zooms about a place, and never leaves the whole', () => {
  const half = zoomSpan(WHOLE, 0.5, 0.5);
  assert.deepEqual(half, { start: 0.25, end: 0.75 });
  assert.deepEqual(zoomSpan(half, 2, 0.5), WHOLE);
  assert.deepEqual(zoomSpan(WHOLE, 0.25, 0), { start: 0, end: 0.25 });
  assert.deepEqual(zoomSpan(half, 100, 0.9), WHOLE);
  const least = zoomSpan(half, 0, 0.5);
  assert.ok(least.end > least.start);
  assert.deepEqual(panSpan(half, 0.5), { start: 0.5, end: 1 });
  assert.deepEqual(panSpan(half, 5), { start: 0.5, end: 1 });
  assert.deepEqual(panSpan(half, -5), { start: 0, end: 0.5 });
});
