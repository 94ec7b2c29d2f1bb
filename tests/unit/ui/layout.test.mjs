// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { largestChild, neighbour, nodeAt } from '../../../web/ui/layout.js';
import { compileSearch, matchFrames, nextMatch, searchTree } from '../../../web/ui/search.js';
import { MIN_BOX_PX, Viewport } from '../../../web/ui/viewport.js';
import { layoutOf, synthetic } from './pictures.mjs';

/** @param {number} seed @param {import('../../../web/ui/layout.js').Order} [order] */
const ofSeed = (seed, order = 'name') => layoutOf(synthetic(seed), { order });

/** What a text finds in all of a layout. @param {string} text */
function search(layout, text) {
  const test = compileSearch(text);
  assert.ok(test);
  return searchTree(layout, ROOT, matchFrames(layout.tree.frames, test));
}

function find(layout, name) {
  const { tree } = layout;
  return Array.from({ length: tree.size }, (_, n) => n).find((n) => tree.frameOf(n).name === name);
}

for (const order of /** @type {const} */ (['name', 'size'])) {
  test(`ordered by ${order}, children lie side by side within their parent`, async () => {
    const { tree, start, end, firstChild, children } = await ofSeed(1, order);
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

test('the place of a node leads to it', async () => {
  const layout = await ofSeed(1);
  for (let node = 0; node < layout.tree.size; node++) {
    const middle = (layout.start[node] + layout.end[node]) / 2;
    assert.equal(nodeAt(layout, middle, layout.tree.depth[node]), node);
  }
  assert.equal(nodeAt(layout, 1.5, 0), -1);
  assert.equal(nodeAt(layout, 0.5, 500), -1);
});

test('neighbours at a depth go from the left to the right and back', async () => {
  const layout = await ofSeed(1);
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

test('a live profile that changes a little keeps the order of its frames', async () => {
  const names = (layout) =>
    [...layout.children.slice(0, layout.firstChild[1])].map((n) => layout.tree.frameOf(n).name);
  assert.deepEqual(names(await ofSeed(1)), names(await ofSeed(2)));
});

test('a zoom fills the width with its node', async () => {
  const layout = await ofSeed(1);
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

test('on the way from one profile to the next, boxes start where they were', async () => {
  const [before, after] = [await ofSeed(1), await ofSeed(2)];
  const viewport = new Viewport();
  viewport.setLayout(before, ROOT);
  viewport.setLayout(after, ROOT);
  const [old, now] = [find(before, 'burn_three'), find(after, 'burn_three')];
  assert.equal(viewport.progress, 0);
  assert.ok(Math.abs(viewport.startOf(now) - before.start[old]) < 1e-12);
  viewport.arrive();
  assert.equal(viewport.endOf(now), after.end[now]);
});

test('narrow boxes that touch are one', async () => {
  const layout = await ofSeed(1);
  const viewport = new Viewport();
  viewport.setLayout(layout, ROOT);
  const crumbs = [];
  viewport.walk(12, Infinity, (node, depth, x, width) => {
    if (node < 0) crumbs.push({ depth, x, end: x + width });
  });
  assert.ok(crumbs.length > 0);
  crumbs.forEach((crumb, i) => {
    const touching = crumbs.filter(({ depth, x }) => depth === crumb.depth && x <= crumb.end);
    assert.ok(touching.every((other) => other.end < crumb.x || other === crumb), `crumb ${i}`);
  });
});

test('what is narrow is drawn where it is, and nowhere else', async () => {
  const layout = await ofSeed(1);
  const viewport = new Viewport();
  viewport.setLayout(layout, ROOT);
  const { tree, start, end } = layout;
  for (const width of [3, 40, 300]) {
    const pixels = new Set();
    viewport.walk(width, Infinity, (node, depth, x, boxWidth) => {
      for (let i = Math.floor(x); i < x + boxWidth; i++) pixels.add(`${depth} ${i}`);
    });
    const wide = (node) => node < 0 || (end[node] - start[node]) * width >= MIN_BOX_PX;
    for (let node = 0; node < tree.size; node++) {
      if (!wide(tree.parent[node])) continue;
      const pixel = Math.floor(start[node] * width);
      const near = [pixel, pixel - 1].some((x) => pixels.has(`${tree.depth[node]} ${x}`));
      assert.ok(near, `${tree.frameOf(node).name} of ${width}`);
    }
  }
});

test('a search counts nested matches once', async () => {
  const layout = await ofSeed(1);
  const renderer = find(layout, 'renderer');
  const matches = search(layout, 'render::Node::layout');
  assert.equal(matches.nFrames, 1);
  assert.equal(matches.timeNs, layout.tree.total[renderer]);
  const share = layout.tree.total[renderer] / layout.tree.total[ROOT];
  assert.equal(matches.share, share);
});

test('a search is a text, or a regular expression between slashes', async () => {
  assert.equal(compileSearch('  '), null);
  assert.ok(compileSearch('BURN')('burn_one'));
  assert.ok(compileSearch('/^burn_(one|two)$/')('burn_one'));
  assert.ok(!compileSearch('/^BURN/')('burn_one'));
  assert.ok(compileSearch('/^BURN/i')('burn_one'));
  assert.throws(() => compileSearch('/(/'), SyntaxError);
});

test('matches follow each other in a circle', async () => {
  const layout = await ofSeed(1);
  const matches = search(layout, 'burn_');
  const first = nextMatch(layout, matches, ROOT, ROOT, 1);
  const second = nextMatch(layout, matches, ROOT, first, 1);
  assert.notEqual(first, second);
  assert.equal(nextMatch(layout, matches, ROOT, second, 1), first);
  assert.equal(nextMatch(layout, matches, ROOT, first, -1), second);
  const none = search(layout, 'nothing is called this');
  assert.equal(nextMatch(layout, none, ROOT, ROOT, 1), -1);
});

test('the largest child is found', async () => {
  const layout = await ofSeed(1);
  assert.equal(layout.tree.frameOf(largestChild(layout, ROOT)).name, 'nginx');
  assert.equal(largestChild(layout, find(layout, 'burn_one')), -1);
});
