// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { groupMarks, isBeside } from '../../../web/ui/timeline.js';
import { baseOfChoice, describeBase, formatRatio, swapped } from '../../../web/ui/compare.js';
import { formatState, parseState } from '../../../web/ui/state.js';
import { TimeScale } from '../../../web/ui/time_scale.js';

const NOW = 1700006400;
const STATE = parseState(`#range=60&at=${NOW}&query={comm="a"}`);

test('a base that is chosen is as long as the range, and so long before it', () => {
  for (const [choice, byS] of /** @type {[string, number][]} */ ([
    ['before', 60],
    ['hour', 3600],
    ['day', 86400],
    ['week', 604800],
  ])) {
    const base = baseOfChoice(STATE, choice, NOW);
    assert.deepEqual(base, { query: STATE.query, rangeS: 60, at: NOW - byS });
  }
  assert.equal(baseOfChoice(STATE, 'pick', NOW), null);
});

test('changing places twice is as it was', () => {
  const base = { query: '{comm="b"}', rangeS: 30, at: NOW - 100 };
  const there = { ...STATE, base };
  const back = { ...there, ...swapped(there) };
  assert.deepEqual([back.rangeS, back.at, back.query], [30, NOW - 100, '{comm="b"}']);
  assert.deepEqual({ ...back, ...swapped(back) }, there);
  assert.deepEqual(parseState(formatState(back)), back);
});

test('a base is told by what it has of its own', () => {
  const ofOthers = { query: '{comm="b"}', rangeS: 60, at: NOW };
  assert.equal(describeBase(ofOthers, STATE, NOW), '{comm="b"}');
  const earlier = { query: STATE.query, rangeS: 60, at: NOW - 60 };
  assert.match(describeBase(earlier, STATE, NOW), /^[^{]+ – [^{]+$/);
  assert.match(describeBase({ ...earlier, query: '' }, STATE, NOW), / of the whole host$/);
});

test('ratios are short', () => {
  for (const [ratio, text] of /** @type {[number, string][]} */ ([
    [1.25, '+25 %'],
    [0.5, '−50 %'],
    [3, '×3.0'],
    [40, '×40'],
    [0, 'gone'],
    [Infinity, 'new'],
  ])) {
    assert.equal(formatRatio(ratio), text);
  }
});

test('marks that cannot be told apart are one, of the change with most samples', () => {
  const change = (/** @type {number} */ time, /** @type {number} */ count) => ({
    time,
    file: `/bin/f${count}`,
    build_id: 'bb'.repeat(10),
    before: 'aa'.repeat(10),
    before_until: time,
    count,
  });
  const scale = new TimeScale({ startS: NOW - 3600, endS: NOW }, 360);
  const times = [NOW - 4000, NOW - 1800, NOW - 1790, NOW - 60];
  const changes = times.map((time, i) => change(time, [9, 1, 5, 2][i]));
  const groups = groupMarks(changes, scale);
  assert.deepEqual(
    groups.map(({ change: { count }, changes }) => [count, changes.length]),
    [
      [5, 2],
      [2, 1],
    ],
  );
  assert.match(groups[0].label, /f5: build bbbbbbbb in place of aaaaaaaa; f1: /);
  assert.ok(!isBeside(changes[1]));
  assert.ok(isBeside({ ...changes[1], before_until: NOW }));
});
