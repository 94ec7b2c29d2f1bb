// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildTree, ROOT } from '../../../web/ui/call_tree.js';
import { largestChild, layOut, neighbour, nodeAt } from '../../../web/ui/layout.js';
import { decodeProfile } from '../../../web/ui/pprof.js';
import { compileSearch, nextMatch, searchTree } from '../../../web/ui/search.js';
import { selectSamples } from '../../../web/ui/selector.js';
import { Viewport } from '../../../web/ui/viewport.js';
import { syntheticProfile } from '../../browser/synthetic_profile.mjs';

/** @param {number} seed @param {import('../../../web/ui/layout.js').Order} [order] */
function layoutOf(seed, order = 'name') {
  const profile = decodeProfile(syntheticProfile({ seed, seconds: 60, endS: 1700000000 }));
  return layOut(buildTree(profile, selectSamples(profile, []), 'host'), order);
}

function find(layout, name) {
  const { tree } = layout;
  return Array.from({ length: tree.size }, (_, n) => n).find((n) => tree.frameOf(n).name === name);
}

for (const order of /** @type {const} */ (['name', 'size'])) {
  test(`ordered by ${order}, children lie side by side within their parent`, () => {
    const { tree, start, end, firstChild, children } = layoutOf(1, order);
    for (let node = 0; node < tree.size; node++) {
      let at = start[node];
      for (let i = firstChild[node]; i < firstChild[node + 1]; i++) {
        assert.equal(start[children[i]], at);
        at = end[children[i]];
      }
      assert.ok(at <= end[node] + 1e-9);
      assert.ok(Math.abs(end[node] - start[node] - tree.total[node] / tree.total[ROOT]) < 1e-9);
    }
  });
}

test('the place of a node leads to it', () => {
  const layout = layoutOf(1);
  for (let node = 0; node < layout.tree.size; node++) {
    const middle = (layout.start[node] + layout.end[node]) / 2;
    assert.equal(nodeAt(layout, middle, layout.tree.depth[node]), node);
  }
  assert.equal(nodeAt(layout, 1.5, 0), -1);
  assert.equal(nodeAt(layout, 0.5, 500), -1);
});

test('neighbours at a depth go from the left to the right and back', () => {
  const layout = layoutOf(1);
  let node = find(layout, 'main');
  const depth = layout.tree.depth[node];
  while (neighbour(layout, node, -1) >= 0) node = neighbour(layout, node, -1);
  let n = 1;
  for (let next; (next = neighbour(layout, node, 1)) >= 0; node = next, n++) {
    assert.equal(layout.tree.depth[next], depth);
    assert.ok(layout.start[next] >= layout.end[node] - 1e-9);
    assert.equal(neighbour(layout, next, -1), node);
  }
  assert.equal(n, layout.tree.depth.slice(0, layout.tree.size).filter((d) => d === depth).length);
});

test('a live profile that changes a little keeps the order of its frames', () => {
  const names = (layout) =>
    [...layout.children.slice(0, layout.firstChild[1])].map((n) => layout.tree.frameOf(n).name);
  assert.deepEqual(names(layoutOf(1)), names(layoutOf(2)));
});

test('a zoom fills the width with its node', () => {
  const layout = layoutOf(1);
  const viewport = new Viewport();
  viewport.setLayout(layout, ROOT);
  const node = find(layout, 'PortalRun');
  viewport.setZoom(node);
  viewport.arrive();
  const boxes = [];
  viewport.walk(1000, Infinity, (n, depth, x, width) => boxes.push({ n, x, width }));
  const box = boxes.find(({ n }) => n === node);
  assert.ok(Math.abs(box.x) < 1e-6 && Math.abs(box.width - 1000) < 1e-6);
  const outside = find(layout, 'burn_three');
  assert.ok(!boxes.some(({ n }) => n === outside));
});

test('on the way from one profile to the next, boxes start where they were', () => {
  const [before, after] = [layoutOf(1), layoutOf(2)];
  const viewport = new Viewport();
  viewport.setLayout(before, ROOT);
  viewport.setLayout(after, ROOT);
  const [old, now] = [find(before, 'burn_three'), find(after, 'burn_three')];
  assert.equal(viewport.progress, 0);
  assert.ok(Math.abs(viewport.startOf(now) - before.start[old]) < 1e-12);
  viewport.arrive();
  assert.equal(viewport.endOf(now), after.end[now]);
});

test('many narrow boxes cost one pixel each, not one box each', () => {
  const layout = layoutOf(1);
  const viewport = new Viewport();
  viewport.setLayout(layout, ROOT);
  const places = [];
  viewport.walk(12, Infinity, (node, depth, x) => node < 0 && places.push(`${depth} ${x}`));
  assert.ok(places.length > 0);
  assert.equal(new Set(places).size, places.length);
});

test('a search counts nested matches once', () => {
  const layout = layoutOf(1);
  const renderer = find(layout, 'renderer');
  const matches = searchTree(layout, ROOT, compileSearch('render::Node::layout'));
  assert.equal(matches.nFrames, 1);
  assert.equal(matches.timeNs, layout.tree.total[renderer]);
  const share = layout.tree.total[renderer] / layout.tree.total[ROOT];
  assert.equal(matches.share, share);
});

test('a search is a text, or a regular expression between slashes', () => {
  assert.equal(compileSearch('  '), null);
  assert.ok(compileSearch('BURN')('burn_one'));
  assert.ok(compileSearch('/^burn_(one|two)$/')('burn_one'));
  assert.ok(!compileSearch('/^BURN/')('burn_one'));
  assert.ok(compileSearch('/^BURN/i')('burn_one'));
  assert.throws(() => compileSearch('/(/'), SyntaxError);
});

test('matches follow each other in a circle', () => {
  const layout = layoutOf(1);
  const matches = searchTree(layout, ROOT, compileSearch('burn_'));
  const first = nextMatch(layout, matches, ROOT, ROOT, 1);
  const second = nextMatch(layout, matches, ROOT, first, 1);
  assert.notEqual(first, second);
  assert.equal(nextMatch(layout, matches, ROOT, second, 1), first);
  assert.equal(nextMatch(layout, matches, ROOT, first, -1), second);
  const none = searchTree(layout, ROOT, compileSearch('nothing is called this'));
  assert.equal(nextMatch(layout, none, ROOT, ROOT, 1), -1);
});

test('the largest child is found', () => {
  const layout = layoutOf(1);
  assert.equal(layout.tree.frameOf(largestChild(layout, ROOT)).name, 'nginx');
  assert.equal(largestChild(layout, find(layout, 'burn_one')), -1);
});
