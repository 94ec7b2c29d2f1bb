// SPDX-License-Identifier: Apache-2.0

/**
 * Tree builder: stacks → the columns of a call tree.
 *
 *     WeighedStacks, perhaps a base's  --buildTree-->  TreeColumns
 *
 * What takes the time is memory: each frame of each stack asks for a node somewhere in the tree. So
 * all that is asked of a node lies together while the tree is built, in a row of four numbers, and
 * becomes columns at the end.
 */

import { MAX_NODES, ROOT, slotStart } from './call_tree.js';
import { grown } from './numbers.js';

/** @typedef {import('./call_tree.js').TreeColumns} TreeColumns */
/** @typedef {import('./weights.js').WeighedStacks} WeighedStacks */

/** Of a node's row: its parent, its frame, the line that leads, and its votes. */
const ROW = 4;
const FRAME = 1;
const LINE = 2;
const VOTES = 3;
/** Votes of a stack, or a line, beyond which more say nothing. */
const MOST_VOTES = 2 ** 20;
const FIRST_NODES = 2 ** 17;

class TreeBuilder {
  /** @param {number} room nodes that there may well be @param {boolean} hasBase */
  constructor(room, hasBase) {
    this.size = 0;
    this.nCut = 0;
    this.capacity = room;
    let nSlots = 1024;
    while (nSlots < 2 * room) nSlots *= 2;
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

  rehash() {
    const { rows, size } = this;
    const slots = new Int32Array(this.slots.length * 4);
    const mask = slots.length - 1;
    for (let node = 0; node < size; node++) {
      let slot = slotStart(rows[node * ROW], rows[node * ROW + FRAME]) & mask;
      while (slots[slot]) slot = (slot + 1) & mask;
      slots[slot] = node + 1;
    }
    this.slots = slots;
  }

  /**
   * The child of @parent that stands for @frame, which is added if it is new and there is room.
   * @param {number} parent @param {number} frame @returns {number} node, or −1
   */
  child(parent, frame) {
    const { slots, rows } = this;
    const mask = slots.length - 1;
    let slot = slotStart(parent, frame) & mask;
    for (; slots[slot]; slot = (slot + 1) & mask) {
      const at = (slots[slot] - 1) * ROW;
      if (rows[at] === parent && rows[at + FRAME] === frame) return slots[slot] - 1;
    }
    return this.add(slot, parent, frame);
  }

  /** @param {number} slot @param {number} parent @param {number} frame @returns {number} */
  add(slot, parent, frame) {
    if (this.size >= MAX_NODES) return -1;
    const node = this.size++;
    this.slots[slot] = node + 1;
    if (node >= this.capacity) this.grow();
    this.rows[node * ROW] = parent;
    this.rows[node * ROW + FRAME] = frame;
    if (this.size * 2 > this.slots.length) this.rehash();
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

  /** One of the numbers of each node. @param {number} which */
  column(which) {
    const { rows, size } = this;
    const column = new Int32Array(size);
    for (let node = 0, at = which; node < size; node++, at += ROW) column[node] = rows[at];
    return column;
  }

  /** A child's number is larger than its parent's. @returns {TreeColumns} */
  finish() {
    const { size, slots, nCut, self, baseSelf, baseSamples } = this;
    const parent = this.column(0);
    const depth = new Int32Array(size);
    for (let node = 1; node < size; node++) depth[node] = depth[parent[node]] + 1;
    return {
      size,
      parent,
      frame: this.column(FRAME),
      depth,
      line: this.column(LINE),
      total: sumUp(parent, self.slice(0, size)),
      self,
      samples: sumUp(parent, this.samples),
      baseTotal: baseSelf && sumUp(parent, baseSelf.slice(0, size)),
      baseSelf,
      baseSamples: baseSamples && sumUp(parent, baseSamples),
      slots,
      nCut,
    };
  }
}

/** Add to each node what is beneath it. @param {Int32Array} parent @param {Float64Array} values */
function sumUp(parent, values) {
  for (let node = parent.length - 1; node > ROOT; node--) values[parent[node]] += values[node];
  return values;
}

/** Adds the stacks of one profile to a tree. */
class StackAdder {
  /** @param {TreeBuilder} tree @param {WeighedStacks} input @param {boolean} isBase */
  constructor(tree, input, isBase) {
    this.tree = tree;
    this.input = input;
    this.isBase = isBase;
    /** The nodes of the stack before, which mostly has callers in common with this one. */
    this.way = new Int32Array(1024);
    this.wayFrames = new Int32Array(1024);
    this.wayLength = 0;
    this.wayGroup = -2;
  }

  addAll() {
    const { stack, group } = this.input;
    for (let row = 0; row < stack.length; row++) this.add(row, stack[row], group[row]);
  }

  /** @param {number} row @param {number} stack @param {number} group a frame, or −1 */
  add(row, stack, group) {
    const { tree, input } = this;
    const { first, frame, line } = input.stacks;
    const start = first[stack];
    const length = first[stack + 1] - start;
    if (length > this.way.length) this.reserve(length);
    const top = group < 0 ? ROOT : tree.child(ROOT, group);
    const { way, wayFrames } = this;
    const votes = Math.max(1, Math.min(MOST_VOTES, Math.round(input.count[row])));
    let known = group === this.wayGroup ? this.wayLength : 0;
    let node = top;
    let level = 0;
    for (; level < length && top >= 0; level++) {
      const wanted = frame[start + level];
      if (level >= known || wayFrames[level] !== wanted) {
        known = 0;
        const child = tree.child(node, wanted);
        if (child < 0) break;
        way[level] = child;
        wayFrames[level] = wanted;
      }
      node = way[level];
      tree.voteLine(node, line[start + level], votes);
    }
    this.wayLength = level;
    this.wayGroup = group;
    if (level < length || top < 0) tree.nCut += input.count[row];
    this.weigh(Math.max(node, ROOT), input.time[row], input.count[row]);
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

  /** @param {number} n levels */
  reserve(n) {
    this.way = grown(this.way, 2 * n);
    this.wayFrames = grown(this.wayFrames, 2 * n);
  }
}

/**
 * @param {WeighedStacks} input @param {number} root the frame at the root
 * @param {WeighedStacks | null} [base] what it is compared with
 * @returns {TreeColumns}
 */
export function buildTree(input, root, base = null) {
  const room = Math.max(1024, Math.min(input.stacks.frame.length, FIRST_NODES));
  const tree = new TreeBuilder(room, base !== null);
  tree.child(-1, root);
  new StackAdder(tree, input, false).addAll();
  if (base) new StackAdder(tree, base, true).addAll();
  return tree.finish();
}
