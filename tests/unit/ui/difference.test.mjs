// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { chanceOf, compareNode, zOf } from '../../../web/ui/compare.js';
import { ProfileWriter } from '../../browser/synthetic_profile.mjs';
import { engineOf, layoutIn, synthetic } from './pictures.mjs';

/** @param {Record<string, number>} stacks @param {number} [seconds] */
function bytesOf(stacks, seconds = 30) {
  const writer = new ProfileWriter();
  for (const [text, count] of Object.entries(stacks)) {
    const stack = text.split(' ').map((name) => [name, '/bin/a']);
    writer.sample({ comm: 'a', pid: '1' }, stack, count);
  }
  return writer.finish({ endS: 1700000030, seconds, comments: [] });
}

/** The engine with two profiles open, and a picture of how they differ. */
async function compared(now, before, scale = 'duration') {
  const engine = await engineOf(now);
  await engine.openBase(before);
  return layoutIn(engine, { base: { query: '' }, scale });
}

function nodeOf({ tree }, name) {
  return Array.from({ length: tree.size }, (_, n) => n).find((n) => tree.frameOf(n).name === name);
}

test('the chance of a difference is that of the exact binomial test', () => {
  // By sums of binomial coefficients, in whole numbers where there are any.
  const known = [
    [5, 5, 1, 1],
    [10, 0, 1, 2 * 0.5 ** 10],
    [9, 1, 1, 22 / 1024],
    [60, 40, 1, 0.05688793364098],
    [3, 0, 0.5, 1 / 27],
    [0, 3, 0.5, 0.5555555555556],
  ];
  for (const [count, base, scale, chance] of known) {
    assert.ok(Math.abs(chanceOf(count, base, scale) - chance) < 1e-9, `${count} to ${base}`);
  }
  assert.equal(chanceOf(0, 0, 1), 1);
});

test('of many samples the normal distribution tells the same as the exact one', () => {
  for (const count of [480, 500, 530, 560, 600]) {
    const exact = chanceOf(count, 1000 - count, 1);
    const normal = chanceOf(count + 1, 1000 - count, 1);
    assert.ok(Math.abs(exact - normal) < 0.2 * exact + 0.04, `${count}: ${exact} and ${normal}`);
  }
  assert.ok(chanceOf(1e6, 1e6 + 1000, 1) > 0.4);
  assert.ok(chanceOf(1e6, 1.02e6, 1) < 1e-20);
});

test('z has the sign of the change, and is 0 where there is none', () => {
  assert.equal(zOf(50, 50, 1), 0);
  assert.equal(zOf(50, 25, 2), 0);
  assert.ok(zOf(60, 40, 1) > 1.9 && zOf(60, 40, 1) < 2.1);
  assert.equal(zOf(40, 60, 1), -zOf(60, 40, 1));
  assert.equal(zOf(0, 0, 1), 0);
});

test('chance alone calls one in a hundred certain, or fewer', () => {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const toss = (/** @type {number} */ n) => {
    let heads = 0;
    for (let i = 0; i < n; i++) if (random() < 0.5) heads++;
    return heads;
  };
  let certain = 0;
  const tries = 4000;
  for (let i = 0; i < tries; i++) {
    const heads = toss(200);
    if (chanceOf(heads, 200 - heads, 1) < 0.01) certain++;
  }
  assert.ok(certain / tries <= 0.015, `${certain} of ${tries}`);
  assert.ok(certain > 0);
});

test('a comparison has what is new, gone, more, less and the same', async () => {
  const now = { 'main kept': 500, 'main grown': 300, 'main shrunk': 100, 'main fresh': 100 };
  const before = { 'main kept': 505, 'main grown': 100, 'main shrunk': 300, 'main lost': 95 };
  const layout = await compared(bytesOf(now), bytesOf(before));
  const kinds = Object.fromEntries(
    ['kept', 'grown', 'shrunk', 'fresh', 'lost'].map((name) => [
      name,
      compareNode(layout.tree, nodeOf(layout, name), layout.countScale).kind,
    ]),
  );
  assert.deepEqual(kinds, {
    kept: 'same',
    grown: 'more',
    shrunk: 'less',
    fresh: 'new',
    lost: 'gone',
  });
});

test('few samples prove little', async () => {
  const layout = await compared(bytesOf({ main: 100, 'main rare': 3 }), bytesOf({ main: 100 }));
  const change = compareNode(layout.tree, nodeOf(layout, 'rare'), layout.countScale);
  assert.equal(change.kind, 'same');
  assert.equal(change.ratio, Infinity);
  assert.equal(change.isCertain, false);
});

test('a base that is twice as long counts half', async () => {
  const layout = await compared(bytesOf({ main: 100 }, 30), bytesOf({ main: 200 }, 60));
  assert.equal(layout.scale, 0.5);
  assert.equal(layout.countScale, 0.5);
  const { tree } = layout;
  assert.equal(tree.baseSamples[ROOT], 200);
  assert.ok(Math.abs(tree.baseTotal[ROOT] / tree.total[ROOT] - 1) < 1e-6);
  assert.equal(compareNode(tree, ROOT, layout.countScale).kind, 'same');
});

test('scaled to the same total, shares are compared', async () => {
  const now = bytesOf({ 'main f': 300, 'main g': 100 }, 30);
  const before = bytesOf({ 'main f': 3000, 'main g': 1000 }, 30);
  const layout = await compared(now, before, 'total');
  const { tree } = layout;
  assert.ok(Math.abs(tree.baseTotal[ROOT] / tree.total[ROOT] - 1) < 1e-6);
  for (const name of ['f', 'g']) {
    assert.equal(compareNode(tree, nodeOf(layout, name), layout.countScale).kind, 'same');
  }
  const byDuration = await compared(now, before);
  assert.equal(compareNode(byDuration.tree, nodeOf(byDuration, 'f'), 1).kind, 'less');
});

test('a box of a comparison is as wide as both of its values', async () => {
  const engine = await engineOf(synthetic(1));
  await engine.openBase(synthetic(2));
  const { tree, start, end } = layoutIn(engine, { base: { query: '' } });
  const whole = tree.total[ROOT] + tree.baseTotal[ROOT];
  for (let node = 0; node < tree.size; node++) {
    const share = (tree.total[node] + tree.baseTotal[node]) / whole;
    assert.ok(Math.abs(end[node] - start[node] - share) < 1e-9);
  }
});

test('a profile compared with itself has not changed anywhere', async () => {
  const engine = await engineOf(synthetic(1));
  await engine.openBase(synthetic(1));
  const { tree, countScale } = layoutIn(engine, { base: { query: '' } });
  for (let node = 0; node < tree.size; node++) {
    const { kind, delta } = compareNode(tree, node, countScale);
    assert.equal(kind, 'same');
    assert.equal(delta, 0);
  }
  assert.equal(layoutIn(engine).tree.baseTotal, null, 'a question that wants no base has none');
});
