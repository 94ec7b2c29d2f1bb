// SPDX-License-Identifier: Apache-2.0

/**
 * Graph pane: a flame graph with all that people need to use it: pointer, keys, twin. Views that
 * have more than one graph are made of panes.
 */

import { ROOT } from './call_tree.js';
import { describeChange } from './compare.js';
import { create, hasModifier, setText } from './dom.js';
import { FlameGraph } from './flame_graph.js';
import { factsOf, placeOf } from './frame_details.js';
import { largestChild, neighbour } from './layout.js';
import { countName, formatCount, formatShare, formatValue, valueName } from './short_text.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./flame_graph.js').Box} Box */
/** @typedef {import('./layout.js').Layout} Layout */

/** @typedef {(layout: Layout, node: number) => number} Step */

/**
 * @typedef {object} PaneOptions
 * @property {string} label
 * @property {Actions} actions
 * @property {(node: number) => void} onOpen a click, or Enter
 * @property {boolean} [isUpward]
 */

let panes = 0;

/** @param {boolean} isUpward @returns {Record<string, Step>} */
export function stepsOf(isUpward) {
  const toCaller = (/** @type {Layout} */ { tree }, /** @type {number} */ node) =>
    tree.parent[node];
  return {
    ArrowUp: isUpward ? largestChild : toCaller,
    ArrowDown: isUpward ? toCaller : largestChild,
    ArrowLeft: (layout, node) => neighbour(layout, node, -1),
    ArrowRight: (layout, node) => neighbour(layout, node, 1),
  };
}

export class GraphPane {
  /** @param {HTMLElement} element @param {PaneOptions} options */
  constructor(element, options) {
    this.element = element;
    this.options = options;
    /** @type {Layout | null} */
    this.layout = null;
    /** @type {Uint8Array | null} */
    this.found = null;
    this.focused = -1;
    const canvas = create('canvas', { 'aria-hidden': 'true' });
    const twin = create('div', {
      class: 'twin',
      role: 'treegrid',
      tabindex: '0',
      'aria-label': options.label,
    });
    element.classList.add('graph');
    element.replaceChildren(canvas, twin);
    this.twin = new Twin(twin, `pane${panes++}`);
    this.graph = new FlameGraph(element, canvas, () => this.showTwin());
    this.graph.setUpward(options.isUpward ?? false);
    this.listen();
  }

  listen() {
    const { element, options, twin } = this;
    element.addEventListener('pointermove', (event) => this.point(event));
    element.addEventListener('pointerleave', () => this.unpoint());
    element.addEventListener('scroll', () => this.unpoint(), { passive: true });
    element.addEventListener('click', (event) => {
      const node = this.nodeAt(event);
      twin.element.focus({ preventScroll: true });
      if (node >= 0) options.onOpen(node);
    });
    element.addEventListener('contextmenu', (event) => {
      const node = this.nodeAt(event);
      if (node < 0) return;
      event.preventDefault();
      this.openMenu(node, event.clientX, event.clientY);
    });
    twin.element.addEventListener('keydown', (event) => {
      if (hasModifier(event)) return;
      if (this.handleKey(event.key, event.shiftKey)) event.preventDefault();
    });
  }

  /**
   * @param {Layout} layout
   * @param {boolean} [isOther] nothing moves from what was shown to this
   */
  show(layout, isOther = false) {
    if (layout !== this.layout) {
      this.layout = layout;
      this.focused = -1;
      if (isOther) this.graph.replaceLayout(layout, ROOT);
      else this.graph.setLayout(layout, ROOT);
    }
    this.found = this.options.actions.found();
    this.graph.setMatches(this.found);
    this.graph.setPalette(this.options.actions.palette());
    this.showTwin();
  }

  /** @param {MouseEvent} event */
  nodeAt(event) {
    const ofRow = this.twin.nodeOf(event.target);
    return ofRow >= 0 ? ofRow : this.graph.nodeAtPointer(event);
  }

  /** @param {PointerEvent} event */
  point(event) {
    const { layout, options } = this;
    const node = this.graph.nodeAtPointer(event);
    this.graph.setHovered(node);
    this.element.classList.toggle('is-pointing', node >= 0);
    if (node < 0 || !layout) options.actions.hideTip();
    else options.actions.showTip(layout.tree, node, event.clientX, event.clientY);
  }

  unpoint() {
    this.graph.setHovered(-1);
    this.options.actions.hideTip();
  }

  /** @param {number} node @param {number} x @param {number} y */
  openMenu(node, x, y) {
    const { tree } = /** @type {Layout} */ (this.layout);
    this.options.actions.hideTip();
    this.options.actions.openMenu(tree.frameOf(node), { x, y, from: this.twin.element });
  }

  /** @param {string} key @param {boolean} isShift @returns {boolean} whether it means something */
  handleKey(key, isShift) {
    const { layout, focused } = this;
    if (!layout?.tree.size) return false;
    const step = stepsOf(this.graph.isUpward)[key];
    if (step) {
      const node = focused < 0 ? ROOT : step(layout, focused);
      if (node >= 0) this.setFocused(node);
      return true;
    }
    if (focused < 0) return false;
    if (key === 'Enter') {
      this.options.onOpen(focused);
      return true;
    }
    if (key === 'ContextMenu' || (key === 'F10' && isShift)) {
      const { x, y } = this.graph.boxOf(focused);
      const { left, top } = this.element.getBoundingClientRect();
      this.openMenu(focused, left + x + 20, top + y - this.element.scrollTop + 16);
      return true;
    }
    return false;
  }

  /** @param {number} node */
  setFocused(node) {
    const { tree } = /** @type {Layout} */ (this.layout);
    this.focused = node;
    this.graph.setFocused(node);
    this.graph.reveal(node);
    this.showTwin();
    this.options.actions.pick(tree.frameOf(node), factsOf(tree, node));
  }

  showTwin() {
    const { layout, graph, focused, found } = this;
    if (!layout) return;
    this.twin.element.style.height = `${graph.contentPx}px`;
    this.twin.show(layout, graph.boxes(), {
      zoom: graph.viewport.zoom,
      focused: focused < 0 ? null : graph.boxOf(focused),
      matches: found,
    });
  }
}

/*
 * Twin: the flame graph as a treegrid, for screen readers.
 *
 * Each frame that is drawn wide enough, and each that a search has found, has a row which lies,
 * unseen, exactly over its box: reading, arrow keys and exploring by touch find the same picture
 * as the eye. The grid has the focus, and names the row which the keyboard is at.
 */

/** What its columns are called. */
function headTexts() {
  return ['function', 'module', 'source', countName(), valueName(), 'share', 'self', 'change'];
}
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
    this.head = create('div', { role: 'row', class: 'twin-head' });
    for (const name of headTexts()) this.head.append(create('span', { role: 'columnheader' }, name));
    element.append(this.head);
  }

  /**
   * @param {Layout} layout
   * @param {Box[]} boxes parents first
   * @param {{zoom: number, focused: Box | null, matches: Uint8Array | null}} view what has the
   *   focus has a row, however narrow it is, and however many come before it
   */
  show(layout, boxes, { zoom, focused, matches }) {
    const { tree } = layout;
    headTexts().forEach((name, i) => setText(this.head.children[i], name));
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
    for (const _ of this.head.children) row.append(create('span', { role: 'gridcell' }));
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
