// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { parseState } from '../../../web/ui/state.js';
import { TreeRows } from '../../../web/ui/table_views.js';
import { layoutOf as layoutOfBytes, synthetic } from './pictures.mjs';

const layouts = { 1: await layoutOfBytes(synthetic(1)), 2: await layoutOfBytes(synthetic(2)) };
const layoutOf = (seed) => layouts[seed];

/** Rows are what is open, callers before callees, and siblings by size. */
function check(rows) {
  const { tree } = rows.layout;
  const isSeen = new Set(rows.nodes);
  assert.equal(isSeen.size, rows.nodes.length, 'no node twice');
  for (let node = 0; node < tree.size; node++) {
    let expected = true;
    for (let at = tree.parent[node]; at >= 0; at = tree.parent[at]) expected &&= rows.isOpen(at);
    assert.equal(isSeen.has(node), expected, `node ${node}`);
  }
  rows.nodes.forEach((node, row) => {
    if (!row) return;
    assert.ok(rows.parentRow(row) >= 0 && rows.parentRow(row) < row);
    const before = rows.nodes[row - 1];
    assert.ok(tree.depth[node] <= tree.depth[before] + 1);
    if (tree.parent[node] === tree.parent[before]) {
      assert.ok(tree.total[node] <= tree.total[before]);
    }
  });
}

test('rows open and close like folders', () => {
  const rows = new TreeRows(layoutOf(1));
  assert.deepEqual(rows.nodes, [ROOT]);
  assert.ok(rows.open(0));
  check(rows);
  const processes = rows.nodes.length;
  assert.ok(processes > 3);
  assert.ok(!rows.open(0), 'it is open');
  rows.open(2);
  rows.open(3);
  check(rows);
  rows.close(2);
  check(rows);
  rows.open(2);
  check(rows);
  assert.ok(rows.close(0));
  assert.deepEqual(rows.nodes, [ROOT]);
  rows.open(0);
  check(rows);
});

test('a leaf neither opens nor closes', () => {
  const rows = new TreeRows(layoutOf(1));
  const { tree } = rows.layout;
  const leaf = Array.from({ length: tree.size }, (_, n) => n).find((n) => !rows.hasChildren(n));
  const row = rows.reveal(leaf);
  assert.equal(rows.nodes[row], leaf);
  assert.ok(!rows.open(row) && !rows.close(row));
  check(rows);
});

test('every node can be revealed', () => {
  const layout = layoutOf(1);
  for (let node = 0; node < layout.tree.size; node += 7) {
    const rows = new TreeRows(layout);
    const row = rows.reveal(node);
    assert.equal(rows.nodes[row], node);
    check(rows);
  }
});

test('the main way opens as long as most of the time is on it', () => {
  const rows = new TreeRows(layoutOf(1));
  rows.open(0);
  rows.openMain(1);
  check(rows);
  const { tree } = rows.layout;
  const last = Math.max(...rows.nodes.map((node, row) => (rows.isOpen(node) ? row : 0)));
  assert.ok(last > 2, 'more than one was opened');
  for (let row = 2; row <= last; row++) {
    const node = rows.nodes[row];
    if (rows.isOpen(node)) assert.ok(tree.total[node] >= tree.total[tree.parent[node]] / 2);
  }
});

test('what is open is told, and opened from what was told', () => {
  const layout = layoutOf(1);
  const rows = new TreeRows(layout);
  assert.equal(rows.tell(), '-');
  for (let node = 0; node < layout.tree.size; node += 41) rows.reveal(node);
  const told = rows.tell();
  assert.equal(parseState(`#open=${told}`).open, told);
  const again = new TreeRows(layout);
  again.openTold(told);
  check(again);
  assert.deepEqual(again.nodes, rows.nodes);
  assert.equal(again.tell(), told);
  const closed = new TreeRows(layout);
  closed.openTold('-');
  assert.deepEqual(closed.nodes, [ROOT]);
});

test('what is told and not there is not opened, nor is anything beneath it', () => {
  const rows = new TreeRows(layoutOf(1));
  rows.open(0);
  rows.open(1);
  const told = rows.tell();
  const again = new TreeRows(layoutOf(1));
  again.openTold(`0.gone.x------${told.slice(2)}..-`);
  check(again);
  assert.deepEqual(again.nodes, rows.nodes);
});

test('what is open stays open when the profile is replaced', () => {
  const old = new TreeRows(layoutOf(1));
  const { tree } = old.layout;
  const deep = Array.from({ length: tree.size }, (_, n) => n).find((n) => tree.depth[n] === 9);
  old.reveal(deep);
  const rows = new TreeRows(layoutOf(2));
  const found = rows.openLike(old);
  check(rows);
  const path = tree.pathOf(deep).join();
  assert.equal(rows.layout.tree.pathOf(found.get(deep)).join(), path);
  assert.ok(rows.nodes.includes(found.get(deep)));
});
