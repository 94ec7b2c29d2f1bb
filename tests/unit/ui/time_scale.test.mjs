// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  formatClock,
  formatMoment,
  formatTick,
  stepFor,
  ticksOf,
  TimeScale,
} from '../../../web/ui/time_scale.js';

const NOON = Date.parse('2026-11-26T12:00:00') / 1e3; // where the reader is
const DAY = { startS: NOON - 86400, endS: NOON };

test('a place on a scale leads to its time and back', () => {
  const scale = new TimeScale({ startS: NOON - 3600, endS: NOON }, 720);
  for (const x of [0, 1, 359.5, 720]) assert.ok(Math.abs(scale.xOf(scale.timeAt(x)) - x) < 1e-6);
  assert.equal(scale.xOf(NOON - 1800), 360);
  assert.equal(scale.timeAt(-5), NOON - 3625);
});

test('steps are round, and not too many', () => {
  for (const [span, step] of [
    [60, 1],
    [600, 5],
    [3600, 15],
    [86400, 600],
    [7 * 86400, 3600],
    [1000 * 86400, 86400],
  ]) {
    assert.equal(stepFor(span), step);
  }
});

test('ticks stand at round times, with room for their texts', () => {
  for (const seconds of [86400, 3600, 61, 30, 3, 0.4, 0.05, 0.0011]) {
    const startS = NOON + 0.3 * seconds;
    const endS = startS + seconds;
    const { stepS, times } = ticksOf({ startS, endS }, 9);
    assert.ok(times.length >= 3 && times.length <= 10, `${seconds} s: ${times.length}`);
    assert.equal(new Set(times.map((s) => formatTick(s, stepS))).size, times.length);
    const power = 10 ** Math.round(Math.log10(stepS) - 0.5 + 1e-9);
    const isRound = [1, 2, 5].some((n) => Math.abs(stepS / power - n) < 1e-6);
    assert.ok(stepS < 1 ? isRound : 86400 % stepS === 0, `${stepS} s`);
    times.forEach((s, i) => assert.ok(Math.abs(s - times[0] - i * stepS) < 1e-6));
    assert.ok(times.every((s) => s >= startS - 1e-6 && s < endS));
  }
  assert.deepEqual(ticksOf({ startS: 5, endS: 5 }, 9).times, []);
});

test('ticks lie at whole steps of the reader’s clock', () => {
  const { stepS, times } = ticksOf(DAY, 8);
  assert.equal(stepS, 14400);
  assert.ok(times.length >= 5 && times.length <= 8, `${times}`);
  for (const s of times) {
    assert.ok(s >= DAY.startS && s < DAY.endS);
    const date = new Date(s * 1000);
    assert.equal((date.getHours() % 4) + date.getMinutes() + date.getSeconds(), 0);
  }
  assert.match(formatTick(NOON - 12 * 3600, stepS), /26/, 'a midnight is a day');
  assert.equal(formatTick(NOON, stepS), '12:00');
});

test('a moment has as many digits as its neighbours need', () => {
  assert.equal(formatClock(NOON, 1), '12:00:00');
  assert.equal(formatClock(NOON, 60), '12:00:00');
  assert.equal(formatClock(NOON + 0.125, 1e-3), '12:00:00.125');
  assert.equal(formatClock(NOON + 1.0005, 1e-4), '12:00:01.0005');
  assert.equal(formatClock(NOON + 0.05, 0.1), '12:00:00.0');
  assert.equal(formatClock(NOON + 0.9999999, 1e-3), '12:00:01.000');
});

test('a moment of another day says which, and a part of a second how much of it', () => {
  assert.equal(formatMoment(NOON, NOON + 60), '12:00:00');
  assert.equal(formatMoment(NOON + 0.04, NOON + 60), '12:00:00.040');
  assert.match(formatMoment(NOON, NOON + 86400), /26.* 12:00:00$/);
});
