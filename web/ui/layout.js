// SPDX-License-Identifier: Apache-2.0

/**
 * Layout: where each node of a call tree lies, as a share of the whole: [start, end) in [0, 1].
 *
 *     CallTree, order  --layOut-->  Layout
 *
 * In a comparison a box is as wide as both: what is gone is there, too. Children fill their parent from the left; what remains at the right is the parent's own time.
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
 * All nodes but the root, in the order of their frames' ranks: a sort that compares nothing.
 * @param {CallTree} tree
 */
function nodesByName({ size, frame, frames }) {
  const ranks = frames.ranks();
  const next = new Int32Array(ranks.length + 1);
  for (let node = 1; node < size; node++) next[ranks[frame[node]] + 1]++;
  for (let rank = 0; rank < ranks.length; rank++) next[rank + 1] += next[rank];
  const sorted = new Int32Array(Math.max(0, size - 1));
  for (let node = 1; node < size; node++) sorted[next[ranks[frame[node]]]++] = node;
  return sorted;
}

/**
 * The children of each node, in the order in which all nodes are given.
 * @param {CallTree} tree @param {Int32Array} nodes
 */
export function gatherChildren({ size, parent }, nodes) {
  const firstChild = new Int32Array(size + 1);
  for (let node = 1; node < size; node++) firstChild[parent[node] + 1]++;
  for (let node = 0; node < size; node++) firstChild[node + 1] += firstChild[node];
  const children = new Int32Array(nodes.length);
  const next = firstChild.slice();
  for (const node of nodes) children[next[parent[node]]++] = node;
  return { firstChild, children };
}

/** @param {CallTree} tree @param {Order} order @returns {Layout} */
export function layOut(tree, order) {
  const { firstChild, children } = gatherChildren(tree, nodesByName(tree));
  const width = widths(tree);
  // What was in the order of names stays so among equals.
  const bySize = (/** @type {number} */ a, /** @type {number} */ b) => width[b] - width[a];
  const start = new Float64Array(tree.size);
  const end = new Float64Array(tree.size);
  const whole = width[ROOT] || 1;
  end[ROOT] = 1;
  for (let node = 0; node < tree.size; node++) {
    const [low, high] = [firstChild[node], firstChild[node + 1]];
    if (order === 'size' && high - low > 1) children.subarray(low, high).sort(bySize);
    let at = start[node];
    for (let i = low; i < high; i++) {
      const child = children[i];
      start[child] = at;
      at += width[child] / whole;
      end[child] = at;
    }
  }
  return { tree, start, end, firstChild, children };
}

/** @param {CallTree} tree */
function widths({ size, total, baseTotal }) {
  if (!baseTotal) return total;
  return Float64Array.from({ length: size }, (_, node) => total[node] + baseTotal[node]);
}

/**
 * The first of a node's children, from its @from-th on, that ends after @share.
 * @param {Layout} layout @param {number} node @param {number} from @param {number} share
 * @returns {number} into children; where the next node's begin, if there is none
 */
export function firstChildEndingAfter({ firstChild, children, end }, node, from, share) {
  let low = firstChild[node] + from;
  let high = firstChild[node + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (end[children[middle]] > share) high = middle;
    else low = middle + 1;
  }
  return low;
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
  const { tree, firstChild, children } = layout;
  let best = -1;
  for (let i = firstChild[node]; i < firstChild[node + 1]; i++) {
    if (best < 0 || tree.widthOf(children[i]) > tree.widthOf(best)) best = children[i];
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
  const isSame = tree.frames === old.frames;
  const frames = new Int32Array(tree.frames.size).fill(-2);
  const matches = new Int32Array(tree.size).fill(-1);
  matches[ROOT] = old.size ? ROOT : -1;
  for (let node = 1; node < tree.size; node++) {
    const parent = matches[tree.parent[node]];
    const frame = tree.frame[node];
    if (parent < 0) continue;
    if (frames[frame] === -2) {
      frames[frame] = isSame ? frame : old.frames.rowOf(tree.frames.id(frame));
    }
    if (frames[frame] >= 0) matches[node] = old.find(parent, frames[frame]);
  }
  return matches;
}
