// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  aroundChange,
  dragged,
  exactS,
  nudged,
  rangeOf,
  whenOf,
  windowOf,
} from '../../../web/ui/time_scale.js';

const NOW = 1700006400; // a midnight
const HOUR = { startS: NOW - 3600, endS: NOW };

test('times are exact to the microsecond, whatever was added up', () => {
  assert.equal(exactS(1700000000.04 - 0.02), 1700000000.02);
  assert.equal(String(rangeOf({ rangeS: 0.02, at: 1700000000.04 }, NOW).startS), '1700000000.02');
});

test('a range is live if it ends now, and else has an end', () => {
  assert.deepEqual(whenOf({ startS: NOW - 60, endS: NOW - 3 }, NOW, 15), { rangeS: 60, at: null });
  const past = whenOf({ startS: NOW - 90, endS: NOW - 30 }, NOW, 15);
  assert.deepEqual(past, { rangeS: 60, at: NOW - 30 });
  assert.deepEqual(rangeOf(past, NOW), { startS: NOW - 90, endS: NOW - 30 });
});

test('a drag selects whole steps, in either direction, within the bounds', () => {
  const wanted = { startS: NOW - 65, endS: NOW - 20 };
  assert.deepEqual(dragged(NOW - 61, NOW - 22, 15, { startS: NOW - 65, endS: NOW - 20 }), wanted);
  const there = dragged(NOW - 600, NOW - 500, 15, HOUR);
  assert.deepEqual(dragged(NOW - 500, NOW - 600, 15, HOUR), there);
  assert.equal(there.startS % 15, 0);
  assert.equal(there.endS % 15, 0);
  assert.ok(there.startS <= NOW - 600 && there.endS > NOW - 500);
  const click = dragged(NOW - 500, NOW - 500, 15, HOUR);
  assert.equal(click.endS - click.startS, 15);
  assert.deepEqual(dragged(0, 1, 15, HOUR).startS, HOUR.startS);
});

test('keys move an edge or all of a range, and never beyond the bounds or each other', () => {
  const range = { startS: NOW - 100, endS: NOW - 40 };
  assert.deepEqual(nudged(range, 'start', -15, HOUR), { startS: NOW - 115, endS: NOW - 40 });
  assert.deepEqual(nudged(range, 'start', 1000, HOUR), { startS: NOW - 41, endS: NOW - 40 });
  assert.deepEqual(nudged(range, 'end', 1000, HOUR), { startS: NOW - 100, endS: NOW });
  assert.deepEqual(nudged(range, 'end', -1000, HOUR), { startS: NOW - 100, endS: NOW - 99 });
  assert.deepEqual(nudged(range, 'both', 1000, HOUR), { startS: NOW - 60, endS: NOW });
  assert.deepEqual(nudged(range, 'both', -9000, HOUR), { startS: NOW - 3600, endS: NOW - 3540 });
});

test('moving there and back again is where it was', () => {
  const range = { startS: NOW - 700, endS: NOW - 400 };
  for (const edge of /** @type {const} */ (['start', 'end', 'both'])) {
    assert.deepEqual(nudged(nudged(range, edge, 30, HOUR), edge, -30, HOUR), range);
  }
});

test('a timeline ends now, unless what is selected is older than it', () => {
  const live = windowOf({ startS: NOW - 30, endS: NOW }, 3600, NOW, 15);
  assert.deepEqual(live, HOUR);
  const old = windowOf({ startS: NOW - 9000, endS: NOW - 8000 }, 3600, NOW, 15);
  assert.equal(old.endS - old.startS, 3600);
  assert.ok(old.startS < NOW - 9000 && old.endS > NOW - 8000 && old.endS < NOW);
  const later = windowOf({ startS: NOW - 3700, endS: NOW - 3650 }, 3600, NOW, 15);
  assert.ok(later.endS <= NOW && later.startS <= NOW - 3700);
});

test('before and after a change are as long as each other, and meet there', () => {
  const { range, base } = aroundChange(NOW - 200.25, HOUR);
  assert.deepEqual(range, { rangeS: 200.25, at: NOW });
  assert.deepEqual(base, { rangeS: 200.25, at: NOW - 200.25 });
  assert.equal(aroundChange(NOW - 1800, HOUR).range.rangeS, 600);
  assert.equal(aroundChange(NOW - 1, HOUR).range.rangeS, 10);
});
