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

/** @typedef {import('./frames.js').Frames} Frames */
/** @typedef {import('./frame.js').Frame} Frame */

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
 * Where the search for a node begins in an index by parent and frame: slots hold the number of a
 * node and 1; 0 is empty. At most half of them are used.
 */
export function slotStart(/** @type {number} */ parent, /** @type {number} */ frame) {
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
