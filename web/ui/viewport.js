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
import { firstChildEndingAfter, matchTrees } from './layout.js';

/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {{start: number, end: number}} Span */

/** Narrower boxes are not told apart. */
export const MIN_BOX_PX = 1.5;
/** Trees with more nodes turn into the next one at once. */
const MAX_MOVING_NODES = 50000;

/** All of the axis. @type {Span} */
export const WHOLE = { start: 0, end: 1 };
const LEAST_SPAN = 1e-7;

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
    this.fromWindow = WHOLE;
    /** @type {{start: Float64Array, end: Float64Array} | null} */
    this.from = null;
  }

  /** The window on the axis, at the end of the way. */
  get target() {
    const { layout, zoom, span } = this;
    if (span) return span;
    return layout ? { start: layout.start[zoom], end: layout.end[zoom] } : WHOLE;
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
   * @returns {{start: Float64Array, end: Float64Array} | null} null if there are too many
   */
  comeFrom(layout, old) {
    if (Math.max(layout.tree.size, old.tree.size) > MAX_MOVING_NODES) return null;
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
   * right; neighbours too narrow to be told apart come as one box, whose node is −1. What is beside
   * the window, or beneath such a box, is not even looked at, so a picture costs what it shows.
   * @param {number} width pixels
   * @param {number} maxDepth deeper ones are left out
   * @param {(node: number, depth: number, x: number, width: number) => void} onBox
   */
  walk(width, maxDepth, onBox) {
    const { layout, window } = this;
    if (!layout || !layout.tree.size) return;
    const { start, end } = window;
    const scale = width / Math.max(end - start, Number.MIN_VALUE);
    const crumbs = new Crumbs(onBox);
    const todo = [ROOT];
    while (todo.length) {
      const node = /** @type {number} */ (todo.pop());
      const depth = layout.tree.depth[node];
      const x = (this.startOf(node) - start) * scale;
      const right = (this.endOf(node) - start) * scale;
      if (depth > maxDepth || right <= 0 || x >= width) continue;
      if (right - x < MIN_BOX_PX) {
        crumbs.add(depth, x);
        continue;
      }
      onBox(node, depth, x, right - x);
      if (depth < maxDepth) this.pushChildren(node, todo, { start, end, scale, crumbs });
    }
    crumbs.flush();
  }

  /**
   * Put the children of @node that are seen on @todo, the first one last; those too narrow become
   * crumbs at once, and of those that share a pixel only one is looked at.
   * @param {number} node @param {number[]} todo
   * @param {{start: number, end: number, scale: number, crumbs: Crumbs}} view
   */
  pushChildren(node, todo, { start, end, scale, crumbs }) {
    const layout = /** @type {Layout} */ (this.layout);
    const { firstChild, children, tree } = layout;
    const last = firstChild[node + 1];
    const known = todo.length;
    let i = this.from ? firstChild[node] : firstChildEndingAfter(layout, node, 0, start);
    while (i < last && this.startOf(children[i]) < end) {
      const child = children[i++];
      const left = this.startOf(child);
      if (this.from || (this.endOf(child) - left) * scale >= MIN_BOX_PX) todo.push(child);
      else {
        const pixel = Math.floor((left - start) * scale);
        crumbs.add(tree.depth[child], pixel);
        const beyond = start + (pixel + 1) / scale;
        if (i < last && this.endOf(children[i]) <= beyond) {
          i = firstChildEndingAfter(layout, node, i - firstChild[node], beyond);
        }
      }
    }
    for (let low = known, high = todo.length - 1; low < high; low++, high--) {
      [todo[low], todo[high]] = [todo[high], todo[low]];
    }
  }
}

/** Boxes too narrow to be told apart, put together with those that touch them in their row. */
class Crumbs {
  /** @param {(node: number, depth: number, x: number, width: number) => void} onBox */
  constructor(onBox) {
    this.onBox = onBox;
    /** @type {({start: number, end: number} | undefined)[]} by depth, in whole pixels */
    this.open = [];
  }

  /** @param {number} depth @param {number} x */
  add(depth, x) {
    const start = Math.floor(x);
    const open = this.open[depth];
    if (open && start <= open.end) {
      open.end = Math.max(open.end, start + 1);
      return;
    }
    if (open) this.onBox(-1, depth, open.start, open.end - open.start);
    this.open[depth] = { start, end: start + 1 };
  }

  flush() {
    this.open.forEach((open, depth) => {
      if (open) this.onBox(-1, depth, open.start, open.end - open.start);
    });
  }
}

/** As long as it is, and within the whole. @param {number} start @param {number} length @returns {Span} */
function within(start, length) {
  const at = Math.min(Math.max(0, start), 1 - length);
  return { start: at, end: at + length };
}

/**
 * @param {Span} span @param {number} factor how much longer
 * @param {number} at share of the span that stays where it is @returns {Span}
 */
export function zoomSpan({ start, end }, factor, at) {
  const length = Math.min(1, Math.max(LEAST_SPAN, (end - start) * factor));
  return within(start + at * (end - start - length), length);
}

/** @param {Span} span @param {number} by its own length @returns {Span} */
export function panSpan({ start, end }, by) {
  return within(start + by * (end - start), end - start);
}
