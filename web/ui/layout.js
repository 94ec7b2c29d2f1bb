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
import { labelColumn } from './search.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./call_tree.js').TreeColumns} TreeColumns */
/** @typedef {import('./stacks.js').Stacks} Stacks */

/** @typedef {'name'|'size'} Order */

/**
 * @typedef {object} Layout
 * @property {CallTree} tree
 * @property {Float64Array} start       share of the whole, of each node
 * @property {Float64Array} end
 * @property {Int32Array} firstChild    into children, of each node; one more than nodes
 * @property {Int32Array} children      nodes, those of a parent from left to right
 */

/** @typedef {(a: number, b: number) => number} Comparison of two nodes */

/** More children than these are sorted by something cleverer. */
const FEW = 12;

/** The children of each node, in the order of their numbers. @param {CallTree} tree */
export function gatherChildren({ size, parent }) {
  const firstChild = new Int32Array(size + 1);
  for (let node = 1; node < size; node++) firstChild[parent[node]]++;
  let end = 0;
  for (let node = 0; node <= size; node++) firstChild[node] = end += firstChild[node];
  const children = new Int32Array(end);
  for (let node = size - 1; node > 0; node--) children[--firstChild[parent[node]]] = node;
  return { firstChild, children };
}

/**
 * Sort a part of an array, which mostly holds one or two.
 * @param {Int32Array} nodes @param {number} start @param {number} end @param {Comparison} compare
 */
function sortPart(nodes, start, end, compare) {
  if (end - start > FEW) nodes.subarray(start, end).sort(compare);
  else {
    for (let i = start + 1; i < end; i++) {
      const node = nodes[i];
      let at = i;
      for (; at > start && compare(nodes[at - 1], node) > 0; at--) nodes[at] = nodes[at - 1];
      nodes[at] = node;
    }
  }
}

