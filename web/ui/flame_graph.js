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
const BOX_PX = ROW_PX - GAP_PX;
const MARK_PX = 14;
/** Narrower boxes have neither a mark nor a text. */
const MIN_MARKED_PX = MARK_PX + 2 * TEXT_PAD_PX;
const MOVE_MS = 220;
/** What comes and goes beneath the graph seldom needs another bitmap. */
const BITMAP_STEP = 128;
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
    /** Rows of boxes that can be told apart, and these. */
    this.nRows = 1;
    this.seen = /** @type {Box[]} */ ([]);
    this.width = 0;
    this.height = 0;
    this.moveStart = 0;
    this.now = 0;
    this.frameRequest = 0;
    /** @type {Map<Frame, string[]>} */
    this.forms = new Map();
    this.fitters = this.measureFonts();
    /** @type {CanvasPattern | null} */
    this.stripes = null;
    this.strips = new Strips();
    this.font = '';
    /** @type {Paint[]} of each node that was drawn */
    this.paints = [];
    /** @type {Map<string, number>} of each colour */
    this.pixels = new Map();
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
    if (palette === this.palette) return;
    this.palette = palette;
    this.stripes = null;
    this.paints = [];
    this.pixels.clear();
    this.redraw();
  }

  /** Show another profile. @param {Layout} layout @param {number} zoom */
  setLayout(layout, zoom) {
    this.viewport.setLayout(layout, zoom);
    this.forms.clear();
    this.paints = [];
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

  /** Look at what is seen of all boxes wide enough to be told apart. */
  measure() {
    const seen = /** @type {Box[]} */ ([]);
    let deepest = 0;
    this.viewport.walk(this.width, Infinity, (node, depth, left, width) => {
      if (node < 0) return;
      const x = Math.max(0, left);
      deepest = Math.max(deepest, depth);
      seen.push({ node, x, y: depth, width: Math.min(this.width, left + width) - x, height: BOX_PX });
    });
    this.nRows = deepest + 1;
    for (const box of seen) box.y = this.rowTop(box.y);
    this.seen = seen;
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

  /** Another place may be left to it. @returns {boolean} whether it was drawn anew */
  resize() {
    // What moves often pushes its neighbours: the next frame's picture has the size that this has.
    if (!this.isAtRest) return false;
    if (!this.fit()) return false;
    this.settle();
    this.draw();
    return true;
  }

  /**
   * Make the canvas as large as what is seen of it. What grows upward keeps its place above its
   * foot, which is seen at first, and while there is no more above it.
   * @returns {boolean} whether it was not
   */
  fit() {
    const { scroller, width, height, footPx } = this;
    const { clientWidth, clientHeight } = scroller;
    if (clientWidth === width && clientHeight === height) return false;
    const isAtFoot = !height || footPx < clientHeight + 1;
    sizeCanvas(this.canvas, clientWidth, clientHeight, BITMAP_STEP);
    this.font = '';
    this.width = clientWidth;
    this.height = clientHeight;
    if (this.isUpward) {
      scroller.scrollTop = this.contentPx - clientHeight - (isAtFoot ? 0 : footPx - height);
    }
    return true;
  }

  /** Set out on the way to what the viewport is to show. */
  move() {
    if (prefersLessMotion() || document.hidden) this.viewport.arrive();
    // Another move sets out from the frame that the one under way has come to.
    this.moveStart &&= this.now;
    this.redraw();
    if (this.isAtRest) this.settle();
  }

  /** How far what is seen is above the foot of what scrolls. */
  get footPx() {
    return this.contentPx - this.scroller.scrollTop;
  }

  /** What is shown has come to rest. What grows upward keeps its place above its foot. */
  settle() {
    const { footPx } = this;
    this.moveStart = 0;
    this.measure();
    this.onSettled();
    if (this.isUpward) this.scroller.scrollTop = this.contentPx - footPx;
  }

  /** Whether boxes are where they are to be. */
  get isAtRest() {
    return this.viewport.progress === 1;
  }

  redraw() {
    if (!this.frameRequest) this.frameRequest = requestAnimationFrame((now) => this.tick(now));
  }

  /** @param {number} now */
  tick(now) {
    this.frameRequest = 0;
    this.now = now;
    const { viewport } = this;
    if (this.isAtRest) {
      if (!this.resize()) this.draw();
      return;
    }
    // The first frame belongs to all else that changes along with the picture.
    this.moveStart ||= now;
    if (this.moveStart < now) {
      this.fit();
      const elapsed = (now - this.moveStart) / MOVE_MS;
      if (elapsed >= 1) viewport.arrive();
      else viewport.progress = ease(elapsed);
      this.draw();
    }
    if (this.isAtRest) this.settle();
    else this.redraw();
  }

  /** Pixels of the screen of each pixel of the page. */
  get ratio() {
    return this.canvas.width / Math.max(1, this.width);
  }

  draw() {
    const { context, viewport, scroller, strips, ratio } = this;
    if (!this.width || !this.height) return;
    const top = Math.round(scroller.scrollTop * ratio) / ratio;
    const ends = [this.depthAt(top), this.depthAt(top + this.height)];
    const first = Math.max(0, Math.min(...ends));
    const last = Math.max(...ends);
    const crumb = this.pixelOf(this.palette.crumb, this.matches ? 0.3 : 1);
    const marked = /** @type {Box[]} */ ([]);
    strips.clear(this.canvas.width, last - first + 1);
    viewport.walk(this.width, last, (node, depth, x, width) => {
      if (depth < first) return;
      // Whole pixels of the screen are sharp.
      const left = Math.round(Math.max(x, 0) * ratio);
      const right = Math.round(Math.min(x + width, this.width) * ratio);
      const strip = depth - first;
      if (node < 0) strips.fill(strip, left, right, crumb);
      else if (this.fillBox(node, strip, left, right)) {
        const y = this.rowTop(depth) - top;
        marked.push({ node, x: left / ratio, y, width: (right - left) / ratio, height: BOX_PX });
      }
    });
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.imageSmoothingEnabled = false;
    strips.context.putImageData(strips.image, 0, 0);
    const { canvas } = strips.context;
    const { width } = canvas;
    for (let depth = first; depth <= last; depth++) {
      const y = this.rowTop(depth) - top;
      const start = Math.round(y * ratio);
      const height = Math.round((y + BOX_PX) * ratio) - start;
      context.drawImage(canvas, 0, depth - first, width, 1, 0, start, width, height);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.textBaseline = 'middle';
    context.fontKerning = 'none';
    for (const box of marked) this.mark(box);
    context.globalAlpha = 1;
    this.drawOutline(this.hovered, this.palette.outline, 1);
    this.drawOutline(this.focused, this.palette.focus, 2);
  }

  /** A colour, as pixels have it. @param {string} colour @param {number} strength */
  pixelOf(colour, strength) {
    const { context, pixels } = this;
    let pixel = pixels.get(colour);
    if (pixel === undefined) {
      let solid = solidColour(colour);
      if (!solid.startsWith('#')) {
        // The browser tells in digits what it has understood, even of the system's colours.
        context.fillStyle = solid;
        solid = String(context.fillStyle);
      }
      const rgb = parseInt(solid.slice(1), 16);
      pixel = ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16);
      pixels.set(colour, pixel);
    }
    return pixel | (Math.round(strength * 255) << 24);
  }

  /** @param {number} node @returns {Paint} */
  paintOf(node) {
    const { tree } = /** @type {Layout} */ (this.viewport.layout);
    if (this.matches?.[tree.frame[node]] === 1) return this.palette.match;
    return (this.paints[node] ??= this.palette.paintNode(tree, node));
  }

  /**
   * @param {number} node @param {number} strip
   * @param {number} left in pixels of the screen @param {number} right
   * @returns {boolean} whether there is more to be drawn on it
   */
  fillBox(node, strip, left, right) {
    const { strips, palette, ratio } = this;
    const { frame, frames } = /** @type {Layout} */ (this.viewport.layout).tree;
    const paint = this.paintOf(node);
    const width = right - left;
    const end = Math.max(width > 3 * ratio ? right - Math.round(GAP_PX * ratio) : right, left + 1);
    const strength = this.strength(node);
    strips.fill(strip, left, end, this.pixelOf(paint.fill, strength));
    if (frames.inlined[frame[node]] && width > 5 * ratio) {
      strips.fill(strip, left, left + Math.round(2 * ratio), this.pixelOf(paint.edge, strength));
    }
    const isWide = width >= MIN_MARKED_PX * ratio;
    return isWide || paint.striped || palette.forced || node === this.hovered;
  }

  /** What is beside the matter is pale. @param {number} node */
  strength(node) {
    const { viewport, matches } = this;
    const { tree } = /** @type {Layout} */ (viewport.layout);
    if (matches && matches[tree.frame[node]] !== 1) return 0.32;
    return tree.depth[node] < tree.depth[viewport.zoom] && node !== ROOT ? 0.6 : 1;
  }

  /** What a box has besides its colour. @param {Box} box */
  mark({ node, x, y, width, height }) {
    const { context, palette } = this;
    const paint = this.paintOf(node);
    const frame = /** @type {Layout} */ (this.viewport.layout).tree.frameOf(node);
    const strength = this.strength(node);
    const drawn = width - GAP_PX;
    context.globalAlpha = strength;
    if (paint.striped) {
      context.fillStyle = this.stripes ??= this.makeStripes();
      context.fillRect(x, y, drawn, height);
    }
    if (palette.forced && drawn > 2) {
      context.strokeStyle = paint.edge;
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, drawn - 1, height - 1);
    }
    if (node === this.hovered) {
      context.fillStyle = 'rgb(255 255 255 / 0.22)';
      context.fillRect(x, y, drawn, height);
    }
    const room = width - 2 * TEXT_PAD_PX;
    // Ink is made for full colours; on pale ones the page's own is easier to read.
    const ink = strength < 1 && frame.kind !== 'process' ? palette.ink : paint.ink;
    context.globalAlpha = Math.sqrt(strength);
    const markPx = this.drawMark(paint, ink, x, y, room);
    if (room >= MIN_TEXT_PX - 2 * TEXT_PAD_PX) {
      this.drawLabel(frame, ink, x + markPx, y, room - markPx);
    }
  }

  /** To tell a font to the browser, or to ask for it, takes longer than to write with it. */
  setFont(/** @type {string} */ font) {
    if (font !== this.font) this.context.font = this.font = font;
  }

  /**
   * What stands before the name. @param {Paint} paint @param {string} ink
   * @param {number} x @param {number} y @param {number} room
   * @returns {number} how wide it is
   */
  drawMark({ mark }, ink, x, y, room) {
    const { context, fitters } = this;
    if (!mark || room < MARK_PX) return 0;
    this.setFont(fitters.process.font);
    context.fillStyle = ink;
    context.fillText(mark, x + TEXT_PAD_PX, y + (BOX_PX) / 2 + 0.5);
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
    this.setFont(fitter.font);
    context.fillStyle = ink;
    context.fillText(text, x + TEXT_PAD_PX, y + (BOX_PX) / 2 + 0.5);
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
    return { node, x, y: this.rowTop(tree.depth[node]), width, height: BOX_PX };
  }

  /** What is seen, parents first; nothing while it moves. @returns {Box[]} */
  get boxes() {
    return this.isAtRest ? this.seen : [];
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

/*
 * Strips: the colours of all boxes, as rows of one pixel's height, which the browser makes as high
 * as boxes are. To fill thousands of pixels takes less time than to fill a hundred rectangles.
 */
export class Strips {
  constructor() {
    const canvas = document.createElement('canvas');
    this.context = /** @type {CanvasRenderingContext2D} */ (
      canvas.getContext('2d', { willReadFrequently: true })
    );
    this.image = this.context.createImageData(1, 1);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Begin anew. @param {number} width pixels of the screen @param {number} n strips */
  clear(width, n) {
    const { canvas } = this.context;
    if (canvas.width !== width || canvas.height !== n) {
      [canvas.width, canvas.height] = [width, n];
      this.image = this.context.createImageData(width, n);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.pixels.fill(0);
  }

  /**
   * What lies beside a strip is left out: it would be a part of others.
   * @param {number} strip @param {number} left @param {number} right @param {number} pixel
   */
  fill(strip, left, right, pixel) {
    const { width } = this.image;
    const start = strip * width;
    this.pixels.fill(pixel, start + left, start + Math.max(0, Math.min(right, width)));
  }
}
