// SPDX-License-Identifier: Apache-2.0

/**
 * Call tree: stacks merged from the root: host → process → stack → leaf.
 *
 *     TreeInput[]  --buildTree-->  CallTree
 *
 * Nodes are numbered from 0, the host; a parent's number is smaller than its children's. All that
 * is known of them lies in flat arrays, which also move between threads. In a comparison, a tree
 * has what the base has, too, scaled to what it is compared with.
 */

/** @typedef {import('./frames.js').Frames} Frames */
/** @typedef {import('./frame.js').Frame} Frame */
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
 * @property {Int32Array} slots     nodes by their parent and their frame
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
 * The slot of a node in an index by parent and frame, or the empty one where it would be.
 * Slots hold the number of a node and 1; 0 is empty. At most half of them are used.
 */
function slotOf(
  /** @type {Int32Array} */ slots,
  /** @type {{parent: Int32Array, frame: Int32Array}} */ tree,
  /** @type {number} */ parent,
  /** @type {number} */ frame,
) {
  const mask = slots.length - 1;
  let slot = Math.imul(parent, 0x9e3779b1) ^ Math.imul(frame + 1, 0x85ebca6b);
  slot = (slot ^ (slot >>> 15)) & mask;
  for (;;) {
    const node = slots[slot] - 1;
    if (node < 0 || (tree.parent[node] === parent && tree.frame[node] === frame)) return slot;
    slot = (slot + 1) & mask;
  }
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
    return slots[slotOf(slots, this, parent, frame)] - 1;
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

/** @template {Int32Array | Float64Array} T @param {T} data @param {number} n @returns {T} */
function grown(data, n) {
  const type = /** @type {new (n: number) => T} */ (data.constructor);
  const longer = new type(n);
  longer.set(data);
  return longer;
}

/** Builds the columns of a tree. */
class TreeBuilder {
  /** @param {number} room nodes that there may well be @param {boolean} hasBase */
  constructor(room, hasBase) {
    this.size = 0;
    this.nCut = 0;
    this.capacity = room;
    let nSlots = 1024;
    while (nSlots < 2 * room) nSlots *= 2;
    this.slots = new Int32Array(nSlots);
    this.parent = new Int32Array(room);
    this.frame = new Int32Array(room);
    this.depth = new Int32Array(room);
    this.line = new Int32Array(room);
    this.lineVotes = new Float64Array(room);
    this.total = new Float64Array(room);
    this.self = new Float64Array(room);
    this.samples = new Float64Array(room);
    this.baseTotal = hasBase ? new Float64Array(room) : null;
    this.baseSelf = hasBase ? new Float64Array(room) : null;
    this.baseSamples = hasBase ? new Float64Array(room) : null;
  }

  grow() {
    const n = (this.capacity *= 2);
    this.parent = grown(this.parent, n);
    this.frame = grown(this.frame, n);
    this.depth = grown(this.depth, n);
    this.line = grown(this.line, n);
    this.lineVotes = grown(this.lineVotes, n);
    this.total = grown(this.total, n);
    this.self = grown(this.self, n);
    this.samples = grown(this.samples, n);
    if (!this.baseTotal || !this.baseSelf || !this.baseSamples) return;
    this.baseTotal = grown(this.baseTotal, n);
    this.baseSelf = grown(this.baseSelf, n);
    this.baseSamples = grown(this.baseSamples, n);
  }

  rehash() {
    this.slots = new Int32Array(this.slots.length * 2);
    for (let node = 0; node < this.size; node++) {
      this.slots[slotOf(this.slots, this, this.parent[node], this.frame[node])] = node + 1;
    }
  }

  /**
   * The child of @parent that stands for @frame, which is added if it is new and there is room.
   * @param {number} parent @param {number} frame @returns {number} node, or −1
   */
  child(parent, frame) {
    const slot = slotOf(this.slots, this, parent, frame);
    const known = this.slots[slot] - 1;
    if (known >= 0) return known;
    if (this.size >= MAX_NODES) return -1;
    const node = this.size++;
    if (node >= this.capacity) this.grow();
    this.parent[node] = parent;
    this.frame[node] = frame;
    this.depth[node] = parent < 0 ? 0 : this.depth[parent] + 1;
    this.slots[slot] = node + 1;
    if (this.size * 2 > this.slots.length) this.rehash();
    return node;
  }

  /** Vote for a line: what has more than half of the weight wins, in constant space. */
  voteLine(/** @type {number} */ node, /** @type {number} */ line, /** @type {number} */ weight) {
    if (this.line[node] === line) this.lineVotes[node] += weight;
    else if (this.lineVotes[node] >= weight) this.lineVotes[node] -= weight;
    else {
      this.line[node] = line;
      this.lineVotes[node] = weight - this.lineVotes[node];
    }
  }

  /** Totals from selves; a child's number is larger than its parent's. */
  sum() {
    sumUp(this.parent, this.size, this.self, this.total);
    sumUp(this.parent, this.size, null, this.samples);
    if (!this.baseTotal) return;
    sumUp(this.parent, this.size, this.baseSelf, this.baseTotal);
    sumUp(this.parent, this.size, null, /** @type {Float64Array} */ (this.baseSamples));
  }

  /** @returns {TreeColumns} */
  finish() {
    this.sum();
    const { size, parent, frame, depth, line, total, self, samples, slots, nCut } = this;
    const { baseTotal, baseSelf, baseSamples } = this;
    const base = { baseTotal, baseSelf, baseSamples };
    return { size, parent, frame, depth, line, total, self, samples, slots, nCut, ...base };
  }
}

/**
 * @param {Int32Array} parent @param {number} size
 * @param {Float64Array | null} self @param {Float64Array} total
 */
function sumUp(parent, size, self, total) {
  for (let node = size - 1; node >= 0; node--) {
    if (self) total[node] += self[node];
    if (node !== ROOT) total[parent[node]] += total[node];
  }
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
    const weight = input.time[row];
    const start = first[stack];
    const length = first[stack + 1] - start;
    if (length > this.way.length) this.reserve(length);
    const top = group < 0 ? ROOT : tree.child(ROOT, group);
    let known = group === this.wayGroup ? this.wayLength : 0;
    let node = top;
    let level = 0;
    for (; level < length && top >= 0; level++) {
      const wanted = frame[start + level];
      if (level >= known || this.wayFrames[level] !== wanted) {
        known = 0;
        const child = tree.child(node, wanted);
        if (child < 0) break;
        this.way[level] = child;
        this.wayFrames[level] = wanted;
      }
      node = this.way[level];
      tree.voteLine(node, line[start + level], weight);
    }
    this.wayLength = level;
    this.wayGroup = group;
    if (level < length || top < 0) tree.nCut += input.count[row];
    this.weigh(Math.max(node, ROOT), weight, input.count[row]);
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

/** The first guess of how many nodes there are. @param {WeighedStacks} input */
function guessNodes({ stacks }) {
  return Math.max(1024, Math.min(stacks.frame.length + 64, 2 ** 20));
}

/**
 * @param {WeighedStacks} input @param {number} root the frame at the root
 * @param {WeighedStacks | null} [base] what it is compared with
 * @returns {TreeColumns}
 */
export function buildTree(input, root, base = null) {
  const tree = new TreeBuilder(guessNodes(input), base !== null);
  tree.child(-1, root);
  new StackAdder(tree, input, false).addAll();
  if (base) new StackAdder(tree, base, true).addAll();
  return tree.finish();
}
