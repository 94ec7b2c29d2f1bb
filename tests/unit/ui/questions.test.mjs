// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CallTree, ROOT } from '../../../web/ui/call_tree.js';
import { Engine } from '../../../web/ui/engine.js';
import { neighbour, nodeAt } from '../../../web/ui/layout.js';
import { buildIdOf, ProfileWriter, syntheticProfile } from '../../browser/synthetic_profile.mjs';
import { engineOf, layoutIn, QUESTION, synthetic } from './pictures.mjs';

const isClose = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));

/** A few stacks whose sums are known: a calls b, b calls itself and c. */
function known() {
  const writer = new ProfileWriter();
  const stack = (...names) => names.map((name) => [name, '/bin/x', 'x.c', 10]);
  writer.sample({ comm: 'p', unit: 'one' }, stack('a', 'b', 'c'), 1);
  writer.sample({ comm: 'p', unit: 'two' }, stack('a', 'b', 'b', 'c'), 2);
  writer.sample({ comm: 'q', unit: 'two' }, stack('a', 'b', 'b'), 4);
  writer.sample({ comm: 'q' }, stack('d', 'c'), 8);
  return engineOf(writer.finish({ endS: 1700000000, seconds: 10, comments: [] }));
}

/** @param {import('../../../web/ui/engine.js').Engine} engine @param {string} name */
function idOf({ frames }, name) {
  const row = frames.names.indexOf(name);
  return frames.id(row);
}

/** Paths of names → samples, of all nodes with samples of their own or without callees. */
function pathsOf(engine, { tree: columns }) {
  const tree = new CallTree(engine.frames, columns);
  const paths = {};
  for (let node = 0; node < tree.size; node++) {
    const names = tree.ancestors(node).map((at) => tree.frameOf(at).name);
    paths[names.join(' ')] = tree.samples[node];
  }
  return paths;
}

test('a table has each function once, however often a stack leads through it', async () => {
  const engine = await known();
  const { frame, self, total, count, whole } = engine.table(QUESTION);
  const rows = Object.fromEntries(
    Array.from(frame, (at, row) => [
      engine.frames.names[at],
      { self: self[row], count: count[row] },
    ]),
  );
  const ns = whole / 15;
  assert.deepEqual(Object.keys(rows).sort(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => rows[name].count),
    [7, 7, 11, 8],
  );
  assert.ok(isClose(rows.b.self, 4 * ns) && isClose(rows.c.self, 11 * ns));
  assert.ok(total.every((value, row) => isClose(value, count[row] * ns)));
});

test('a table of a host adds up to the tree', async () => {
  const engine = await engineOf(synthetic(1));
  const { tree } = layoutIn(engine);
  const { frame, self, total, whole } = engine.table(QUESTION);
  assert.ok(isClose(whole, tree.total[ROOT]));
  assert.ok(
    isClose(
      self.reduce((sum, value) => sum + value, 0),
      whole,
    ),
  );
  const ofNodes = new Float64Array(engine.frames.size);
  for (let node = 0; node < tree.size; node++) ofNodes[tree.frame[node]] += tree.self[node];
  frame.forEach((at, row) => {
    assert.ok(isClose(self[row], ofNodes[at]));
    assert.ok(total[row] >= self[row] - 1 && total[row] <= whole + 1);
  });
});

test('callers and callees of a function meet at its outermost call', async () => {
  const engine = await known();
  const { callers, callees } = engine.sandwich({ ...QUESTION, fn: idOf(engine, 'b') });
  assert.deepEqual(pathsOf(engine, callers), { b: 7, 'b a': 7, 'b a p': 3, 'b a q': 4 });
  assert.deepEqual(pathsOf(engine, callees), { b: 7, 'b c': 1, 'b b': 6, 'b b c': 2 });
  assert.equal(engine.sandwich({ ...QUESTION, fn: 'nothing' }), null);
});

test('either half of a sandwich weighs what the table says', async () => {
  const engine = await engineOf(synthetic(1));
  const { frame, total, count } = engine.table(QUESTION);
  for (let row = 0; row < frame.length; row += 5) {
    const { callers, callees } = engine.sandwich({ ...QUESTION, fn: engine.frames.id(frame[row]) });
    for (const { tree } of [callers, callees]) {
      assert.ok(isClose(tree.total[ROOT], total[row]));
      assert.equal(tree.samples[ROOT], count[row]);
    }
  }
});

test('the parts of a split add up to the whole', async () => {
  const engine = await known();
  const { parts, whole } = engine.split({ ...QUESTION, group: 'unit' });
  assert.deepEqual(
    parts.map(({ value, count }) => [value, count]),
    [
      ['', 8],
      ['two', 6],
      ['one', 1],
    ],
  );
  assert.ok(
    isClose(
      parts.reduce((sum, { total }) => sum + total, 0),
      whole,
    ),
  );
  for (const { picture, total } of parts) assert.ok(isClose(picture.tree.total[ROOT], total));
  const few = engine.split({ ...QUESTION, group: 'unit', nPictures: 1 }).parts;
  assert.deepEqual(
    few.map(({ picture }) => picture !== null),
    [true, false, false],
  );
  const alone = engine.split({ ...QUESTION, group: 'unit', query: '{comm="q"}' });
  assert.deepEqual(
    alone.parts.map(({ count }) => count),
    [8, 4],
  );
});

