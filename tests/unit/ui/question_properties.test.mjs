// SPDX-License-Identifier: Apache-2.0

/** What is true of the answers to any question about any profile: asked of random ones. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { layoutIn, QUESTION } from './pictures.mjs';
import { forAll } from './random_profile.mjs';

/** @param {{count: number}[]} samples */
const counted = (samples) => samples.reduce((sum, { count }) => sum + count, 0);

/** The frame of a function of that name. */
function frameOf(engine, name) {
  const row = engine.frames.names.indexOf(name);
  return row < 0 ? null : engine.frames.get(row);
}

/** Names of functions whose name is that of one frame only: they lie in one module. */
const FUNCTIONS = ['main', 'f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6'];

test('the table has of each function the samples with it, and those that end in it', async () => {
  await forAll(({ engine, samples }) => {
    const table = engine.table(QUESTION);
    const rows = new Map();
    table.frame.forEach((frame, row) => rows.set(engine.frames.names[frame], row));
    const perSample = table.whole / counted(samples);
    for (const name of FUNCTIONS) {
      const withIt = counted(samples.filter(({ stack }) => stack.includes(name)));
      const endsInIt = counted(samples.filter(({ stack }) => stack.at(-1) === name));
      const row = rows.get(name);
      assert.equal(table.count[row] ?? 0, withIt, name);
      const self = (table.self[row] ?? 0) / perSample;
      assert.ok(Math.abs(self - endsInIt) < 1e-6, `${name}: ${self} of its own`);
    }
    const selves = table.self.reduce((sum, self) => sum + self, 0);
    assert.ok(Math.abs(selves - table.whole) < 1e-3, 'own times are together all there is');
  });
});

test('callers and callees of a function both have the samples with it', async () => {
  await forAll(({ engine, samples }) => {
    for (const name of FUNCTIONS) {
      const fn = frameOf(engine, name)?.id;
      const withIt = counted(samples.filter(({ stack }) => stack.includes(name)));
      if (!fn || !withIt) continue;
      const { callers, callees } = engine.sandwich({ ...QUESTION, fn });
      assert.equal(callers.tree.samples[ROOT], withIt, `callers of ${name}`);
      assert.equal(callees.tree.samples[ROOT], withIt, `callees of ${name}`);
    }
  });
});

test('the parts of a split are together all there is, each what its label selects', async () => {
  await forAll(({ engine, samples }) => {
    for (const group of ['comm', 'pid', 'thread', 'no such label']) {
      const { parts } = engine.split({ ...QUESTION, group });
      const sum = parts.reduce((all, { picture }) => all + picture.tree.samples[ROOT], 0);
      assert.equal(sum, counted(samples), group);
      for (const { value, count, picture } of parts) {
        assert.equal(picture.tree.samples[ROOT], count);
        if (!value) continue;
        const { tree } = layoutIn(engine, { query: `{${group}="${value}"}` });
        assert.equal(tree.samples[ROOT], count, `${group}=${value}`);
      }
    }
  });
});

test('the table of a comparison with itself has everything twice', async () => {
  await forAll(({ engine }) => {
    const { base } = engine;
    engine.base = engine.side;
    const table = engine.table({ ...QUESTION, base: { query: '' } });
    engine.base = base;
    assert.deepEqual([...table.baseTotal], [...table.total]);
    assert.equal(table.baseWhole, table.whole);
  });
});
