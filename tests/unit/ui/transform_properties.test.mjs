// SPDX-License-Identifier: Apache-2.0

/** What is true of any transform of any profile: asked of random ones. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { VERBS } from '../../../web/ui/state.js';
import { layoutIn } from './pictures.mjs';
import { forAll } from './random_profile.mjs';

/** Some that hit, some that miss, texts and patterns. */
const WHATS = ['f1', '/f[23]/', '=main', '=nothing', '*', 'libb'];

/** @param {string} verb @param {string} what */
const transform = (verb, what) => ({ verb, what });

/** Everything that is seen of a picture. */
function seen({ tree, start, end }) {
  return Array.from({ length: tree.size }, (_, node) => [
    tree.frameOf(node).id,
    tree.parent[node],
    tree.depth[node],
    tree.total[node],
    tree.self[node],
    tree.samples[node],
    start[node],
    end[node],
  ]);
}

/** Samples in a picture. */
const total = ({ tree }) => (tree.size ? tree.samples[ROOT] : 0);

test('a transform that is undone leaves what was there before', async () => {
  await forAll(({ engine, seed }) => {
    const before = seen(layoutIn(engine));
    for (const verb of VERBS) {
      const first = transform(verb, WHATS[seed % WHATS.length]);
      const second = transform(VERBS[(seed + 3) % VERBS.length], 'f2');
      const one = seen(layoutIn(engine, { transforms: [first] }));
      layoutIn(engine, { transforms: [first, second] });
      assert.deepEqual(seen(layoutIn(engine, { transforms: [first] })), one);
      assert.deepEqual(seen(layoutIn(engine)), before);
    }
  });
});

test('what only takes frames away takes no time away', async () => {
  await forAll(({ engine }) => {
    const all = total(layoutIn(engine));
    for (const verb of ['hide', 'merge', 'fold', 'recursion']) {
      for (const what of WHATS) {
        const after = total(layoutIn(engine, { transforms: [transform(verb, what)] }));
        assert.equal(after, all, `${verb}:${what}`);
      }
    }
  });
});

test('what is focused and what is ignored are together all there is', async () => {
  await forAll(({ engine }) => {
    const all = total(layoutIn(engine));
    for (const what of WHATS.filter((text) => text !== '*')) {
      const focused = total(layoutIn(engine, { transforms: [transform('focus', what)] }));
      const ignored = total(layoutIn(engine, { transforms: [transform('ignore', what)] }));
      const dropped = total(layoutIn(engine, { transforms: [transform('drop', what)] }));
      assert.equal(focused + ignored, all, what);
      assert.equal(dropped, ignored, what);
    }
  });
});

test('done twice is done once', async () => {
  await forAll(({ engine }) => {
    for (const verb of VERBS) {
      for (const what of WHATS) {
        const once = [transform(verb, what)];
        const twice = [...once, ...once];
        assert.deepEqual(
          seen(layoutIn(engine, { transforms: twice })),
          seen(layoutIn(engine, { transforms: once })),
          `${verb}:${what}`,
        );
      }
    }
  });
});

test('a frame that is hidden, merged or dropped is gone, and one that is focused is in each stack', async () => {
  await forAll(({ engine }) => {
    const names = ({ tree }) =>
      Array.from({ length: tree.size }, (_, node) => tree.frameOf(node).name);
    for (const verb of ['hide', 'merge', 'drop', 'ignore']) {
      const layout = layoutIn(engine, { transforms: [transform(verb, '=f1')] });
      assert.ok(!names(layout).includes('f1'), verb);
    }
    const { tree } = layoutIn(engine, { transforms: [transform('focus', '=f1')] });
    const has = new Uint8Array(tree.size);
    for (let node = 0; node < tree.size; node++) {
      has[node] = Number(tree.frameOf(node).name === 'f1' || (node && has[tree.parent[node]]));
      if (tree.self[node]) assert.ok(has[node], 'a stack without it');
    }
  });
});
