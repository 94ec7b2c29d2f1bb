// SPDX-License-Identifier: Apache-2.0

/**
 * Call tree: the samples of a profile merged from the root: host → process → stack → leaf.
 *
 *     Profile, selection  --buildTree-->  CallTree
 *
 * Nodes are numbered from 0, the host; a parent's number is smaller than its children's. All that
 * is known of them lies in flat arrays.
 */

import { FrameTable } from './frame.js';
import { labelColumn } from './selector.js';

/** @typedef {import('./pprof.js').Profile} Profile */
/** @typedef {import('./frame.js').Frame} Frame */

/**
 * The value of one label, of each node.
 * @typedef {{values: string[], ofNode: Int32Array}} NodeLabels  ofNode: −1 where there are several
 */

export const ROOT = 0;

/** An array of numbers that grows. @template {Int32Array | Float64Array} T */
class Column {
  /** @param {new (n: number) => T} type */
  constructor(type) {
    this.type = type;
    this.data = new type(1024);
  }

  /** @param {number} row */
  reserve(row) {
    if (row < this.data.length) return;
    const grown = new this.type(this.data.length * 2);
    grown.set(this.data);
    this.data = grown;
  }
}

/** Finds a node by its parent and its frame: open addressing, at most half full. */
class NodeIndex {
  constructor() {
    this.slots = new Int32Array(4096).fill(-1);
  }

