// SPDX-License-Identifier: Apache-2.0

/**
 * Twin: the flame graph as a treegrid, for screen readers.
 *
 * Each frame that is drawn wide enough, and each that a search has found, has a row which lies,
 * unseen, exactly over its box: reading, arrow keys and exploring by touch find the same picture
 * as the eye. The grid has the focus, and names the row which the keyboard is at.
 */

import { ROOT } from './call_tree.js';
import { describeChange } from './change_palette.js';
import { create, setText } from './dom.js';
import { placeOf } from './tooltip.js';
import { formatCount, formatShare, formatValue } from './units.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./flame_graph.js').Box} Box */

const COLUMNS = ['function', 'module', 'source', 'samples', 'CPU time', 'share', 'self', 'change'];
const MIN_WIDTH_PX = 6;
const MAX_ROWS = 600;
const LONGEST_NAME = 400;

/** @param {CallTree} tree @param {number} node */
function cellTexts(tree, node) {
  const frame = tree.frameOf(node);
  return [
    frame.name.slice(0, LONGEST_NAME),
    frame.inlined ? `${frame.module} (inlined)` : frame.module,
    placeOf(tree, node),
    formatCount(tree.samples[node]),
    formatValue(tree.total[node]),
    formatShare(tree.total[node] / (tree.total[ROOT] || 1)),
    formatValue(tree.self[node]),
    describeChange(tree, node),
  ];
}

export class Twin {
  /** @param {HTMLElement} element the treegrid @param {string} [prefix] of its rows' ids */
  constructor(element, prefix = 'frame') {
    this.element = element;
    this.prefix = `${prefix}-`;
    /** @type {HTMLElement[]} */
    this.rows = [];
    const head = create('div', { role: 'row', class: 'twin-head' });
    for (const name of COLUMNS) head.append(create('span', { role: 'columnheader' }, name));
    element.append(head);
  }

  /**
   * @param {Layout} layout
   * @param {Box[]} boxes parents first
   * @param {{zoom: number, focused: Box | null, matches: Uint8Array | null}} view what has the
   *   focus has a row, however narrow it is, and however many come before it
   */
  show(layout, boxes, { zoom, focused, matches }) {
    const { tree } = layout;
    const wanted = boxes
      .filter(({ node, width }) => width >= MIN_WIDTH_PX || matches?.[tree.frame[node]] === 1)
      .slice(0, MAX_ROWS);
    if (focused && !wanted.some(({ node }) => node === focused.node)) wanted.push(focused);
    while (this.rows.length < wanted.length) this.addRow();
    while (this.rows.length > wanted.length) this.rows.pop()?.remove();
    wanted.forEach((box, i) => this.fillRow(this.rows[i], layout, box, box.node === zoom));
    this.setFocused(focused?.node ?? -1);
  }

  addRow() {
    const row = create('div', { role: 'row' });
    for (const _ of COLUMNS) row.append(create('span', { role: 'gridcell' }));
    this.rows.push(row);
    this.element.append(row);
  }

  /** @param {HTMLElement} row @param {Layout} layout @param {Box} box @param {boolean} isZoom */
  fillRow(row, { tree, firstChild }, box, isZoom) {
    const { node } = box;
    const hasChildren = firstChild[node + 1] > firstChild[node];
    row.id = this.prefix + node;
    row.ariaLevel = String(tree.depth[node] + 1);
    row.ariaExpanded = hasChildren ? 'true' : null;
    row.ariaSelected = String(isZoom);
    row.style.left = `${box.x.toFixed(1)}px`;
    row.style.top = `${box.y}px`;
    row.style.width = `${box.width.toFixed(1)}px`;
    row.style.height = `${box.height}px`;
    cellTexts(tree, node).forEach((text, i) => setText(row.children[i], text));
  }

  /** @param {number} node or −1 */
  setFocused(node) {
    if (node < 0) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', this.prefix + node);
  }

  /** The node of the row that holds @target, or −1. @param {EventTarget | null} target */
  nodeOf(target) {
    const row = target instanceof Element ? target.closest('[role=row][id]') : null;
    return row?.id.startsWith(this.prefix) ? Number(row.id.slice(this.prefix.length)) : -1;
  }
}