/** @param {CallTree} tree @param {Order} order @returns {Layout} */
export function layOut(tree, order) {
  const { firstChild, children } = gatherChildren(tree);
  const { size, frame } = tree;
  const width = widths(tree);
  const ranks = tree.frames.ranks();
  /** @type {Comparison} */
  const byName = (a, b) => ranks[frame[a]] - ranks[frame[b]];
  /** @type {Comparison} */
  const bySize = (a, b) => width[b] - width[a] || byName(a, b);
  const start = new Float64Array(size);
  const end = new Float64Array(size);
  const whole = width[ROOT] || 1;
  end[ROOT] = 1;
  for (let node = 0; node < size; node++) {
    const low = firstChild[node];
    const high = firstChild[node + 1];
    if (high - low > 1) sortPart(children, low, high, order === 'size' ? bySize : byName);
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

/*
 * Time order: the samples of one thread, one after the other, as boxes whose axis is real time.
 *
 *     Stacks, selection, thread  --orderByTime-->  TimeOrder
 *
 * What a sample has in common with the one before is one box, from one to the other, unless they
 * are far apart: then there is a gap, and the sample stands for no more than its own time.
 */

/** @typedef {{key: string, text: string, total: number}} Thread key: its tid */

/**
 * @typedef {object} TimeOrder
 * @property {TreeColumns} tree
 * @property {Float64Array} start  share of the time, of each node
 * @property {Float64Array} end
 * @property {number} startNs      unix time of the axis
 * @property {number} endNs
 */

const MAX_THREADS = 2000;
/** So many times their own time may samples of one box be apart. */
const GAP = 10;
/** @type {Record<string, number>} */
const NS_OF_UNIT = { nanoseconds: 1, microseconds: 1e3, milliseconds: 1e6, seconds: 1e9 };

/** The threads that are selected, the largest first. @param {Stacks} stacks @param {Uint8Array} selected */
export function threadsOf({ labels, set, stack, gone, time }, selected) {
  const [tids, names, comms] = ['tid', 'thread', 'comm'].map((name) => labelColumn(labels, name));
  /** @type {Map<number, Thread>} */
  const threads = new Map();
  for (let i = 0; i < set.length; i++) {
    if (!selected[set[i]] || gone?.[stack[i]]) continue;
    const tid = tids[set[i]];
    let thread = threads.get(tid);
    if (!thread) {
      const [key, name, comm] = [tid, names[set[i]], comms[set[i]]].map((s) => labels.strings[s]);
      const words = name && comm && name !== comm ? `${comm}/${name}` : name || comm || 'all';
      thread = { key, text: `${words} ${key}`.trim(), total: 0 };
      threads.set(tid, thread);
    }
    thread.total += time[i];
  }
  return [...threads.values()].sort((a, b) => b.total - a.total).slice(0, MAX_THREADS);
}

/** The samples of a thread, by their time. */
function samplesOf(
  /** @type {Stacks} */ { labels, set, stack, gone, atNs },
  /** @type {Uint8Array} */ selected,
  /** @type {string} */ thread,
) {
  const tids = labelColumn(labels, 'tid');
  const isOf = tids.map((tid, i) => (selected[i] && labels.strings[tid] === thread ? 1 : 0));
  const samples = /** @type {number[]} */ ([]);
  for (let i = 0; i < set.length; i++) if (isOf[set[i]] && !gone?.[stack[i]]) samples.push(i);
  const at = /** @type {Float64Array} */ (atNs);
  return samples.sort((a, b) => at[a] - at[b]);
}

/** Boxes, opened and closed from the root to the leaf. */
class Boxes {
  /** @param {number} root frame */
  constructor(root) {
    this.parent = /** @type {number[]} */ ([-1]);
    this.frame = [root];
    this.depth = [0];
    this.line = [0];
    this.start = [0];
    this.end = [0];
    this.total = [0];
    this.self = [0];
    this.samples = [0];
    /** @type {number[]} those that the sample before was in, below the root */
    this.open = [];
  }

  /** @param {number} frame @param {number} line @param {number} startNs */
  push(frame, line, startNs) {
    const parent = this.open.at(-1) ?? 0;
    const node = this.parent.length;
    this.parent.push(parent);
    this.frame.push(frame);
    this.depth.push(this.depth[parent] + 1);
    this.line.push(line);
    this.start.push(startNs);
    this.end.push(startNs);
    this.total.push(0);
    this.self.push(0);
    this.samples.push(0);
    this.open.push(node);
  }

  /** A sample that ends at @endNs in what is open. */
  add(/** @type {number} */ endNs, /** @type {number} */ time, /** @type {number} */ count) {
    for (const node of [0, ...this.open]) {
      this.end[node] = endNs;
      this.total[node] += time;
      this.samples[node] += count;
    }
    this.self[this.open.at(-1) ?? 0] += time;
  }
}

/**
 * How long each sample stands for: its value, if that is a time; else as long as they are mostly
 * apart.
 * @param {Stacks} stacks @param {number[]} samples in their order @param {string} unit
 * @returns {(sample: number) => number} ns
 */
function durationOf({ time, atNs }, samples, unit) {
  const ns = NS_OF_UNIT[unit];
  if (ns) return (sample) => time[sample] * ns;
  const at = /** @type {Float64Array} */ (atNs);
  const apart = samples.map((sample, i) => at[sample] - at[samples[i - 1]]).filter((d) => d > 0);
  const median = apart.sort((a, b) => a - b)[apart.length >> 1] ?? 1;
  return () => median;
}

/** @param {Stacks} stacks @param {number[]} samples @param {number} root @param {string} unit */
function boxesOf(stacks, samples, root, unit) {
  const { first, frame, line, stack, time, count } = stacks;
  const at = /** @type {Float64Array} */ (stacks.atNs);
  const duration = durationOf(stacks, samples, unit);
  const boxes = new Boxes(root);
  let last = -Infinity;
  for (const sample of samples) {
    const ns = duration(sample);
    const isGap = at[sample] - last > ns * GAP;
    const startNs = isGap ? at[sample] - ns : last;
    const from = first[stack[sample]];
    const length = first[stack[sample] + 1] - from;
    let same = 0;
    while (
      !isGap &&
      same < Math.min(length, boxes.open.length) &&
      boxes.frame[boxes.open[same]] === frame[from + same]
    ) {
      same++;
    }
    boxes.open.length = same;
    for (let i = same; i < length; i++) boxes.push(frame[from + i], line[from + i], startNs);
    boxes.add(at[sample], time[sample], count[sample]);
    last = at[sample];
  }
  return boxes;
}

/**
 * @param {Stacks} stacks whose samples have times
 * @param {Uint8Array} selected 1 for each set of labels
 * @param {string} thread a tid @param {number} root the frame at the root
 * @param {string} unit of values
 * @returns {TimeOrder}
 */
export function orderByTime(stacks, selected, thread, root, unit) {
  const samples = samplesOf(stacks, selected, thread);
  const boxes = boxesOf(stacks, samples, root, unit);
  const startNs = Math.min(...boxes.start.slice(1, 2), boxes.end[0]);
  const endNs = boxes.end[0];
  const ns = Math.max(1, endNs - startNs);
  boxes.start[0] = startNs;
  const share = (/** @type {number} */ at) => Math.min(1, Math.max(0, (at - startNs) / ns));
  const none = { baseTotal: null, baseSelf: null, baseSamples: null };
  return {
    tree: {
      size: boxes.parent.length,
      parent: Int32Array.from(boxes.parent),
      frame: Int32Array.from(boxes.frame),
      depth: Int32Array.from(boxes.depth),
      line: Int32Array.from(boxes.line),
      total: Float64Array.from(boxes.total),
      self: Float64Array.from(boxes.self),
      samples: Float64Array.from(boxes.samples),
      ...none,
      // One caller may have several boxes of a function: none is found by it.
      slots: new Int32Array(0),
      nCut: 0,
    },
    start: Float64Array.from(boxes.start, share),
    end: Float64Array.from(boxes.end, share),
    startNs,
    endNs,
  };
}
