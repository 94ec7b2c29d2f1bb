// SPDX-License-Identifier: Apache-2.0

/** What is true of the picture of any profile: asked of random ones. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { engineOf, layoutIn } from './pictures.mjs';
import { forAll, randomProfile, SEEDS } from './random_profile.mjs';

/** Samples in a picture. */
const total = ({ tree }) => (tree.size ? tree.samples[ROOT] : 0);

test('all samples are in the picture, and every node has what is beneath it and its own', async () => {
  await forAll(({ engine, samples }) => {
    const layout = layoutIn(engine);
    const { tree } = layout;
    assert.equal(total(layout), samples.reduce((sum, { count }) => sum + count, 0));
    const sums = Float64Array.from(tree.self.slice(0, tree.size));
    for (let node = 1; node < tree.size; node++) sums[tree.parent[node]] += tree.total[node];
    for (let node = 0; node < tree.size; node++) {
      assert.ok(Math.abs(sums[node] - tree.total[node]) < 1e-3);
      if (node) assert.ok(tree.parent[node] < node);
    }
  });
});

test('the picture has the stacks that went in, and no others', async () => {
  await forAll(({ engine, samples }) => {
    const { tree } = layoutIn(engine);
    const expected = new Map();
    for (const { comm, stack, count } of samples) {
      const path = ['host', comm, ...stack].join(';');
      expected.set(path, (expected.get(path) ?? 0) + count);
    }
    const found = new Map();
    const paths = /** @type {string[]} */ ([]);
    const below = new Float64Array(tree.size);
    for (let node = tree.size - 1; node > 0; node--) below[tree.parent[node]] += tree.samples[node];
    for (let node = 0; node < tree.size; node++) {
      const above = node ? `${paths[tree.parent[node]]};` : '';
      paths[node] = above + tree.frameOf(node).name;
      const own = tree.samples[node] - below[node];
      if (own) found.set(paths[node], (found.get(paths[node]) ?? 0) + own);
    }
    assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()));
  });
});

for (const order of ['name', 'size']) {
  test(`ordered by ${order}, the total width is the total value, and no box overlaps`, async () => {
    await forAll(({ engine }) => {
      const { tree, start, end } = layoutIn(engine, { order });
      const widths = new Map();
      for (let node = 0; node < tree.size; node++) {
        const width = end[node] - start[node];
        assert.ok(Math.abs(width - tree.total[node] / tree.total[ROOT]) < 1e-9);
        const parent = tree.parent[node];
        if (node) assert.ok(start[node] >= start[parent] - 1e-9 && end[node] <= end[parent] + 1e-9);
        const at = widths.get(tree.depth[node]) ?? [];
        at.push([start[node], end[node]]);
        widths.set(tree.depth[node], at);
      }
      for (const boxes of widths.values()) {
        boxes.sort(([a], [b]) => a - b);
        boxes.forEach(([left], i) => assert.ok(i === 0 || left >= boxes[i - 1][1] - 1e-9));
      }
    });
  });
}

test('with a thing and itself there is no difference', async () => {
  for (const seed of SEEDS) {
    const { bytes } = randomProfile(seed);
    const engine = await engineOf(bytes.slice());
    await engine.openBase(bytes.slice());
    const { tree, scale } = layoutIn(engine, { base: { query: '' } });
    assert.equal(scale, 1);
    const { baseTotal, baseSelf, baseSamples } = tree;
    for (let node = 0; node < tree.size; node++) {
      assert.equal(baseTotal[node], tree.total[node]);
      assert.equal(baseSelf[node], tree.self[node]);
      assert.equal(baseSamples[node], tree.samples[node]);
    }
  }
});

test('a difference and the one the other way round have the same two sides', async () => {
  for (const seed of SEEDS) {
    const [one, other] = [randomProfile(seed).bytes, randomProfile(seed + 1000).bytes];
    const sides = async (bytes, base) => {
      const engine = await engineOf(bytes.slice());
      await engine.openBase(base.slice());
      const { tree } = layoutIn(engine, { base: { query: '' } });
      const rows = Array.from({ length: tree.size }, (_, node) => ({
        path: tree.pathOf(node).join('.'),
        samples: tree.samples[node],
        base: tree.baseSamples[node],
      }));
      return new Map(rows.map(({ path, samples, base: b }) => [path, [samples, b]]));
    };
    const forth = await sides(one, other);
    const back = await sides(other, one);
    assert.equal(back.size, forth.size);
    for (const [path, [samples, base]] of forth) assert.deepEqual(back.get(path), [base, samples]);
  }
});
