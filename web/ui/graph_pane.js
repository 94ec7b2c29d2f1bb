// SPDX-License-Identifier: Apache-2.0

/**
 * Graph pane: a flame graph with all that people need to use it: pointer, keys, twin. The page's
 * graph is one, and views are made of them.
 */

import { ROOT } from './call_tree.js';
import { describeChange } from './compare.js';
import { create, hasModifier, keyOf, setText } from './dom.js';
import { FlameGraph } from './flame_graph.js';
import { factsOf, placeOf } from './frame_details.js';
import { largestChild, neighbour } from './layout.js';
import { countName, formatCount, formatShare, formatValue, valueName } from './short_text.js';

/** @typedef {import('./view_deck.js').Actions} Actions */
/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./flame_graph.js').Box} Box */
/** @typedef {import('./layout.js').Layout} Layout */

/** @typedef {(layout: Layout, node: number) => number} Step */

/**
 * @typedef {object} PaneOptions
 * @property {string} label
 * @property {Actions} actions
 * @property {(node: number, layout: Layout) => void} onOpen a click, or Enter
 * @property {boolean} [isUpward]
 */

let panes = 0;

/** Up and down are as they look. @param {boolean} isUpward @returns {Record<string, Step>} */
function stepsOf(isUpward) {
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
    /** @type {MouseEvent | null} where the pointer is, while it is on the graph */
    this.pointer = null;
    this.lastTouched = -1;
    const canvas = create('canvas', { 'aria-hidden': 'true' });
    const twin = create('div', {
      class: 'twin',
      role: 'treegrid',
      tabindex: '0',
      'aria-label': options.label,
    });
    element.classList.add('graph');
    element.replaceChildren(canvas, twin);
    this.twin = new Twin(twin, `pane${panes++}`, () => this.graph.isAtRest);
    this.graph = new FlameGraph(element, canvas, () => this.showTwin());
    this.graph.setUpward(options.isUpward ?? false);
    this.listen();
  }

  listen() {
    const { element, twin } = this;
    element.addEventListener('pointermove', (event) => {
      if (event.pointerType === 'mouse') this.point(event);
    });
    element.addEventListener('pointerleave', (event) => {
      if (event.pointerType === 'mouse') this.unpoint();
    });
    element.addEventListener('scroll', () => this.unpoint(), { passive: true });
    element.addEventListener('click', (event) => this.click(event));
    element.addEventListener('contextmenu', (event) => {
      const node = this.nodeAt(event);
      if (node < 0) return;
      event.preventDefault();
      this.openMenu(node, event.clientX, event.clientY);
    });
    twin.element.addEventListener('keydown', (event) => {
      if (hasModifier(event)) return;
      if (this.handleKey(keyOf(event))) event.preventDefault();
    });
  }

  /**
   * @param {Layout} layout
   * @param {{zoom?: number, isOther?: boolean}} [how] isOther: nothing moves from what was shown
   */
  show(layout, { zoom = ROOT, isOther = false } = {}) {
    const { graph, options } = this;
    if (layout !== this.layout) {
      const path = !isOther && this.focused >= ROOT ? this.layout?.tree.pathOf(this.focused) : null;
      this.layout = layout;
      this.focused = path ? layout.tree.follow(path) : -1;
      if (isOther) graph.replaceLayout(layout, zoom);
      else graph.setLayout(layout, zoom);
      graph.setFocused(this.focused);
      this.pointAgain();
    }
    graph.setPalette(options.actions.palette());
    this.showFound();
  }

  /** What the search finds may be another. */
  showFound() {
    const found = this.options.actions.found();
    if (found === this.found) return;
    this.found = found;
    this.graph.setMatches(found);
    if (this.graph.isAtRest) this.showTwin();
  }

  focus() {
    this.twin.element.focus({ preventScroll: true });
  }

  /** @param {MouseEvent} event */
  nodeAt(event) {
    const ofRow = this.twin.nodeOf(event.target);
    return ofRow >= 0 ? ofRow : this.graph.nodeAtPointer(event);
  }

  /** A finger cannot hover: the first tap tells, the second one opens. @param {MouseEvent} event */
  click(event) {
    const node = this.nodeAt(event);
    this.focus();
    const isTouch = event instanceof PointerEvent && event.pointerType === 'touch';
    const isFirstTap = isTouch && node !== this.lastTouched;
    this.lastTouched = node;
    if (isFirstTap) this.point(event);
    else if (node >= 0) this.options.onOpen(node, /** @type {Layout} */ (this.layout));
  }

  /** Show what is beneath a pointer. @param {MouseEvent} event */
  point(event) {
    const { layout, options } = this;
    this.pointer = event;
    const node = this.graph.nodeAtPointer(event);
    this.graph.setHovered(node);
    this.element.classList.toggle('is-pointing', node >= 0);
    if (node < 0 || !layout) options.actions.hideTip();
    else options.actions.showTip(layout.tree, node, event.clientX, event.clientY);
  }

  /** The numbers of nodes have changed their meaning. */
  pointAgain() {
    if (!this.pointer) return;
    this.options.actions.hideTip();
    this.point(this.pointer);
  }

  unpoint() {
    this.pointer = null;
    this.graph.setHovered(-1);
    this.options.actions.hideTip();
  }

  /** @param {number} node @param {number} x @param {number} y */
  openMenu(node, x, y) {
    const { tree } = /** @type {Layout} */ (this.layout);
    const place = { x, y, from: this.twin.element, path: tree.pathOf(node) };
    this.options.actions.openMenu(tree.frameOf(node), place);
  }

  /** @param {string} key @returns {boolean} whether it means something */
  handleKey(key) {
    const { graph, layout, focused } = this;
    if (!layout?.tree.size) return false;
    const step = stepsOf(graph.isUpward)[key];
    if (step) this.moveFocus(focused < 0 ? graph.viewport.zoom : step(layout, focused));
    if (step || focused < 0) return Boolean(step);
    if (key === 'Enter') this.options.onOpen(focused, layout);
    else if (key === 'ContextMenu') {
      const { x, y } = graph.boxOf(focused);
      const { left, top } = this.element.getBoundingClientRect();
      const shownY = top + y - this.element.scrollTop;
      this.openMenu(focused, left + Math.max(0, x) + 20, shownY + 16);
    } else return false;
    return true;
  }

  /** Move the keyboard's place, and tell all about it. @param {number} node or −1: it stays */
  moveFocus(node) {
    if (node < 0) return;
    this.focused = node;
    this.graph.setFocused(node);
    this.graph.reveal(node);
    this.showTwin();
    this.focus();
    this.pick(node);
  }

  /** @param {number} node */
  pick(node) {
    const { tree } = /** @type {Layout} */ (this.layout);
    this.options.actions.pick(tree.frameOf(node), factsOf(tree, node));
  }

  showTwin() {
    const { layout, graph, focused, found } = this;
    if (!layout) return;
    this.twin.element.style.height = `${graph.contentPx}px`;
    this.twin.show(layout, graph.boxes, {
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
/** More rows than this are filled when the picture has been at rest for a while, some at a time. */
const FEW_ROWS = 60;
const REST_MS = 400;
const FILL_MS = 2;
const PAUSE_MS = 32;
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
  /**
   * @param {HTMLElement} element the treegrid
   * @param {string} prefix of its rows' ids
   * @param {() => boolean} isAtRest whether boxes are where they are told to be
   */
  constructor(element, prefix, isAtRest) {
    this.element = element;
    this.prefix = `${prefix}-`;
    this.isAtRest = isAtRest;
    /** @type {{element: HTMLElement, texts: Text[]}[]} */
    this.rows = [];
    /** @type {{layout: Layout, boxes: Box[], zoom: number}} what rows are of */
    this.shown = { layout: /** @type {any} */ (null), boxes: [], zoom: ROOT };
    this.nFilled = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
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
    const widthOf = (/** @type {Box} */ { node, width }) =>
      matches?.[tree.frame[node]] ? Infinity : width;
    const all = boxes.filter((box) => widthOf(box) >= MIN_WIDTH_PX);
    // Of too many boxes the widest have rows, wherever they are.
    const widest = new Set([...all].sort((a, b) => widthOf(b) - widthOf(a)).slice(0, MAX_ROWS));
    const wanted = all.filter((box) => widest.has(box));
    let at = wanted.findIndex(({ node }) => node === focused?.node);
    if (focused && at < 0) at = wanted.push(focused) - 1;
    const { shown } = this;
    const isSame =
      layout === shown.layout &&
      zoom === shown.zoom &&
      JSON.stringify(wanted) === JSON.stringify(shown.boxes);
    if (!isSame) this.begin({ layout, boxes: wanted, zoom });
    if (at >= 0) this.fillRow(at);
    this.setFocused(focused?.node ?? -1);
  }

  /** Rows are of something else from now on. @param {Twin['shown']} shown */
  begin(shown) {
    const { length } = shown.boxes;
    while (this.rows.length > length) this.rows.pop()?.element.remove();
    for (const { element } of this.rows) element.id = '';
    this.shown = shown;
    this.nFilled = 0;
    clearTimeout(this.timer);
    const isSmall = length <= FEW_ROWS;
    this.element.ariaBusy = isSmall ? null : 'true';
    if (isSmall) this.fill(Infinity);
    else this.timer = setTimeout(() => this.fill(FILL_MS), REST_MS);
  }

  /** Fill rows for some time, and the others in the frames that follow. @param {number} ms */
  fill(ms) {
    // What moves goes first.
    const end = performance.now() + (this.isAtRest() ? ms : 0);
    const { length } = this.shown.boxes;
    while (this.nFilled < length && performance.now() < end) this.fillRow(this.nFilled++);
    if (this.nFilled === length) this.element.ariaBusy = null;
    else this.timer = setTimeout(() => this.fill(FILL_MS), PAUSE_MS);
  }

  addRow() {
    const texts = Array.from(this.head.children, () => new Text());
    const cells = texts.map((text) => create('span', { role: 'gridcell' }, text));
    const element = create('div', { role: 'row' }, ...cells);
    this.rows.push({ element, texts });
    this.element.append(element);
  }

  /** @param {number} i */
  fillRow(i) {
    while (this.rows.length <= i) this.addRow();
    const { layout, boxes, zoom } = this.shown;
    const { tree, firstChild } = layout;
    const { node, x, y, width, height } = boxes[i];
    const { element, texts } = this.rows[i];
    const hasChildren = firstChild[node + 1] > firstChild[node];
    element.id = this.prefix + node;
    element.ariaLevel = String(tree.depth[node] + 1);
    element.ariaExpanded = hasChildren ? 'true' : null;
    element.ariaSelected = String(node === zoom);
    element.style.left = `${x.toFixed(1)}px`;
    element.style.top = `${y}px`;
    element.style.width = `${width.toFixed(1)}px`;
    element.style.height = `${height}px`;
    cellTexts(tree, node).forEach((text, cell) => {
      if (texts[cell].data !== text) texts[cell].data = text;
    });
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
