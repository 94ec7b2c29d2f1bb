// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { labelColumn } from '../../../web/ui/search.js';
import { ProfileWriter } from '../../browser/synthetic_profile.mjs';
import { engineOf, layoutOf, synthetic } from './pictures.mjs';

const facts = { endS: 1700000030, seconds: 30, comments: [] };

async function treeOf(samples, query = '') {
  const writer = new ProfileWriter();
  for (const [comm, pid, stack, count] of samples) writer.sample({ comm, pid }, stack, count);
  return (await layoutOf(writer.finish(facts), { query })).tree;
}

/** name → samples, in depth-first order of creation */
function outline(tree) {
  return Array.from({ length: tree.size }, (_, node) => [
    '  '.repeat(tree.depth[node]) + tree.frameOf(node).name,
    tree.samples[node],
  ]);
}

const main = ['main', '/bin/a', 'a.c', 10];

test('stacks with a common beginning share it', async () => {
  const tree = await treeOf([
    ['a', '1', [main, ['f', '/bin/a']], 3],
    ['a', '2', [main, ['g', '/bin/a']], 4],
    ['b', '3', [main], 5],
  ]);
  assert.deepEqual(outline(tree), [
    ['host', 12],
    ['  a', 7],
    ['    main', 7],
    ['      f', 3],
    ['      g', 4],
    ['  b', 5],
    ['    main', 5],
  ]);
  assert.equal(tree.self[2], 0);
  assert.ok(tree.self[6] > 0);
});

test('inlined functions are frames of their own, beneath the one they are inlined into', async () => {
  const tree = await treeOf([['a', '1', [main, ['outer', '/bin/a', 'a.c', 20, ['middle', 'inner']]], 1]]);
  const frames = tree.ancestors(tree.size - 1).map((node) => tree.frameOf(node));
  assert.deepEqual(
    frames.map(({ name }) => name),
    ['host', 'a', 'main', 'outer', 'middle', 'inner'],
  );
  assert.deepEqual(
    frames.map(({ inlined }) => inlined),
    [false, false, false, false, true, true],
  );
});

test('a query takes the samples that match it', async () => {
  const samples = [
    ['a', '1', [main], 3],
    ['a', '2', [main], 4],
    ['b', '3', [main], 5],
  ];
  assert.equal((await treeOf(samples, '{comm="a"}')).samples[ROOT], 7);
  assert.equal((await treeOf(samples, '{pid!="1"}')).samples[ROOT], 9);
  assert.equal((await treeOf(samples, '{comm="a",pid=~"[23]"}')).samples[ROOT], 4);
  assert.equal((await treeOf(samples, '{nothing=""}')).samples[ROOT], 12);
  assert.equal((await treeOf(samples, '{comm="c"}')).samples[ROOT], 0);
});

test('the line is the one that most samples have', async () => {
  const at = (line) => [['f', '/bin/a', 'a.c', line]];
  const tree = await treeOf([
    ['a', '1', at(5), 3],
    ['a', '1', at(9), 10],
    ['a', '1', at(6), 2],
  ]);
  assert.equal(tree.line[2], 9);
});

test('a path leads back to its node, or as far as there are samples', async () => {
  const tree = await treeOf([['a', '1', [main, ['f', '/bin/a']], 3]]);
  const path = tree.pathOf(3);
  assert.equal(path.length, 3);
  assert.equal(tree.follow(path), 3);
  const other = await treeOf([['a', '1', [main, ['g', '/bin/a']], 3]]);
  assert.equal(other.follow(path), 2);
  assert.equal(other.follow(['nothing']), ROOT);
});

test('every node has what its children have and its own', async () => {
  const { tree } = await layoutOf(synthetic(3));
  const sums = tree.self.slice(0, tree.size);
  for (let node = 1; node < tree.size; node++) sums[tree.parent[node]] += tree.total[node];
  for (let node = 0; node < tree.size; node++) assert.equal(sums[node], tree.total[node]);
  assert.ok(Math.max(...tree.depth.slice(0, tree.size)) >= 40);
});

test('processes are grouped by name, the largest first', async () => {
  const engine = await engineOf(synthetic(3));
  const groups = engine.processes();
  assert.equal(groups[0].comm, 'nginx');
  assert.equal(groups[0].pids.length, 4);
  const times = groups.map(({ timeNs }) => timeNs);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => b - a),
  );
  assert.equal(labelColumn(engine.opened.stacks.labels, 'no such label').some(Boolean), false);
});
