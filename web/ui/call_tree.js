// SPDX-License-Identifier: Apache-2.0

/**
 * Call tree: stacks merged from the root: host → process → stack → leaf.
 *
 *     TreeColumns, Frames  -->  CallTree
 *
 * Nodes are numbered from 0, the host; a parent's number is smaller than its children's. All that
 * is known of them lies in flat arrays, which also move between threads. In a comparison, a tree
 * has what the base has, too, scaled to what it is compared with.
 */

import { grown } from './profile.js';

/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./frames.js').Frames} Frames */
/** @typedef {import('./weights.js').WeighedStacks} WeighedStacks */

/**
 * A tree without its frames, as it is sent. Arrays may be longer than there are nodes.
 * @typedef {object} TreeColumns
 * @property {number} size
 * @property {Int32Array} parent    of each node; −1 above the root
 * @property {Int32Array} frame     of each node
 * @property {Int32Array} depth     distance of each node from the root
 * @property {Int32Array} line      that most of a node's samples have, or 0
 * @property {Float64Array} total   value of each node with all beneath it, mostly nanoseconds
 * @property {Float64Array} self    value in the node itself
 * @property {Float64Array} samples of each node with all beneath it
 * @property {Float64Array | null} baseTotal   the same of what is compared with, scaled
 * @property {Float64Array | null} baseSelf
 * @property {Float64Array | null} baseSamples not scaled
 * @property {Int32Array} slots     nodes by their parent and their frame, but those that follow it
 * @property {number} nCut          samples that stand at a caller, as there are MAX_NODES
 */

/**
 * The value of one label, of each node.
 * @typedef {{values: string[], ofNode: Int32Array}} NodeLabels  ofNode: −1 where there are several
 */

export const ROOT = 0;
/** Beyond it, a stack ends where the tree has no node for it; nCut counts its samples. */
export const MAX_NODES = 2 ** 23;

/**
 * A child mostly follows its parent, and is found there. All others are in an index by parent and
 * frame, where the search begins here: slots hold the number of a node and 1; 0 is empty.
 */
function slotStart(/** @type {number} */ parent, /** @type {number} */ frame) {
  const slot = Math.imul(parent, 0x9e3779b1) ^ Math.imul(frame + 1, 0x85ebca6b);
  return slot ^ (slot >>> 15);
}

export class CallTree {
  /** @param {Frames} frames @param {TreeColumns} columns */
  constructor(frames, columns) {
    this.frames = frames;
    this.columns = columns;
    const { size, parent, frame, depth, line, total, self, samples } = columns;
    this.size = size;
    this.parent = parent;
    this.frame = frame;
    this.depth = depth;
    this.line = line;
    this.total = total;
    this.self = self;
    this.samples = samples;
    this.baseTotal = columns.baseTotal;
    this.baseSelf = columns.baseSelf;
    this.baseSamples = columns.baseSamples;
    /** What the base's counts are multiplied with, to be comparable. */
    this.countScale = 1;
    /** @type {NodeLabels | null} where boxes are coloured by a label */
    this.labels = null;
  }

  /** @param {number} node @returns {Frame} */
  frameOf(node) {
    return this.frames.get(this.frame[node]);
  }

  /** How wide a node is drawn: in a comparison by both, so that what is gone is seen. */
  widthOf(/** @type {number} */ node) {
    return this.baseTotal ? this.total[node] + this.baseTotal[node] : this.total[node];
  }

  /** @param {number} parent @param {number} frame @returns {number} node, or −1 */
  find(parent, frame) {
    const { slots } = this.columns;
    const mask = slots.length - 1;
    const next = parent + 1;
    if (mask > 0 && this.parent[next] === parent && this.frame[next] === frame) return next;
    let slot = slotStart(parent, frame) & mask;
    for (; slots[slot]; slot = (slot + 1) & mask) {
      const node = slots[slot] - 1;
      if (this.parent[node] === parent && this.frame[node] === frame) return node;
    }
    return -1;
  }

