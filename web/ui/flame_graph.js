// SPDX-License-Identifier: Apache-2.0

/**
 * Flame graph: draws what a viewport shows on a canvas, and says what is beneath a pointer.
 *
 * The canvas is as large as what is seen of it and stays in place while its container scrolls, so
 * that a deep stack costs no memory. Everything is drawn anew each time, at most once per frame of
 * the display, and only while something moves.
 *
 * It hangs from its root, as icicles do, or grows upward from it, as flames do: all that differs is
 * where the row of a depth is.
 */

import { ROOT } from './call_tree.js';
import { prefersLessMotion, sizeCanvas, textScale } from './dom.js';
import { nodeAt } from './layout.js';
import { Palette, solidColour } from './palette.js';
import { LabelFitter, labelForms } from './short_text.js';
import { Viewport } from './viewport.js';

/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./palette.js').Paint} Paint */

/** @typedef {{node: number, x: number, y: number, width: number, height: number}} Box */

const TEXT_SCALE = textScale();
export const ROW_PX = Math.round(21 * TEXT_SCALE);
const GAP_PX = 1;
const TEXT_PAD_PX = 5;
const MIN_TEXT_PX = 26;
const MARK_PX = 14;
/** Narrower boxes have neither a mark at their edge nor a text. */
const MIN_MARKED_PX = 4;
const MOVE_MS = 220;
const FONT_SIZE_PX = 12 * TEXT_SCALE;
const FONT_FAMILY =
  'system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif';

/** Quick at first, then settling. @param {number} t */
const ease = (t) => 1 - (1 - t) ** 3;

export class FlameGraph {
  /**
   * @param {HTMLElement} scroller holds the canvas, and scrolls
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} onSettled called when what is shown has come to rest
   */
  constructor(scroller, canvas, onSettled) {
    this.scroller = scroller;
    this.canvas = canvas;
    this.onSettled = onSettled;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    this.viewport = new Viewport();
    this.palette = new Palette('light');
    /** @type {Uint8Array | null} */
    this.matches = null;
    this.hovered = -1;
    this.focused = -1;
    this.isUpward = false;
    /** Rows of boxes that can be told apart. */
    this.nRows = 1;
    this.width = 0;
    this.height = 0;
    this.moveStart = 0;
    this.frameRequest = 0;
    /** @type {Map<Frame, string[]>} */
    this.forms = new Map();
    this.fitters = this.measureFonts();
    this.stripes = this.makeStripes();
    scroller.addEventListener('scroll', () => this.redraw(), { passive: true });
    new ResizeObserver(() => this.resize()).observe(scroller);
  }

  measureFonts() {
    this.context.fontKerning = 'none';
    const fitter = (/** @type {string} */ style) =>
      new LabelFitter(this.context, `${style} ${FONT_SIZE_PX}px ${FONT_FAMILY}`);
    return { plain: fitter('400'), inlined: fitter('italic 400'), process: fitter('600') };
  }

  /** Diagonal lines, drawn over frames without a name. */
  makeStripes() {
    const size = 6;
    const tile = document.createElement('canvas');
    tile.width = tile.height = size;
    const context = /** @type {CanvasRenderingContext2D} */ (tile.getContext('2d'));
    context.strokeStyle = this.palette.outline;
    context.globalAlpha = 0.16;
    context.beginPath();
    for (const shift of [-size, 0, size]) {
      context.moveTo(shift - 1, size + 1);
      context.lineTo(shift + size + 1, -1);
    }
    context.stroke();
    return /** @type {CanvasPattern} */ (this.context.createPattern(tile, 'repeat'));
  }

  /** @param {Palette} palette */
  setPalette(palette) {
    this.palette = palette;
    this.stripes = this.makeStripes();
    this.redraw();
  }

  /** Show another profile. @param {Layout} layout @param {number} zoom */
  setLayout(layout, zoom) {
    this.viewport.setLayout(layout, zoom);
    this.forms.clear();
    this.hovered = this.focused = -1;
    this.move();
  }