test('nodes are coloured by a label that all their samples agree on', async () => {
  const engine = await known();
  const { tree: columns, labels } = engine.picture({ ...QUESTION, colour: 'label:unit' });
  const tree = new CallTree(engine.frames, columns);
  const values = {};
  for (let node = 0; node < tree.size; node++) {
    const names = tree.ancestors(node).map((at) => tree.frameOf(at).name);
    values[names.slice(1).join(' ')] = labels.values[labels.ofNode[node]] ?? null;
  }
  assert.deepEqual(values, {
    '': null,
    p: null,
    'p a': null,
    'p a b': null,
    'p a b c': 'one',
    'p a b b': 'two',
    'p a b b c': 'two',
    q: null,
    'q a': 'two',
    'q a b': 'two',
    'q a b b': 'two',
    'q d': '',
    'q d c': '',
  });
  assert.equal(engine.picture(QUESTION).labels, null);
});

const START_NS = 1700000000_000000000n;

/** Samples of two threads, at times in ms. @param {[string, number, string][]} samples */
function timed(samples) {
  const writer = new ProfileWriter();
  for (const [tid, ms, names] of samples) {
    const stack = names.split(' ').map((name) => [name, '/bin/x', 'x.c', 10]);
    const labels = { comm: 'p', thread: `t${tid}`, tid };
    writer.sample(labels, stack, 1, START_NS + BigInt(ms) * 1000000n);
  }
  return engineOf(writer.finish({ endS: 1700000001, seconds: 1, comments: [] }));
}

test('in order of time, what follows on has one box, and what does not has a gap', async () => {
  const engine = await timed([
    ['7', 10, 'a b'],
    ['8', 12, 'x'],
    ['7', 20, 'a b'],
    ['7', 30, 'a c'],
    ['7', 390, 'a c'],
  ]);
  const { picture, threads, thread, startNs, endNs } = engine.inOrder(QUESTION);
  assert.deepEqual(
    threads.map(({ key, text }) => [key, text]),
    [
      ['7', 'p/t7 7'],
      ['8', 'p/t8 8'],
    ],
  );
  assert.equal(thread, '7');
  const tree = new CallTree(engine.frames, picture.tree);
  const msOf = (share) =>
    Math.round((startNs - Number(START_NS) + share * (endNs - startNs)) / 1e6) + 0; // no −0
  const boxes = Array.from({ length: tree.size }, (_, node) => [
    tree.frameOf(node).name,
    tree.depth[node],
    tree.samples[node],
    msOf(picture.start[node]),
    msOf(picture.end[node]),
  ]);
  assert.deepEqual(boxes, [
    ['p/t7 7', 0, 4, 0, 390],
    ['a', 1, 3, 0, 30],
    ['b', 2, 2, 0, 20],
    ['c', 2, 1, 20, 30],
    ['a', 1, 1, 380, 390],
    ['c', 2, 1, 380, 390],
  ]);
  const layout = { ...picture, tree };
  assert.equal(nodeAt(layout, 0.5, 1), -1, 'the gap');
  assert.equal(nodeAt(layout, 0.99, 2), 5);
  assert.equal(neighbour(layout, 2, 1), 3);
  assert.equal(neighbour(layout, 3, 1), 5);
});

test('where values are no times, a sample lasts as long as samples are mostly apart', async () => {
  const event = (ms) => `api 17/18 1700000000.${String(ms).padStart(3, '0')}000: cpu-clock:\n\t4 f+0x0 (/x)\n\n`;
  const engine = await engineOf(new TextEncoder().encode([10, 20, 30, 390].map(event).join('')));
  const { picture, startNs, endNs } = engine.inOrder(QUESTION);
  const msOf = (share) => Math.round((startNs + share * (endNs - startNs)) / 1e6) % 1000;
  const boxes = Array.from(picture.start.slice(1), (from, i) => [from, picture.end[i + 1]].map(msOf));
  assert.deepEqual(boxes, [
    [0, 30],
    [380, 390],
  ]);
});

test('samples without a time among others are told of, and none has an order', async () => {
  const writer = new ProfileWriter();
  for (const atNs of [START_NS, undefined, START_NS + 10n]) {
    writer.sample({ comm: 'p' }, [['f', '/bin/x', 'x.c', 1]], 1, atNs);
  }
  const engine = new Engine();
  const bytes = writer.finish({ endS: 1700000001, seconds: 1, comments: [] });
  const { hasTimes, notes } = await engine.open(new Uint8Array(bytes));
  assert.equal(hasTimes, false);
  assert.deepEqual(notes, ['samples without a time: 1, so none is shown in its order']);
  assert.equal(engine.inOrder(QUESTION).picture, null);
});

test('without times, or without samples, there is no order', async () => {
  const engine = await known();
  assert.equal(engine.inOrder(QUESTION).picture, null);
  const none = await timed([['7', 10, 'a']]);
  assert.equal(none.inOrder({ ...QUESTION, query: '{comm="other"}' }).picture, null);
});

test('a host in order of time has the totals of the host', async () => {
  const bytes = syntheticProfile({ seed: 1, seconds: 10, endS: 1700000000, inOrder: true });
  const engine = await engineOf(bytes);
  const { threads } = engine.inOrder(QUESTION);
  const { tree } = layoutIn(engine);
  assert.ok(
    isClose(
      threads.reduce((sum, { total }) => sum + total, 0),
      tree.total[ROOT],
    ),
  );
  for (const { key, total } of threads) {
    const { picture } = engine.inOrder({ ...QUESTION, thread: key });
    assert.ok(isClose(picture.tree.total[ROOT], total));
    const { start, end } = picture;
    for (let node = 1; node < picture.tree.size; node++) {
      const parent = picture.tree.parent[node];
      assert.ok(start[node] >= start[parent] && end[node] <= end[parent]);
      assert.ok(end[node] >= start[node]);
    }
  }
});

test('the build id of a module is told', async () => {
  const engine = await engineOf(synthetic(1));
  const { profile } = engine.opened;
  const module = profile.strings[profile.mappingFile[0]];
  assert.ok(module.startsWith('/'));
  assert.equal(engine.opened.summary(0).buildIds[module], buildIdOf(module));
});
