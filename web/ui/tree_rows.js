// SPDX-License-Identifier: Apache-2.0

/**
 * Tree rows: which nodes of a call tree are rows of its table now.
 *
 *     Layout, toggles  --TreeRows-->  nodes, callers before what they call, the largest first
 *
 * Only what has been opened is a row, so a tree of a million nodes costs what is seen of it.
 */

import { ROOT } from './call_tree.js';

/** @typedef {import('./layout.js').Layout} Layout */

/** Opened along with its caller, while it has most of the caller's time. */
const MAIN_SHARE = 0.5;

export class TreeRows {
  /** @param {Layout} layout @param {number} [root] */
  constructor(layout, root = ROOT) {
    this.layout = layout;
    this.root = root;
    /** @type {number[]} */
    this.nodes = layout.tree.size ? [root] : [];
    /** @type {Set<number>} */
    this.opened = new Set();
  }

  /** @param {number} node */
  hasChildren(node) {
    const { firstChild } = this.layout;
    return firstChild[node + 1] > firstChild[node];
  }

  /** @param {number} node */
  isOpen(node) {
    return this.opened.has(node);
  }

  /** The largest first. @param {number} node @returns {number[]} */
  childrenOf(node) {
    const { tree, firstChild, children } = this.layout;
    const row = Array.from(children.subarray(firstChild[node], firstChild[node + 1]));
    return row.sort((a, b) => tree.total[b] - tree.total[a] || a - b);
  }

  /** What is seen beneath a node if it is open: all rows, in order. @param {number} node */
  rowsBeneath(node) {
    const rows = /** @type {number[]} */ ([]);
    const todo = this.childrenOf(node).reverse();
    while (todo.length) {
      const next = /** @type {number} */ (todo.pop());
      rows.push(next);
      if (this.opened.has(next)) todo.push(...this.childrenOf(next).reverse());
    }
    return rows;
  }

  /** @param {number} row @returns {boolean} whether anything has changed */
  open(row) {
    const node = this.nodes[row];
    if (this.opened.has(node) || !this.hasChildren(node)) return false;
    this.opened.add(node);
    this.insert(row, this.rowsBeneath(node));
    return true;
  }

  /** @param {number} row @param {number[]} nodes */
  insert(row, nodes) {
    this.nodes = this.nodes.slice(0, row + 1).concat(nodes, this.nodes.slice(row + 1));
  }

  /** @param {number} row @returns {boolean} whether anything has changed */
  close(row) {
    const node = this.nodes[row];
    if (!this.opened.delete(node)) return false;
    const { depth } = this.layout.tree;
    let end = row + 1;
    while (end < this.nodes.length && depth[this.nodes[end]] > depth[node]) end++;
    this.nodes.splice(row + 1, end - row - 1);
    return true;
  }

  /** Open a row, and what has most of its time, and so on. @param {number} row */
  openMain(row) {
    const { parent, total } = this.layout.tree;
    for (;;) {
      this.open(row);
      const [node, largest] = [this.nodes[row], this.nodes[row + 1]];
      const isMain = parent[largest] === node && total[largest] >= total[node] * MAIN_SHARE;
      if (!isMain) return;
      row++;
    }
  }

  /** The row of a node's caller, or −1. @param {number} row */
  parentRow(row) {
    return this.nodes.lastIndexOf(this.layout.tree.parent[this.nodes[row]], row);
  }

  /** Open all that leads to a node. @param {number} node @returns {number} its row, or −1 */
  reveal(node) {
    const way = /** @type {number[]} */ ([]);
    for (let at = node; at >= 0 && at !== this.root; at = this.layout.tree.parent[at]) way.push(at);
    let row = this.nodes.indexOf(this.root);
    for (const next of way.reverse()) {
      this.open(row);
      row = this.nodes.indexOf(next, row);
      if (row < 0) return -1;
    }
    return row;
  }

  /**
   * Open in a new tree what is open in an old one: whatever has the same path.
   * @param {TreeRows} old @returns {Map<number, number>} old nodes → new ones
   */
  openLike(old) {
    const { tree } = this.layout;
    const found = new Map([[old.root, this.root]]);
    for (const node of old.nodes) {
      const here = found.get(node);
      if (here === undefined || !old.opened.has(node)) continue;
      this.opened.add(here);
      const byId = new Map(this.childrenOf(here).map((child) => [tree.frameOf(child).id, child]));
      for (const child of old.childrenOf(node)) {
        const match = byId.get(old.layout.tree.frameOf(child).id);
        if (match !== undefined) found.set(child, match);
      }
    }
    if (this.opened.has(this.root)) this.nodes = [this.root, ...this.rowsBeneath(this.root)];
    return found;
  }
}
