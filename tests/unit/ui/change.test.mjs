// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changeOf, describeChange, formatRatio, shareInterval } from '../../../web/ui/change.js';

/** Exact two-sided probability of such a split of n + m, or a rarer one, if nothing has changed. */
function chance(n, m, share) {
  const whole = n + m;
  const logs = [0];
  for (let i = 1; i <= whole; i++) logs[i] = logs[i - 1] + Math.log(i);
  const p = (k) =>
    Math.exp(
      logs[whole] -
        logs[k] -
        logs[whole - k] +
        k * Math.log(share) +
        (whole - k) * Math.log(1 - share),
    );
  let below = 0;
  let above = 0;
  for (let k = 0; k <= whole; k++) {
    if (k <= n) below += p(k);
    if (k >= n) above += p(k);
  }
  return Math.min(1, 2 * Math.min(below, above));
}

test('a change is of one of four kinds', () => {
  assert.equal(changeOf(5, 0, 1).kind, 'new');
  assert.equal(changeOf(0, 5, 1).kind, 'gone');
  assert.equal(changeOf(5, 4, 1).kind, 'more');
  assert.equal(changeOf(5, 4, 2).kind, 'less');
  assert.equal(changeOf(0, 0, 1), null);
});

test('the interval holds the ratio, and grows narrower with more samples', () => {
  let width = Infinity;
  for (const n of [5, 50, 500, 5000]) {
    const { low, high, ratio } = changeOf(2 * n, n, 1);
    assert.equal(ratio, 2);
    assert.ok(low < 2 && high > 2);
    assert.ok(high - low < width);
    width = high - low;
  }
});

test('what is sure is what an exact test calls so, at one in a hundred', () => {
  let n = 0;
  for (const [share, scale] of [
    [0.5, 1],
    [2 / 3, 2],
    [0.2, 0.25],
  ]) {
    for (let count = 0; count <= 50; count++) {
      for (let base = 0; base <= 50; base++) {
        if (!count && !base) continue;
        const exact = chance(count, base, share);
        const { isSure } = changeOf(count, base, scale);
        assert.equal(isSure, exact < 0.01, `${count} ${base} ${scale}: ${exact}`);
        n++;
      }
    }
  }
  assert.ok(n > 7000);
});

test('of boxes in which nothing has changed, few pass for sure', () => {
  let state = 12345;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const poisson = (mean) => {
    let n = -1;
    for (let left = mean; left > 0; n++) left += Math.log(random() || 1e-9);
    return n;
  };
  let nSure = 0;
  const nTries = 20000;
  for (let i = 0; i < nTries; i++) {
    const mean = 5 + 60 * random();
    if (changeOf(poisson(mean), poisson(mean), 1)?.isSure) nSure++;
  }
  assert.ok(nSure / nTries < 0.0125, `${nSure} of ${nTries}`);
});

test('with many samples, what is sure is sure by an exact test, too', () => {
  for (const base of [300, 700]) {
    for (let count = base - 150; count <= base + 150; count++) {
      const exact = chance(count, base, 0.5);
      if (exact > 0.0125) assert.ok(!changeOf(count, base, 1).isSure, `${count} ${base}: ${exact}`);
      if (exact < 0.008) assert.ok(changeOf(count, base, 1).isSure, `${count} ${base}: ${exact}`);
    }
  }
});

test('swapping the sides turns the ratio round', () => {
  const { low, high } = changeOf(30, 10, 1);
  const back = changeOf(10, 30, 1);
  assert.ok(Math.abs(back.low - 1 / high) < 1e-9 && Math.abs(back.high - 1 / low) < 1e-9);
});

test('an interval of a share stays between none and all', () => {
  assert.equal(shareInterval(0, 5).low, 0);
  assert.equal(shareInterval(5, 5).high, 1);
  for (let n = 0; n <= 40; n++) {
    const { low, high } = shareInterval(n, 40);
    assert.ok(low >= 0 && low <= n / 40 && high >= n / 40 && high <= 1);
  }
});

test('words tell what has changed and how sure that is', () => {
  assert.equal(formatRatio(1.25), '+25 %');
  assert.equal(formatRatio(0.5), '−50 %');
  assert.equal(formatRatio(3), '×3.0');
  assert.equal(formatRatio(40), '×40');
  assert.equal(describeChange(changeOf(11, 10, 1)), '+10 %, within sampling error');
  assert.match(describeChange(changeOf(1000, 500, 1)), /^×2\.0 \(\+\d+ % to ×2\.\d\)$/);
  assert.match(describeChange(changeOf(100, 0, 1)), /^new, or ×\d+ at least$/);
  assert.match(describeChange(changeOf(0, 100, 1)), /^gone, or −\d+ % at most$/);
  assert.equal(describeChange(changeOf(1, 0, 1)), 'new, within sampling error');
});
