// SPDX-License-Identifier: Apache-2.0

/**
 * Layout: where each node of a call tree lies, as a share of the whole: [start, end) in [0, 1].
 *
 *     CallTree, order  --layOut-->  Layout
 *
 * Children fill their parent from the left; what remains at the right is the parent's own time.
 * Ordered by name, a frame stays where it is while a live profile changes.
 */

import { ROOT } from './call_tree.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {'name'|'size'} Order */

/**
 * @typedef {object} Layout
 * @property {CallTree} tree
 * @property {Float64Array} start       share of the whole, of each node
 * @property {Float64Array} end
 * @property {Int32Array} firstChild    into children, of each node; one more than nodes
 * @property {Int32Array} children      nodes, those of a parent from left to right
 */

/**
 * A comparison of frames by name; names are compared once per frame, not once per node.
 * @param {CallTree} tree
 */
function frameRanks(tree) {
  const sorted = tree.frames.map((frame, row) => ({ row, name: frame.name, id: frame.id }));
  sorted.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
  const ranks = new Int32Array(sorted.length);
  sorted.forEach(({ row }, rank) => (ranks[row] = rank));
  return ranks;
}

/** @param {CallTree} tree @returns {{firstChild: Int32Array, children: Int32Array}} */
function gatherChildren(tree) {
  const firstChild = new Int32Array(tree.size + 1);
  for (let node = 1; node < tree.size; node++) firstChild[tree.parent[node] + 1]++;
  for (let node = 0; node < tree.size; node++) firstChild[node + 1] += firstChild[node];
  const children = new Int32Array(Math.max(0, tree.size - 1));
  const next = firstChild.slice();
  for (let node = 1; node < tree.size; node++) children[next[tree.parent[node]]++] = node;
  return { firstChild, children };
}

/** @param {CallTree} tree @param {Order} order @returns {Layout} */
export function layOut(tree, order) {
  const { firstChild, children } = gatherChildren(tree);
  const ranks = frameRanks(tree);
  const byName = (/** @type {number} */ a, /** @type {number} */ b) =>
    ranks[tree.frame[a]] - ranks[tree.frame[b]];
  const bySize = (/** @type {number} */ a, /** @type {number} */ b) =>
    tree.total[b] - tree.total[a] || byName(a, b);
  const start = new Float64Array(tree.size);
  const end = new Float64Array(tree.size);
  const whole = tree.total[ROOT] || 1;
  end[ROOT] = 1;
  for (let node = 0; node < tree.size; node++) {
    const row = children.subarray(firstChild[node], firstChild[node + 1]);
    if (row.length > 1) row.sort(order === 'size' ? bySize : byName);
    let at = start[node];
    for (const child of row) {
      start[child] = at;
      at += tree.total[child] / whole;
      end[child] = at;
    }
  }
  return { tree, start, end, firstChild, children };
}

/**
 * The child of @node that holds the place @share.
 * @param {Layout} layout @param {number} node @param {number} share
 * @returns {number} node, or −1 where the parent's own time is
 */
function childAt(layout, node, share) {
  let low = layout.firstChild[node];
  let high = layout.firstChild[node + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const child = layout.children[middle];
    if (share < layout.start[child]) high = middle;
    else if (share >= layout.end[child]) low = middle + 1;
    else return child;
  }
  return -1;
}

/**
 * @param {Layout} layout @param {number} share @param {number} depth
 * @returns {number} the node there, or −1
 */
export function nodeAt(layout, share, depth) {
  let node = share >= 0 && share < 1 ? ROOT : -1;
  for (let level = 0; level < depth && node >= 0; level++) node = childAt(layout, node, share);
  return node;
}

/** The largest child, or −1. @param {Layout} layout @param {number} node */
export function largestChild(layout, node) {
  let best = -1;
  for (let i = layout.firstChild[node]; i < layout.firstChild[node + 1]; i++) {
    const child = layout.children[i];
    if (best < 0 || layout.tree.total[child] > layout.tree.total[best]) best = child;
  }
  return best;
}

/**
 * The nearest node at the same depth, to the right (+1) or to the left (−1) of @node.
 * @param {Layout} layout @param {number} node @param {1 | -1} direction
 * @returns {number} node, or −1
 */
export function neighbour(layout, node, direction) {
  const { tree, firstChild, children } = layout;
  const depth = tree.depth[node];
  /** @returns {number} the first node at the depth beneath @top, in this direction, or −1 */
  const descend = (/** @type {number} */ top) => {
    if (tree.depth[top] === depth) return top;
    const [low, high] = [firstChild[top], firstChild[top + 1]];
    for (let i = direction > 0 ? low : high - 1; i >= low && i < high; i += direction) {
      const found = descend(children[i]);
      if (found >= 0) return found;
    }
    return -1;
  };
  for (let at = node; at > ROOT; at = tree.parent[at]) {
    const parent = tree.parent[at];
    const [low, high] = [firstChild[parent], firstChild[parent + 1]];
    let i = children.indexOf(at, low) + direction;
    for (; i >= low && i < high; i += direction) {
      const found = descend(children[i]);
      if (found >= 0) return found;
    }
  }
  return -1;
}

/**
 * For each node of a new tree the node of an old one with the same path, or −1.
 * @param {CallTree} tree @param {CallTree} old
 */
export function matchTrees(tree, old) {
  const rows = new Map(old.frames.map((frame, row) => [frame.id, row]));
  const frames = Int32Array.from(tree.frames, (frame) => rows.get(frame.id) ?? -1);
  const matches = new Int32Array(tree.size).fill(-1);
  matches[ROOT] = old.size ? ROOT : -1;
  for (let node = 1; node < tree.size; node++) {
    const parent = matches[tree.parent[node]];
    const frame = frames[tree.frame[node]];
    if (parent >= 0 && frame >= 0) matches[node] = old.find(parent, frame);
  }
  return matches;
}