  /** Show something else, which nothing moves to. @param {Layout} layout @param {number} zoom */
  replaceLayout(layout, zoom) {
    this.viewport.layout = null;
    this.setLayout(layout, zoom);
  }

  /** Let it grow upward, or hang. @param {boolean} isUpward */
  setUpward(isUpward) {
    if (isUpward === this.isUpward) return;
    this.isUpward = isUpward;
    this.settle();
    this.scroller.scrollTop = isUpward ? this.contentPx : 0;
    this.redraw();
  }

  /** The height of all rows, and of what is seen of them if that is more. */
  get contentPx() {
    return Math.max(this.nRows * ROW_PX + 1, this.height);
  }

  /** The upper edge of the boxes of a depth, in what scrolls. @param {number} depth */
  rowTop(depth) {
    return this.isUpward ? this.contentPx - (depth + 1) * ROW_PX : depth * ROW_PX;
  }

  /** The depth of the boxes at a height in what scrolls. @param {number} y */
  depthAt(y) {
    return Math.floor((this.isUpward ? this.contentPx - y : y) / ROW_PX);
  }

  /** Count the rows anew. */
  measure() {
    let deepest = 0;
    this.viewport.walk(this.width, Infinity, (node, depth) => {
      if (node >= 0) deepest = Math.max(deepest, depth);
    });
    this.nRows = deepest + 1;
  }

  /** @param {number} node */
  setZoom(node) {
    this.viewport.setZoom(node);
    this.move();
  }

  /**
   * Look at a part of the axis.
   * @param {import('./viewport.js').Span | null} span @param {boolean} isAtOnce without a way there
   */
  setSpan(span, isAtOnce) {
    this.viewport.setSpan(span);
    if (isAtOnce) this.viewport.arrive();
    this.move();
  }

  /** @param {Uint8Array | null} frames 1 for each frame that a search has found */
  setMatches(frames) {
    this.matches = frames;
    this.redraw();
  }

  /** @param {number} node or −1 */
  setHovered(node) {
    if (node === this.hovered) return;
    this.hovered = node;
    this.redraw();
  }

  /** @param {number} node or −1 */
  setFocused(node) {
    if (node === this.focused) return;
    this.focused = node;
    this.redraw();
  }

  resize() {
    const { clientWidth, clientHeight } = this.scroller;
    // At first, the foot is what is seen.
    const footPx = this.height ? this.footPx + clientHeight - this.height : clientHeight;
    sizeCanvas(this.canvas, clientWidth, clientHeight);
    this.width = clientWidth;
    this.height = clientHeight;
    // While it moves, where boxes are is told at the end of the way.
    if (this.viewport.progress === 1) this.settle(footPx);
    this.draw();
  }

  /** Set out on the way to what the viewport is to show. */
  move() {
    if (prefersLessMotion() || document.hidden) this.viewport.arrive();
    this.moveStart = performance.now();
    this.redraw();
    if (this.viewport.progress === 1) this.settle();
  }

  /** How far what is seen is above the foot of what scrolls. */
  get footPx() {
    return this.contentPx - this.scroller.scrollTop;
  }

  /** What is shown has come to rest. What grows upward keeps its place above its foot. */
  settle(footPx = this.footPx) {
    this.measure();
    this.onSettled();
    if (this.isUpward) this.scroller.scrollTop = this.contentPx - footPx;
  }

  redraw() {
    if (!this.frameRequest) this.frameRequest = requestAnimationFrame((now) => this.tick(now));
  }

  /** @param {number} now */
  tick(now) {
    this.frameRequest = 0;
    const moving = this.viewport.progress < 1;
    if (moving) {
      const elapsed = Math.max(0, now - this.moveStart) / MOVE_MS;
      if (elapsed >= 1) this.viewport.arrive();
      else this.viewport.progress = ease(elapsed);
    }
    this.draw();
    if (!moving) return;
    if (this.viewport.progress < 1) this.redraw();
    else this.settle();
  }

  /** Pixels of the screen of each pixel of the page. */
  get ratio() {
    return this.canvas.width / Math.max(1, this.width);
  }

