// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatSorting, parseSorting, sortBy, sortFunctions } from '../../../web/ui/weights.js';

const ROWS = /** @type {[string, string, number, number][]} */ ([
  ['main', '/usr/bin/api', 0, 50],
  ['take', '/usr/bin/api', 30, 40],
  ['memcpy', '/lib/libc.so.6', 10, 10],
  ['read', '/lib/libc.so.6', 10, 12],
  ['alloc', '/usr/bin/api', 0, 50],
]);
/** @type {any} */
const table = {
  frames: { get: (row) => ({ name: ROWS[row][0], module: ROWS[row][1] }) },
  frame: Int32Array.from(ROWS.keys()),
  self: Float64Array.from(ROWS, (row) => row[2]),
  total: Float64Array.from(ROWS, (row) => row[3]),
  count: Float64Array.from(ROWS, (row) => row[3]),
  whole: 50,
};
const names = (sorting, found = null) =>
  Array.from(sortFunctions(table, parseSorting(sorting), found), (row) => ROWS[row][0]);

test('numbers begin with the largest, and texts with A', () => {
  assert.deepEqual(names('self'), ['take', 'read', 'memcpy', 'main', 'alloc']);
  assert.deepEqual(names('total'), ['main', 'alloc', 'take', 'read', 'memcpy']);
  assert.deepEqual(names('name'), ['alloc', 'main', 'memcpy', 'read', 'take']);
  assert.deepEqual(names('module'), ['main', 'alloc', 'take', 'read', 'memcpy']);
  assert.deepEqual(names('-total'), ['memcpy', 'read', 'take', 'main', 'alloc']);
  assert.deepEqual(names('-name'), names('name').reverse());
});

test('a search leaves what it has found', () => {
  assert.deepEqual(names('total', Uint8Array.of(0, 0, 1, 1, 0)), ['read', 'memcpy']);
  assert.deepEqual(names('name', Uint8Array.of(1, 0, 1, 0)), ['main', 'memcpy']);
  assert.deepEqual(names('total', new Uint8Array(5)), []);
});

test('a second click on a head turns the order round, and the address says so', () => {
  let sorting = parseSorting('');
  assert.equal(formatSorting(sorting), 'self');
  for (const [key, text] of [
    ['self', '-self'],
    ['name', 'name'],
    ['name', '-name'],
    ['total', 'total'],
    ['nothing', '-total'],
  ]) {
    sorting = sortBy(sorting, key);
    assert.equal(formatSorting(sorting), text);
    assert.deepEqual(parseSorting(text), sorting);
  }
});

test('a hundred thousand functions are sorted by what they are called', () => {
  const n = 100000;
  const frames = Array.from({ length: n }, (_, i) => ({
    name: `f${((i * 7919) % n).toString().padStart(6, '0')}`,
    module: '/bin/x',
  }));
  const values = Float64Array.from({ length: n }, (_, i) => i);
  /** @type {any} */
  const large = {
    frames: { get: (row) => frames[row] },
    frame: Int32Array.from(frames.keys()),
    self: values,
    total: values,
    count: values,
    whole: n,
  };
  const rows = sortFunctions(large, parseSorting('name'), null);
  assert.equal(rows.length, n);
  for (let i = 1; i < n; i++) assert.ok(frames[rows[i - 1]].name < frames[rows[i]].name);
});
