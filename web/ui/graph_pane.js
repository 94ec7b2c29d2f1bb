// SPDX-License-Identifier: Apache-2.0

/**
 * Graph pane: a flame graph with all that people need to use it: pointer, keys, twin. Views that
 * have more than one graph are made of panes.
 */

import { ROOT } from './call_tree.js';
import { create } from './dom.js';
import { FlameGraph } from './flame_graph.js';
import { factsOf } from './frame_details.js';
import { largestChild, neighbour } from './layout.js';
import { Twin } from './twin.js';

/** @typedef {import('./actions.js').Actions} Actions */
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
      if (event.ctrlKey || event.metaKey || event.altKey) return;
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