  draw() {
    const { context, viewport, scroller, ratio } = this;
    const top = Math.round(scroller.scrollTop * ratio) / ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.textBaseline = 'middle';
    context.fontKerning = 'none';
    const deepest = this.depthAt(this.isUpward ? top : top + this.height);
    viewport.walk(this.width, deepest, (node, depth, x, width) => {
      const y = this.rowTop(depth) - top;
      if (y <= -ROW_PX || y >= this.height) return;
      if (node < 0) this.drawCrumbs(x, y, width);
      else this.drawBox({ node, x, y, width, height: ROW_PX - GAP_PX });
    });
    context.globalAlpha = 1;
    this.drawOutline(this.hovered, this.palette.outline, 1);
    this.drawOutline(this.focused, this.palette.focus, 2);
  }

  /** @param {number} x @param {number} y @param {number} width */
  drawCrumbs(x, y, width) {
    this.context.globalAlpha = this.matches ? 0.3 : 1;
    this.context.fillStyle = this.palette.crumb;
    this.context.fillRect(x, y, width, ROW_PX - GAP_PX);
  }

  /** @param {Box} box */
  drawBox({ node, x, y, width, height }) {
    const { context, viewport, palette } = this;
    const { tree } = /** @type {Layout} */ (viewport.layout);
    const frame = tree.frameOf(node);
    const found = this.matches !== null && this.matches[tree.frame[node]] === 1;
    const paint = found ? palette.match : palette.paintNode(tree, node);
    const { ratio } = this;
    // Whole pixels of the screen are filled fastest, and are sharp.
    const left = Math.round(Math.max(x, 0) * ratio) / ratio;
    const right = Math.round(Math.min(x + width, this.width) * ratio) / ratio;
    const drawn = Math.max(right - left - (width > 3 ? GAP_PX : 0), 1 / ratio);
    context.globalAlpha = this.strength(node, found);
    context.fillStyle = solidColour(paint.fill);
    context.fillRect(left, y, drawn, height);
    if (width < MIN_MARKED_PX && !paint.striped && !this.palette.forced) return;
    this.decorate(paint, frame, { node, x: left, y, width: drawn, height });
    const room = right - left - 2 * TEXT_PAD_PX;
    // Ink is made for full colours; on pale ones the page's own is easier to read.
    const ink = context.globalAlpha < 1 && frame.kind !== 'process' ? palette.ink : paint.ink;
    context.globalAlpha = Math.sqrt(context.globalAlpha);
    const markPx = this.drawMark(paint, ink, left, y, room);
    if (room >= MIN_TEXT_PX - 2 * TEXT_PAD_PX) {
      this.drawLabel(frame, ink, left + markPx, y, room - markPx);
    }
  }

  /** What is beside the matter is pale. @param {number} node @param {boolean} found */
  strength(node, found) {
    const { viewport } = this;
    const { tree } = /** @type {Layout} */ (viewport.layout);
    if (this.matches && !found) return 0.32;
    return tree.depth[node] < tree.depth[viewport.zoom] && node !== ROOT ? 0.6 : 1;
  }

  /** @param {Paint} paint @param {Frame} frame @param {Box} box */
  decorate(paint, frame, { node, x, y, width, height }) {
    const { context } = this;
    if (paint.striped) {
      context.fillStyle = this.stripes;
      context.fillRect(x, y, width, height);
    }
    if (frame.inlined && width > 4) {
      context.fillStyle = paint.edge;
      context.fillRect(x, y, 2, height);
    }
    if (this.palette.forced && width > 2) {
      context.strokeStyle = paint.edge;
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
    }
    if (node === this.hovered) {
      context.fillStyle = 'rgb(255 255 255 / 0.22)';
      context.fillRect(x, y, width, height);
    }
  }

  /**
   * What stands before the name. @param {Paint} paint @param {string} ink
   * @param {number} x @param {number} y @param {number} room
   * @returns {number} how wide it is
   */
  drawMark({ mark }, ink, x, y, room) {
    const { context, fitters } = this;
    if (!mark || room < MARK_PX) return 0;
    if (context.font !== fitters.process.font) context.font = fitters.process.font;
    context.fillStyle = ink;
    context.fillText(mark, x + TEXT_PAD_PX, y + (ROW_PX - GAP_PX) / 2 + 0.5);
    return MARK_PX;
  }

