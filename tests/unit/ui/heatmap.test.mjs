// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  cellByKey,
  cellsOfRange,
  countOfCells,
  heatmapUrl,
  mostOf,
  rangeOfCells,
} from '../../../web/ui/heatmap.js';
import { profileUrl } from '../../../web/ui/state.js';
import { whenOf } from '../../../web/ui/time_scale.js';

const FROM = 1700000000;
const MAP = {
  from: FROM,
  column: 1,
  columns: 3,
  rows: 50,
  counts: [1, 2, 3].map((k) => Array.from({ length: 50 }, (_, row) => k * 100 + row)),
  coarse: [0, 0, 0],
};

test('each cell is a range of its own, and leads back to itself', () => {
  for (let cell = 0; cell < 150; cell++) {
    const range = rangeOfCells(MAP, cell, cell);
    assert.deepEqual(cellsOfRange(MAP, range), { first: cell, end: cell + 1 });
  }
});

test('what is asked of the server are the milliseconds of the cells, to the digit', () => {
  for (let cell = 0; cell < 150; cell++) {
    const when = whenOf(rangeOfCells(MAP, cell, cell), FROM + 1000, 1);
    const fields = new URLSearchParams(profileUrl({ ...when, query: '' }, 'pprof').split('?')[1]);
    const exact = (at) => {
      const ms = String((at % 50) * 20).padStart(3, '0');
      return `${FROM + Math.floor(at / 50)}.${ms}`.replace(/\.?0+$/, (zeros) =>
        zeros.startsWith('.') ? '' : zeros.replace(/0+$/, ''),
      );
    };
    assert.equal(Number(fields.get('from')), Number(exact(cell)));
    assert.ok(fields.get('from').length <= String(FROM).length + 4, fields.get('from'));
    assert.ok(fields.get('to').length <= String(FROM).length + 4, fields.get('to'));
    assert.equal(Number(fields.get('to')), Number(exact(cell + 1)));
  }
});

test('a selection goes on in time, whichever end comes first', () => {
  const range = rangeOfCells(MAP, 120, 40);
  assert.deepEqual(range, { startS: FROM + 0.8, endS: FROM + 2.42 });
  assert.deepEqual(cellsOfRange(MAP, range), { first: 40, end: 121 });
  assert.equal(cellsOfRange(MAP, { startS: FROM - 9, endS: FROM }), null);
  assert.deepEqual(cellsOfRange(MAP, { startS: FROM - 9, endS: FROM + 9 }), { first: 0, end: 150 });
});

test('counts of cells add up', () => {
  assert.equal(countOfCells(MAP, 0, 1), 100);
  assert.equal(countOfCells(MAP, 49, 51), 149 + 200);
  assert.equal(countOfCells(MAP, 0, 150), 50 * 600 + 3 * 1225);
  assert.equal(mostOf(MAP), 349);
});

test('keys lead to neighbours and stay on the map', () => {
  assert.equal(cellByKey(MAP, 60, 'ArrowUp'), 61);
  assert.equal(cellByKey(MAP, 99, 'ArrowUp'), 99);
  assert.equal(cellByKey(MAP, 60, 'ArrowLeft'), 10);
  assert.equal(cellByKey(MAP, 10, 'ArrowLeft'), 10);
  assert.equal(cellByKey(MAP, 60, 'PageDown'), 110);
  assert.equal(cellByKey(MAP, 60, 'Home'), 50);
  assert.equal(cellByKey(MAP, 60, 'End'), 99);
  assert.equal(cellByKey(MAP, 60, 'x'), -1);
});

test('a map is asked for by whole seconds', () => {
  const fields = new URLSearchParams(heatmapUrl(FROM, '').split('?')[1]);
  assert.deepEqual(Object.fromEntries(fields), {
    from: String(FROM - 120),
    to: String(FROM),
    rows: '50',
    columns: '120',
  });
});
