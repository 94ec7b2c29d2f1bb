// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  coresAt,
  mergeTimeline,
  sumsOf,
  timelineUrl,
  wantedSteps,
} from '../../../web/ui/timeline_source.js';

const STEP = 15;
const START = 1700000010; // a multiple of the step
const window = (n, shift = 0) => ({
  startS: START + shift * STEP,
  endS: START + (shift + n) * STEP,
});
const series = (name, values) => ({ labels: { service_name: name }, values });

function answer(shift, steps, list, other = null) {
  return { from: START + shift * STEP, step: STEP, steps, series: list, other };
}

const WHOLE = answer(0, 4, [series('a', [9e9, 9e9, 9e9, 3e9]), series('b', [1e9, 0, 0, 1e9])], {
  values: [0, 5e8, 0, 0],
});

test('the whole is asked for at first, then only what may have changed', () => {
  assert.ok(wantedSteps(null, window(40), STEP).isWhole);
  const data = mergeTimeline(null, answer(0, 40, [series('a', Array(40).fill(1e9))]), window(40));
  const next = wantedSteps(data, window(40, 1), STEP);
  assert.deepEqual(next, { first: START / STEP + 38, end: START / STEP + 41, isWhole: false });
  assert.ok(wantedSteps(data, window(40, 11), STEP).isWhole, 'too much has come');
  assert.ok(wantedSteps(data, window(40, -1), STEP).isWhole, 'it goes back');
  assert.ok(wantedSteps(data, window(40), 60).isWhole, 'other steps');
});

test('a question is about whole steps', () => {
  const steps = { first: START / STEP, end: START / STEP + 4, isWhole: true };
  const url = timelineUrl(steps, STEP, '{a="b"}');
  assert.equal(
    url,
    `/api/v1/timeline?from=${START}&to=${START + 60}&step=15&by=service_name&limit=8` +
      '&query=%7Ba%3D%22b%22%7D',
  );
});

test('later answers replace the last steps, and what is new to them is the rest', () => {
  const data = mergeTimeline(null, WHOLE, window(4));
  assert.deepEqual(
    data.series.map(({ name }) => name),
    ['a', 'b', ''],
  );
  const later = answer(3, 2, [series('c', [2e9, 7e9]), series('b', [4e9, 5e9])], null);
  const merged = mergeTimeline(data, later, window(4, 1));
  assert.equal(merged.firstStep, START / STEP + 1);
  assert.deepEqual([...merged.series[0].values], [9e9, 9e9, 0, 0]);
  assert.deepEqual([...merged.series[1].values], [0, 0, 4e9, 5e9]);
  assert.deepEqual([...merged.series[2].values], [5e8, 0, 2e9, 7e9]);
});

test('pieces add up to what the whole would be', () => {
  const values = Array.from({ length: 40 }, (_, i) => (i + 1) * 1e8);
  const whole = mergeTimeline(null, answer(5, 40, [series('a', values)]), window(40, 5));
  const first = [...Array(5).fill(1), ...values.slice(0, 35)];
  let data = mergeTimeline(null, answer(0, 40, [series('a', first)]), window(40));
  for (let shift = 1; shift <= 5; shift++) {
    const piece = answer(37 + shift, 3, [series('a', values.slice(32 + shift, 35 + shift))]);
    data = mergeTimeline(data, piece, window(40, shift));
  }
  assert.deepEqual(data, whole);
});

test('CPUs in use are by the length of a step, and of the last one as far as it has lasted', () => {
  const data = mergeTimeline(null, WHOLE, window(4));
  const now = START + 3 * STEP + 5;
  assert.ok(Math.abs(coresAt(data, 0, now) - 10 / 15) < 1e-9);
  assert.ok(Math.abs(coresAt(data, 3, now) - 4 / 5) < 1e-9);
});

test('sums of a range count steps that are cut in part', () => {
  const data = mergeTimeline(null, WHOLE, window(4));
  const now = START + 99 * STEP;
  assert.deepEqual(sumsOf(data, window(4), now), [30, 2, 0.5]);
  const [a] = sumsOf(data, { startS: START + STEP / 3, endS: START + 2 * STEP }, now);
  assert.ok(Math.abs(a - (6 + 9)) < 1e-9);
  assert.deepEqual(sumsOf(data, { startS: 0, endS: 10 }, now), [0, 0, 0]);
});

test('what was used in a step that is not over was used by now', () => {
  const data = mergeTimeline(null, WHOLE, window(4));
  const startS = START + 3 * STEP;
  const sums = (endS) => sumsOf(data, { startS, endS }, startS + 5);
  assert.deepEqual(sums(startS + 5), [3, 1, 0]);
  assert.deepEqual(sums(startS + STEP), [3, 1, 0], 'also if the range goes on');
  assert.deepEqual(sums(startS + 2.5), [1.5, 0.5, 0]);
});