  /**
   * @param {CallTree} tree @param {number} parent @param {number} frame
   * @returns {number} the slot of the node, or the empty one where it would be
   */
  slot(tree, parent, frame) {
    const mask = this.slots.length - 1;
    let slot = (Math.imul(parent, 0x9e3779b1) ^ Math.imul(frame + 1, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    for (;;) {
      const node = this.slots[slot];
      if (node < 0 || (tree.parent[node] === parent && tree.frame[node] === frame)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  /** @param {CallTree} tree */
  grow(tree) {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    for (let node = 0; node < tree.size; node++) {
      this.slots[this.slot(tree, tree.parent[node], tree.frame[node])] = node;
    }
  }
}

export class CallTree {
  /** @param {FrameTable} table */
  constructor(table) {
    /** @type {Frame[]} */
    this.frames = table.frames;
    this.table = table;
    this.size = 0;
    this.columns = {
      parent: new Column(Int32Array),
      frame: new Column(Int32Array),
      depth: new Column(Int32Array),
      line: new Column(Int32Array),
      lineVotes: new Column(Float64Array),
      total: new Column(Float64Array),
      self: new Column(Float64Array),
      samples: new Column(Float64Array),
    };
    this.index = new NodeIndex();
    /** @type {NodeLabels | null} where boxes are coloured by a label */
    this.labels = null;
  }

  /** Parent of each node; −1 above the root. */
  get parent() {
    return this.columns.parent.data;
  }
  /** Frame of each node. */
  get frame() {
    return this.columns.frame.data;
  }
  /** Distance of each node from the root. */
  get depth() {
    return this.columns.depth.data;
  }
  /** The line that most of a node's samples have, or 0. */
  get line() {
    return this.columns.line.data;
  }
  /** Nanoseconds of each node with all beneath it. */
  get total() {
    return this.columns.total.data;
  }
  /** Nanoseconds in the node itself. */
  get self() {
    return this.columns.self.data;
  }
  /** Samples of each node with all beneath it. */
  get samples() {
    return this.columns.samples.data;
  }

  /** @param {number} node @returns {Frame} */
  frameOf(node) {
    return this.frames[this.frame[node]];
  }

  /** @param {number} parent @param {number} frame @returns {number} node, or −1 */
  find(parent, frame) {
    return this.index.slots[this.index.slot(this, parent, frame)];
  }

  /** The child of @parent that stands for @frame, which is added if it is new. */
  child(/** @type {number} */ parent, /** @type {number} */ frame) {
    const slot = this.index.slot(this, parent, frame);
    const known = this.index.slots[slot];
    if (known >= 0) return known;
    const node = this.size++;
    for (const column of Object.values(this.columns)) column.reserve(node);
    this.parent[node] = parent;
    this.frame[node] = frame;
    this.depth[node] = parent < 0 ? 0 : this.depth[parent] + 1;
    this.index.slots[slot] = node;
    if (this.size * 2 > this.index.slots.length) this.index.grow(this);
    return node;
  }

  /** Vote for a line: what has more than half of the weight wins, in constant space. */
  voteLine(/** @type {number} */ node, /** @type {number} */ line, /** @type {number} */ weight) {
    const votes = this.columns.lineVotes.data;
    if (this.line[node] === line) votes[node] += weight;
    else if (votes[node] >= weight) votes[node] -= weight;
    else {
      this.line[node] = line;
      votes[node] = weight - votes[node];
    }
  }

  /** Totals from selves; a child's number is larger than its parent's. */
  sum() {
    const { parent, total, self, samples } = this;
    for (let node = this.size - 1; node >= 0; node--) {
      total[node] += self[node];
      if (node === ROOT) continue;
      total[parent[node]] += total[node];
      samples[parent[node]] += samples[node];
    }
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
    if (!path.length) return ROOT;
    const frameOfId = new Map(this.frames.map((frame, row) => [frame.id, row]));
    let node = ROOT;
    for (const id of path) {
      const frame = frameOfId.get(id);
      const next = frame === undefined ? -1 : this.find(node, frame);
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

/** Which of a sample's values are time and count; either may be missing. */
function valueColumns(/** @type {Profile} */ profile) {
  const find = (/** @type {(t: {type: string, unit: string}) => boolean} */ test) =>
    profile.sampleTypes.findIndex(test);
  const byDefault = find((t) => t.type === profile.defaultType);
  const time = find((t) => t.unit === 'nanoseconds');
  const count = find((t) => t.unit === 'count');
  const fallback = byDefault >= 0 ? byDefault : 0;
  return { time: time >= 0 ? time : fallback, count: count >= 0 ? count : fallback };
}

/**
 * Value and count of every sample.
 * @param {Profile} profile
 */
export function sampleWeights(profile) {
  const width = profile.sampleTypes.length;
  const { time, count } = valueColumns(profile);
  const n = profile.sampleLabels.length - 1;
  const weights = { time: new Float64Array(n), count: new Float64Array(n) };
  for (let sample = 0; sample < n; sample++) {
    weights.time[sample] = profile.values[sample * width + time];
    weights.count[sample] = profile.values[sample * width + count];
  }
  return weights;
}

/**
 * @param {Profile} profile
 * @param {Uint8Array} selected 1 for each sample to take
 * @param {string} host name of the root
 * @returns {CallTree}
 */
export function buildTree(profile, selected, host) {
  const table = new FrameTable();
  const tree = new CallTree(table);
  const lineFrames = table.addLines(profile);
  const weights = sampleWeights(profile);
  const comm = labelColumn(profile, 'comm');
  const { sampleFrames, frameLocation, locationLines, lineNumber } = profile;
  tree.child(-1, table.addGroup(host, 'host'));
  for (let sample = 0; sample < selected.length; sample++) {
    if (!selected[sample]) continue;
    const weight = weights.time[sample];
    let node = tree.child(ROOT, table.addGroup(profile.strings[comm[sample]] || '?', 'process'));
    for (let i = sampleFrames[sample + 1] - 1; i >= sampleFrames[sample]; i--) {
      const location = frameLocation[i];
      if (location < 0) continue;
      for (let l = locationLines[location + 1] - 1; l >= locationLines[location]; l--) {
        node = tree.child(node, lineFrames[l]);
        tree.voteLine(node, lineNumber[l], weight);
      }
    }
    tree.self[node] += weight;
    tree.samples[node] += weights.count[sample];
  }
  tree.sum();
  return tree;
}