  /**
   * @param {Frame} frame @param {string} ink
   * @param {number} x @param {number} y @param {number} room pixels for the text
   */
  drawLabel(frame, ink, x, y, room) {
    const { fitters, context } = this;
    const isGroup = frame.kind === 'process' || frame.kind === 'host';
    const fitter = isGroup ? fitters.process : frame.inlined ? fitters.inlined : fitters.plain;
    let forms = this.forms.get(frame);
    if (!forms) this.forms.set(frame, (forms = labelForms(frame.name)));
    const text = fitter.fit(forms, room);
    if (!text) return;
    if (context.font !== fitter.font) context.font = fitter.font;
    context.fillStyle = ink;
    context.fillText(text, x + TEXT_PAD_PX, y + (ROW_PX - GAP_PX) / 2 + 0.5);
  }

  /** @param {number} node @param {string} colour @param {number} lineWidth */
  drawOutline(node, colour, lineWidth) {
    if (node < 0) return;
    const { x, y, width, height } = this.boxOf(node);
    const left = Math.max(x, 0);
    const right = Math.min(x + width, this.width);
    if (right - left < 1) return;
    this.context.strokeStyle = colour;
    this.context.lineWidth = lineWidth;
    const inset = lineWidth / 2;
    const top = y - this.scroller.scrollTop;
    this.context.strokeRect(
      left + inset,
      top + inset,
      right - left - 1 - 2 * inset,
      height - 2 * inset,
    );
  }

  /** Where a node is now, from the top of what scrolls. @param {number} node @returns {Box} */
  boxOf(node) {
    const { viewport } = this;
    const { tree } = /** @type {Layout} */ (viewport.layout);
    const { start, end } = viewport.window;
    const scale = this.width / Math.max(end - start, Number.MIN_VALUE);
    const x = (viewport.startOf(node) - start) * scale;
    const width = (viewport.endOf(node) - start) * scale - x;
    return { node, x, y: this.rowTop(tree.depth[node]), width, height: ROW_PX - GAP_PX };
  }

  /** What is seen of all boxes wide enough to be told apart, parents first. @returns {Box[]} */
  boxes() {
    const boxes = /** @type {Box[]} */ ([]);
    this.viewport.walk(this.width, Infinity, (node, depth, boxX, boxWidth) => {
      if (node < 0) return;
      const x = Math.max(0, boxX);
      const width = Math.min(this.width, boxX + boxWidth) - x;
      boxes.push({ node, x, y: this.rowTop(depth), width, height: ROW_PX - GAP_PX });
    });
    return boxes;
  }

  /** @param {{clientX: number, clientY: number}} place @returns {number} node there, or −1 */
  nodeAtPointer({ clientX, clientY }) {
    const { viewport, scroller } = this;
    if (!viewport.layout?.tree.size) return -1;
    const area = scroller.getBoundingClientRect();
    const { start, end } = viewport.target;
    const share = start + ((clientX - area.left) / this.width) * (end - start);
    const depth = this.depthAt(clientY - area.top + scroller.scrollTop);
    return nodeAt(viewport.layout, Math.min(share, 1 - 1e-12), depth);
  }

  /** Scroll until a node's row is seen, with some of what it calls. @param {number} node */
  reveal(node) {
    const { tree } = /** @type {Layout} */ (this.viewport.layout);
    const y = this.rowTop(tree.depth[node]);
    const { scrollTop } = this.scroller;
    const first = y - (this.isUpward ? 5 * ROW_PX : 0);
    const end = y + ROW_PX * (this.isUpward ? 1 : 6);
    if (first >= scrollTop && end <= scrollTop + this.height) return;
    const top = this.isUpward ? y + 4 * ROW_PX - this.height : y - 3 * ROW_PX;
    const behavior = prefersLessMotion() ? 'instant' : 'smooth';
    this.scroller.scrollTo({ top: Math.max(0, top), behavior });
  }
}
