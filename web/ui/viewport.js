// SPDX-License-Identifier: Apache-2.0

/**
 * Viewport: which part of a layout is seen, and how one picture turns into the next.
 *
 *     Layout, zoom  --Viewport.walk-->  boxes in pixels, at any moment of the way
 *
 * The horizontal axis is the share of the whole; a zoom is a window on it. When a live profile is
 * replaced, each box moves from where the same path was; a new one grows out of no width.
 */

import { ROOT } from './call_tree.js';
import { matchTrees } from './layout.js';

/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {{start: number, end: number}} Span */

/** Narrower boxes are not told apart. */
export const MIN_BOX_PX = 0.7;

const mix = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ t) =>
  a + (b - a) * t;

export class Viewport {
  constructor() {
    /** @type {Layout | null} */
    this.layout = null;
    this.zoom = ROOT;
    /** @type {Span | null} what is looked at instead of a node: any part of the axis */
    this.span = null;
    /** How far the way from the last picture to this one has been gone, 0 to 1. */
    this.progress = 1;
    this.fromWindow = { start: 0, end: 1 };
    /** @type {{start: Float64Array, end: Float64Array} | null} */
    this.from = null;
  }

  /** The window on the axis, at the end of the way. */
  get target() {
    const { layout, zoom, span } = this;
    if (span) return span;
    return layout ? { start: layout.start[zoom], end: layout.end[zoom] } : { start: 0, end: 1 };
  }

  /** The window on the axis now. */
  get window() {
    const { target, fromWindow, progress } = this;
    return {
      start: mix(fromWindow.start, target.start, progress),
      end: mix(fromWindow.end, target.end, progress),
    };
  }

  /** @param {number} node */
  startOf(node) {
    const { start } = /** @type {Layout} */ (this.layout);
    return this.from ? mix(this.from.start[node], start[node], this.progress) : start[node];
  }

  /** @param {number} node */
  endOf(node) {
    const { end } = /** @type {Layout} */ (this.layout);
    return this.from ? mix(this.from.end[node], end[node], this.progress) : end[node];
  }

  /** Begin the way to another zoom. @param {number} node */
  setZoom(node) {
    this.fromWindow = this.window;
    this.zoom = node;
    this.span = null;
    this.progress = 0;
  }

  /** Begin the way to another part of the axis. @param {Span | null} span */
  setSpan(span) {
    this.fromWindow = this.window;
    this.span = span;
    this.progress = 0;
  }

  /** Begin the way to another layout. @param {Layout} layout @param {number} zoom */
  setLayout(layout, zoom) {
    const from = this.layout ? this.comeFrom(layout, this.layout) : null;
    this.fromWindow = this.window;
    this.from = from;
    this.layout = layout;
    this.zoom = zoom;
    this.progress = from ? 0 : 1;
  }

  /**
   * Where the nodes of a new layout are now.
   * @param {Layout} layout @param {Layout} old
   */
  comeFrom(layout, old) {
    const matches = matchTrees(layout.tree, old.tree);
    const start = new Float64Array(layout.tree.size);
    const end = new Float64Array(layout.tree.size);
    end[ROOT] = 1;
    for (let node = 0; node < layout.tree.size; node++) {
      let at = start[node];
      for (let i = layout.firstChild[node]; i < layout.firstChild[node + 1]; i++) {
        const child = layout.children[i];
        const match = matches[child];
        start[child] = match < 0 ? at : this.startOf(match);
        end[child] = match < 0 ? at : this.endOf(match);
        at = end[child];
      }
    }
    return { start, end };
  }

  /** The way is gone. */
  arrive() {
    this.progress = 1;
    this.from = null;
  }

  /**
   * Call @onBox for each box that is at least partly in the window, parents first, from left to
   * right; neighbours too narrow to be told apart come as one box of one pixel, whose node is −1.
   * @param {number} width pixels
   * @param {number} maxDepth deeper ones are left out
   * @param {(node: number, depth: number, x: number, width: number) => void} onBox
   */
  walk(width, maxDepth, onBox) {
    const { layout, window } = this;
    if (!layout || !layout.tree.size) return;
    const scale = width / Math.max(window.end - window.start, Number.MIN_VALUE);
    const { firstChild, children, tree } = layout;
    const crumbEdge = /** @type {number[]} */ ([]);
    const todo = [ROOT];
    while (todo.length) {
      const node = /** @type {number} */ (todo.pop());
      const depth = tree.depth[node];
      const x = (this.startOf(node) - window.start) * scale;
      const end = (this.endOf(node) - window.start) * scale;
      if (depth > maxDepth || end <= 0 || x >= width) continue;
      if (end - x < MIN_BOX_PX) {
        if (end <= (crumbEdge[depth] ?? 0)) continue;
        crumbEdge[depth] = Math.floor(x) + 1;
        onBox(-1, depth, Math.floor(x), 1);
        continue;
      }
      onBox(node, depth, x, end - x);
      for (let i = firstChild[node + 1] - 1; i >= firstChild[node]; i--) todo.push(children[i]);
    }
  }
}
