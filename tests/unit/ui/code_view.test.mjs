// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  countLines,
  filesOf,
  hottestRow,
  lineIn,
  parseListing,
  sourceRows,
} from '../../../web/ui/code_view.js';

const place = (fn, file, line) => ({ function: fn, file, line });
const instruction = (self, total, ...frames) => ({
  address: '0x10',
  bytes: '90',
  text: 'nop',
  self,
  total,
  frames,
});
const listing = parseListing({
  function: 'take',
  file: '/usr/bin/api',
  self: 17,
  total: 20,
  instructions: [
    instruction(0, 0, place('take', 'pool.cc', 8)),
    instruction(5, 5, place('take', 'pool.cc', 9)),
    instruction(12, 12, place('swap', 'swap.h', 3), place('take', 'pool.cc', 9)),
    instruction(0, 3, place('take', 'pool.cc', 11)),
    instruction(0, 0, place('take', 'pool.cc', 0)),
  ],
});

test('a line has the samples of all its instructions, inlined ones too', () => {
  assert.deepEqual(
    [...countLines(listing, 'pool.cc')],
    [
      [8, { self: 0, total: 0 }],
      [9, { self: 17, total: 17 }],
      [11, { self: 0, total: 3 }],
    ],
  );
  assert.deepEqual([...countLines(listing, 'swap.h')], [[3, { self: 12, total: 12 }]]);
});

test('the first file is that of the function itself', () => {
  assert.deepEqual(filesOf(listing), ['pool.cc', 'swap.h']);
  assert.equal(lineIn(listing.instructions[2], 'pool.cc'), 9);
  assert.equal(lineIn(listing.instructions[4], 'pool.cc'), 0);
});

test('source lines stand beside their samples', () => {
  const counts = countLines(listing, 'pool.cc');
  const text = Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join('\r\n') + '\n';
  const rows = sourceRows(text, counts);
  assert.equal(rows.length, 12);
  assert.deepEqual(rows[8], { number: 9, text: 'line 9', self: 17, total: 17 });
  assert.deepEqual(rows[0], { number: 1, text: 'line 1', self: 0, total: 0 });
  assert.equal(hottestRow(rows), 8);
});

test('without the source, lines that have code are there in order', () => {
  const rows = sourceRows(null, countLines(listing, 'pool.cc'));
  assert.deepEqual(
    rows.map(({ number }) => number),
    [8, 9, 11],
  );
});

test('the hottest row has most of its own, or else most in all', () => {
  assert.equal(hottestRow([]), -1);
  assert.equal(hottestRow([{ self: 0, total: 0 }]), -1);
  assert.equal(
    hottestRow([
      { self: 0, total: 1 },
      { self: 0, total: 3 },
      { self: 0, total: 2 },
    ]),
    1,
  );
  assert.equal(
    hottestRow([
      { self: 0, total: 9 },
      { self: 1, total: 1 },
    ]),
    1,
  );
});

test('what a server leaves out, or makes up, does no harm', () => {
  for (const json of [null, {}, { instructions: 3 }, { instructions: [null, { frames: [1] }] }]) {
    const { instructions } = parseListing(json);
    for (const one of instructions) assert.equal(lineIn(one, 'x'), 0);
    assert.deepEqual([...countLines(parseListing(json), '')], []);
  }
});
