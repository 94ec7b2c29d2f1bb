// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rowWindow, scrollTopFor } from '../../../web/ui/dom.js';

const short = { count: 100, rowPx: 25, viewPx: 400 };
const long = { count: 1e6, rowPx: 25, viewPx: 400 };

/** Rows that are wholly in view. */
function seen(measures, scrollTop) {
  const { first, end, shiftPx } = rowWindow(measures, scrollTop);
  const rows = [];
  for (let row = first; row < end; row++) {
    const y = shiftPx + (row - first) * measures.rowPx;
    if (y >= scrollTop - 0.01 && y + measures.rowPx <= scrollTop + measures.viewPx + 0.01) {
      rows.push(row);
    }
  }
  return rows;
}

test('rows lie where they would if all of them were there', () => {
  for (const scrollTop of [0, 1, 12.5, 1000, 2100]) {
    const { first, end, heightPx, shiftPx } = rowWindow(short, scrollTop);
    assert.equal(heightPx, 2500);
    assert.equal(shiftPx, first * 25);
    assert.ok(end - first <= 16 + 1 + 16);
  }
  assert.deepEqual(
    seen(short, 0),
    Array.from({ length: 16 }, (_, i) => i),
  );
  assert.deepEqual(seen(short, 2100).at(-1), 99);
});

test('no row is there when there is none', () => {
  assert.deepEqual(rowWindow({ ...short, count: 0 }, 0), {
    first: 0,
    end: 0,
    heightPx: 0,
    shiftPx: 0,
  });
});

test('a list of a million rows is scrolled from its first to its last', () => {
  const { heightPx } = rowWindow(long, 0);
  assert.ok(heightPx <= 8e6);
  assert.equal(seen(long, 0)[0], 0);
  assert.equal(seen(long, heightPx - 400).at(-1), 999999);
  const middle = seen(long, (heightPx - 400) / 2);
  assert.ok(Math.abs(middle[0] - 499992) < 2, `${middle}`);
});

test('every row can be reached, by the shortest way', () => {
  for (const measures of [short, long]) {
    let scrollTop = 0;
    for (const row of [
      0,
      5,
      measures.count - 1,
      17,
      measures.count >> 1,
      (measures.count >> 1) + 1,
    ]) {
      scrollTop = scrollTopFor(measures, scrollTop, row);
      const rows = seen(measures, scrollTop);
      assert.ok(rows.includes(row), `${row} is not in ${rows}`);
      assert.equal(scrollTopFor(measures, scrollTop, rows[3]), scrollTop, 'it is seen already');
    }
  }
});