  /** The ids of the frames from below the root to @node. @param {number} node */
  pathOf(node) {
    const path = /** @type {string[]} */ ([]);
    for (; node > ROOT; node = this.parent[node]) path.push(this.frameOf(node).id);
    return path.reverse();
  }

  /**
   * The node at the end of a path, or the last one on the way that is there.
   * @param {string[]} path
   */
  follow(path) {
    let node = ROOT;
    for (const id of path) {
      const frame = this.frames.rowOf(id);
      const next = frame < 0 ? -1 : this.find(node, frame);
      if (next < 0) return node;
      node = next;
    }
    return node;
  }

  /** @param {number} node @returns {number[]} the nodes from the root to it */
  ancestors(node) {
    const nodes = /** @type {number[]} */ ([]);
    for (; node >= 0; node = this.parent[node]) nodes.push(node);
    return nodes.reverse();
  }
}

/*
 * Tree builder: stacks → the columns of a call tree.
 *
 *     WeighedStacks, perhaps a base's  --buildTree-->  TreeColumns
 *
 * What takes the time is memory: each frame of each stack asks for a node somewhere in the tree. So
 * all that is asked of a node lies together while the tree is built, in a row of four numbers, and
 * becomes columns at the end.
 */

/** Of a node's row: its parent, its frame, the line that leads, and its votes. */
const ROW = 4;
const FRAME = 1;
const LINE = 2;
const VOTES = 3;
/** Votes of a stack, or a line, beyond which more say nothing. */
const MOST_VOTES = 2 ** 20;
const FIRST_NODES = 2 ** 18;

class TreeBuilder {
  /**
   * @param {number} room nodes that there may well be
   * @param {number} nStacks of which each adds one node at most that does not follow its parent
   * @param {boolean} hasBase
   */
  constructor(room, nStacks, hasBase) {
    this.size = 0;
    this.nCut = 0;
    this.capacity = room;
    let nSlots = 1024;
    while (nSlots < 2 * Math.min(nStacks, MAX_NODES)) nSlots *= 2;
    this.slots = new Int32Array(nSlots);
    this.rows = new Int32Array(room * ROW);
    this.self = new Float64Array(room);
    this.samples = new Float64Array(room);
    this.baseSelf = hasBase ? new Float64Array(room) : null;
    this.baseSamples = hasBase ? new Float64Array(room) : null;
  }

  grow() {
    const n = (this.capacity *= 2);
    this.rows = grown(this.rows, n * ROW);
    this.self = grown(this.self, n);
    this.samples = grown(this.samples, n);
    if (this.baseSelf) this.baseSelf = grown(this.baseSelf, n);
    if (this.baseSamples) this.baseSamples = grown(this.baseSamples, n);
  }

  /**
   * The child of @parent that stands for @frame, which is added if it is new and there is room.
   * @param {number} parent @param {number} frame @returns {number} node, or −1
   */
  child(parent, frame) {
    const { slots, rows } = this;
    const next = parent + 1;
    if (next === this.size) return this.add(parent, frame);
    if (rows[next * ROW] === parent && rows[next * ROW + FRAME] === frame) return next;
    const mask = slots.length - 1;
    let slot = slotStart(parent, frame) & mask;
    for (; slots[slot]; slot = (slot + 1) & mask) {
      const at = (slots[slot] - 1) * ROW;
      if (rows[at] === parent && rows[at + FRAME] === frame) return slots[slot] - 1;
    }
    const node = this.add(parent, frame);
    slots[slot] = node + 1;
    return node;
  }

  /** @param {number} parent @param {number} frame @returns {number} */
  add(parent, frame) {
    if (this.size >= MAX_NODES) return -1;
    const node = this.size++;
    if (node >= this.capacity) this.grow();
    this.rows[node * ROW] = parent;
    this.rows[node * ROW + FRAME] = frame;
    return node;
  }

  /** Vote for a line: what has more than half of the votes wins, in constant space. */
  voteLine(/** @type {number} */ node, /** @type {number} */ line, /** @type {number} */ votes) {
    const { rows } = this;
    const at = node * ROW;
    if (rows[at + LINE] === line) rows[at + VOTES] = Math.min(MOST_VOTES, rows[at + VOTES] + votes);
    else if (rows[at + VOTES] >= votes) rows[at + VOTES] -= votes;
    else {
      rows[at + LINE] = line;
      rows[at + VOTES] = votes - rows[at + VOTES];
    }
  }

  /** A child's number is larger than its parent's. @returns {TreeColumns} */
  finish() {
    const { size, rows, slots, nCut, self, samples, baseSelf, baseSamples } = this;
    const [parent, frame, depth, line] = [0, 1, 2, 3].map(() => new Int32Array(size));
    for (let node = 0, at = 0; node < size; node++, at += ROW) {
      parent[node] = rows[at];
      frame[node] = rows[at + FRAME];
      line[node] = rows[at + LINE];
      depth[node] = node > ROOT ? depth[rows[at]] + 1 : 0;
    }
    const total = self.slice(0, size);
    const baseTotal = baseSelf && baseSelf.slice(0, size);
    sumUp(parent, total, samples);
    if (baseTotal && baseSamples) sumUp(parent, baseTotal, baseSamples);
    const base = { baseTotal, baseSelf, baseSamples };
    return { size, parent, frame, depth, line, total, self, samples, ...base, slots, nCut };
  }
}

/**
 * Add to each node what is beneath it.
 * @param {Int32Array} parent @param {Float64Array} times @param {Float64Array} counts
 */
function sumUp(parent, times, counts) {
  for (let node = parent.length - 1; node > ROOT; node--) {
    times[parent[node]] += times[node];
    counts[parent[node]] += counts[node];
  }
}

/** Adds the stacks of one profile to a tree. */
class StackAdder {
  /** @param {TreeBuilder} tree @param {WeighedStacks} input @param {boolean} isBase */
  constructor(tree, input, isBase) {
    this.tree = tree;
    this.input = input;
    this.isBase = isBase;
  }

  addAll() {
    const { stack, group } = this.input;
    for (let row = 0; row < stack.length; row++) this.add(row, stack[row], group[row]);
  }

  /** @param {number} row @param {number} stack @param {number} group a frame, or −1 */
  add(row, stack, group) {
    const { tree, input } = this;
    const { first, frame, line } = input.stacks;
    const end = first[stack + 1];
    const votes = Math.max(1, Math.min(MOST_VOTES, Math.round(input.count[row])));
    let child = group < 0 ? ROOT : tree.child(ROOT, group);
    let node = ROOT;
    for (let i = first[stack]; child >= 0; i++) {
      node = child;
      if (i === end) break;
      child = tree.child(node, frame[i]);
      if (child >= 0) tree.voteLine(child, line[i], votes);
    }
    if (child < 0) tree.nCut += input.count[row];
    this.weigh(node, input.time[row], input.count[row]);
  }

  /** @param {number} node @param {number} time @param {number} count */
  weigh(node, time, count) {
    const { tree } = this;
    if (this.isBase && tree.baseSelf && tree.baseSamples) {
      tree.baseSelf[node] += time * this.input.scale;
      tree.baseSamples[node] += count;
    } else {
      tree.self[node] += time;
      tree.samples[node] += count;
    }
  }
}

/**
 * @param {WeighedStacks} input @param {number} root the frame at the root
 * @param {WeighedStacks | null} [base] what it is compared with
 * @returns {TreeColumns}
 */
export function buildTree(input, root, base = null) {
  const room = Math.max(1024, Math.min(input.stacks.frame.length, FIRST_NODES));
  const nStacks = input.stack.length + (base?.stack.length ?? 0);
  const tree = new TreeBuilder(room, nStacks, base !== null);
  tree.child(-1, root);
  new StackAdder(tree, input, false).addAll();
  if (base) new StackAdder(tree, base, true).addAll();
  return tree.finish();
}
