// SPDX-License-Identifier: Apache-2.0

/**
 * Timeline: CPUs in use over time, on which a range is selected.
 *
 *     ├──┬──▐██████▌──┬──▼──┤      drag: a range · ▐ ▌: its edges · ▼: a file is another build
 *
 * For pointers it is a canvas beneath; for keys and screen readers, three sliders: the start of the
 * range, all of it, and its end, which tell the time, and how many CPUs were in use then.
 */

import { create, createButton, hasModifier, sizeCanvas } from './dom.js';
import { formatCores, formatCount, formatRange } from './short_text.js';
import {
  dragged,
  formatMoment,
  formatSpan,
  formatTick,
  nudged,
  ticksOf,
  TimeScale,
} from './time_scale.js';
import { coresAt, lengthOf } from './timeline_source.js';

/** @typedef {import('./time_scale.js').Edge} Edge */
/** @typedef {import('./time_scale.js').TimeRange} TimeRange */
/** @typedef {import('./timeline_source.js').TimelineData} TimelineData */

/**
 * @typedef {object} TimelineView
 * @property {TimelineData | null} data
 * @property {TimeRange} window
 * @property {TimeRange} selected
 * @property {TimeRange | null} base what is compared with
 * @property {number} nowS
 * @property {number} stepS
 */

/**
 * @typedef {object} TimelineListener
 * @property {(range: TimeRange, isStep: boolean) => void} onSelect
 * @property {(text: string) => void} onPoint what is beneath the pointer; '' when it leaves
 * @property {(group: MarkGroup) => void} onPick a mark
 */

/** @type {Record<Edge, string>} */
const EDGE_WORDS = {
  start: 'start of the range',
  both: 'the range',
  end: 'end of the range',
};
const EDGES = /** @type {Edge[]} */ (['start', 'both', 'end']);
/** How far keys move an edge. @type {Record<string, number>} */
const STEPS = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -1e9,
  End: 1e9,
};

export class Timeline {
  /** @param {HTMLElement} element @param {TimelineListener} listener */
  constructor(element, listener) {
    this.element = element;
    this.listener = listener;
    const canvas = create('canvas', { 'aria-hidden': 'true' });
    this.canvas = new TimelineCanvas(canvas);
    this.baseBand = create('div', { class: 'band band-base', 'aria-hidden': 'true' });
    this.band = create('div', { class: 'band', 'aria-hidden': 'true' });
    this.marks = create('div', { class: 'marks' });
    this.sliders = EDGES.map((edge) => this.createSlider(edge));
    element.append(canvas, this.baseBand, this.band, ...this.sliders, this.marks);
    /** @type {TimelineView | null} */
    this.view = null;
    /** @type {MarkGroup[]} */
    this.groups = [];
    /** @type {{fromS: number, toS: number} | null} while a pointer drags */
    this.drag = null;
    /** @type {{range: TimeRange, edge: Edge, fromS: number} | null} likewise, of an edge */
    this.edgeDrag = null;
    this.highlight = -1;
    this.listenToPointer();
    new ResizeObserver(() => this.resize()).observe(element);
  }

  /** @param {Edge} edge */
  createSlider(edge) {
    const slider = create('div', {
      class: `edge edge-${edge}`,
      role: 'slider',
      tabindex: '0',
      'aria-label': EDGE_WORDS[edge],
      'aria-orientation': 'horizontal',
    });
    slider.addEventListener('keydown', (event) => this.press(event, edge));
    if (edge === 'both') return slider;
    slider.addEventListener('pointerdown', (event) => {
      if (!this.view) return;
      event.stopPropagation();
      slider.setPointerCapture(event.pointerId);
      this.edgeDrag = { range: this.view.selected, edge, fromS: this.timeOf(event) };
    });
    slider.addEventListener('pointermove', (event) => this.dragEdge(event));
    slider.addEventListener('pointerup', () => {
      const { edgeDrag } = this;
      this.edgeDrag = null;
      if (edgeDrag && this.view) this.listener.onSelect(this.view.selected, true);
    });
    // It comes after pointercancel, too, and after pointerup.
    slider.addEventListener('lostpointercapture', () => {
      const { edgeDrag } = this;
      this.edgeDrag = null;
      if (!edgeDrag || !this.view) return;
      this.view = { ...this.view, selected: edgeDrag.range };
      this.redraw();
    });
    return slider;
  }

  // --- what is shown ----------------------------------------------------------------------------

  /** @param {TimelineView} view */
  show(view) {
    const isDragging = this.drag !== null || this.edgeDrag !== null;
    this.view = isDragging && this.view ? { ...view, selected: this.view.selected } : view;
    this.redraw();
  }

  /** @param {Shown} shown */
  setTheme(shown) {
    this.canvas.shown = shown;
    this.redraw();
  }

  /** Let one series stand out. @param {number} series or −1 */
  setHighlight(series) {
    if (series === this.highlight) return;
    this.highlight = series;
    this.redraw();
  }

  resize() {
    this.canvas.resize(this.element.clientWidth, this.element.clientHeight);
    this.redraw();
  }

  get scale() {
    const range = this.view?.window ?? { startS: 0, endS: 1 };
    return new TimeScale(range, Math.max(1, this.element.clientWidth));
  }

  redraw() {
    const { view, scale } = this;
    if (!view) return;
    const { data, nowS } = view;
    this.canvas.draw(data && { data, scale, nowS, highlight: this.highlight });
    this.placeBands();
    this.tellSliders();
  }

  /** @param {HTMLElement} element @param {TimeRange | null} range */
  place(element, range) {
    const { scale } = this;
    element.hidden = range === null;
    if (!range) return;
    const clamp = (/** @type {number} */ x) => Math.max(0, Math.min(scale.width, x));
    const left = clamp(scale.xOf(range.startS));
    element.style.left = `${left}px`;
    element.style.width = `${Math.max(2, clamp(scale.xOf(range.endS)) - left)}px`;
  }

  placeBands() {
    const { view, drag } = this;
    if (!view) return;
    const shown = drag ? this.rangeOfDrag() : view.selected;
    this.place(this.band, shown);
    this.place(this.baseBand, view.base);
    const [start, both, end] = this.sliders;
    this.place(both, shown);
    start.style.left = this.band.style.left;
    end.style.left = `${parseFloat(this.band.style.left) + parseFloat(this.band.style.width)}px`;
  }

  /** Where the edges of what is selected can be. @returns {TimeRange} */
  get bounds() {
    const { window } = /** @type {TimelineView} */ (this.view);
    // Now, not when it was last drawn: what is paused is not drawn each second.
    const endS = Math.min(window.endS, Date.now() / 1000);
    return { startS: window.startS, endS: Math.max(endS, window.startS + 1) };
  }

  tellSliders() {
    const { view, bounds } = this;
    if (!view) return;
    const { startS, endS } = view.selected;
    const cores = `${formatCores(this.coresIn(view.selected))} CPUs`;
    const values = [startS, startS, endS];
    const texts = [
      `${formatMoment(startS, view.nowS)}; ${this.wordsAt(startS)}`,
      `${formatSpan(view.selected, view.nowS)}; ${formatRange(endS - startS)}, ${cores}`,
      `${formatMoment(endS, view.nowS)}; ${this.wordsAt(endS - 1e-3)}`,
    ];
    this.sliders.forEach((slider, i) => {
      slider.ariaValueMin = bounds.startS.toFixed(0);
      slider.ariaValueMax = bounds.endS.toFixed(0);
      slider.ariaValueNow = Math.max(bounds.startS, Math.min(bounds.endS, values[i])).toFixed(0);
      slider.ariaValueText = texts[i];
    });
  }

  /** How much was used in the step of a time. @param {number} s */
  wordsAt(s) {
    const { data, nowS } = /** @type {TimelineView} */ (this.view);
    if (!data) return 'not known';
    const step = Math.floor(s / data.stepS) - data.firstStep;
    return `${formatCores(coresAt(data, step, nowS))} CPUs`;
  }

  /** CPUs in use in a range, on average. @param {TimeRange} range */
  coresIn({ startS, endS }) {
    const { data } = /** @type {TimelineView} */ (this.view);
    if (!data) return 0;
    const first = Math.max(0, Math.floor(startS / data.stepS) - data.firstStep);
    const end = Math.min(data.nSteps, Math.ceil(endS / data.stepS) - data.firstStep);
    let sum = 0;
    for (let step = first; step < end; step++) sum += coresAt(data, step, this.view?.nowS ?? 0);
    return end > first ? sum / (end - first) : 0;
  }

  /** Marks that are there stay: one may have the focus, or be pressed. @param {MarkGroup[]} groups */
  showMarks(groups) {
    const { marks } = this;
    this.groups = groups;
    while (marks.children.length > groups.length) marks.lastChild?.remove();
    while (marks.children.length < groups.length) marks.append(this.createMark(marks.children.length));
    groups.forEach(({ x, label, isBeside }, i) => {
      const mark = /** @type {HTMLElement} */ (marks.children[i]);
      mark.classList.toggle('is-beside', isBeside);
      mark.ariaLabel = mark.title = label;
      mark.style.left = `${x}px`;
    });
  }

  /** @param {number} i of its group */
  createMark(i) {
    const mark = createButton(() => this.listener.onPick(this.groups[i]), { class: 'mark' });
    mark.addEventListener('pointerdown', (event) => event.stopPropagation());
    return mark;
  }

  // --- pointer and keys -------------------------------------------------------------------------

  /** @param {PointerEvent} event */
  timeOf({ clientX }) {
    return this.scale.timeAt(clientX - this.element.getBoundingClientRect().left);
  }

  /** @returns {TimeRange} */
  rangeOfDrag() {
    const { stepS } = /** @type {TimelineView} */ (this.view);
    const { fromS, toS } = this.drag ?? { fromS: 0, toS: 0 };
    return dragged(fromS, toS, stepS, this.bounds);
  }

  listenToPointer() {
    const { element, listener } = this;
    element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !this.view) return;
      element.setPointerCapture(event.pointerId);
      const fromS = this.timeOf(event);
      this.drag = { fromS, toS: fromS };
      this.placeBands();
    });
    element.addEventListener('pointermove', (event) => {
      if (!this.view) return;
      const s = this.timeOf(event);
      if (this.drag) this.drag.toS = s;
      if (this.drag) this.placeBands();
      listener.onPoint(this.describe(this.drag ? this.rangeOfDrag() : this.stepAt(s)));
    });
    element.addEventListener('pointerleave', () => listener.onPoint(''));
    element.addEventListener('lostpointercapture', () => {
      this.drag = null;
      this.placeBands();
    });
    element.addEventListener('pointerup', () => {
      if (!this.drag) return;
      const range = this.rangeOfDrag();
      this.drag = null;
      listener.onSelect(range, true);
    });
  }

  /** The step at a time. @param {number} s */
  stepAt(s) {
    const { stepS } = /** @type {TimelineView} */ (this.view);
    return dragged(s, s, stepS, this.bounds);
  }

  /** @param {TimeRange} range */
  describe(range) {
    const { nowS } = /** @type {TimelineView} */ (this.view);
    return `${formatSpan(range, nowS)} · ${formatCores(this.coresIn(range))} CPUs`;
  }

  /** @param {PointerEvent} event */
  dragEdge(event) {
    const { view, edgeDrag } = this;
    if (!view || !edgeDrag) return;
    event.stopPropagation();
    const { range, edge, fromS } = edgeDrag;
    const wanted = range[edge === 'start' ? 'startS' : 'endS'] + this.timeOf(event) - fromS;
    const snapped = Math.round(wanted / view.stepS) * view.stepS;
    const by = snapped - range[edge === 'start' ? 'startS' : 'endS'];
    this.view = { ...view, selected: nudged(range, edge, by, this.bounds) };
    this.redraw();
    this.listener.onPoint(this.describe(this.view.selected));
  }

  /** @param {KeyboardEvent} event @param {Edge} edge */
  press(event, edge) {
    const { view } = this;
    if (!view || hasModifier(event)) return;
    const steps = STEPS[event.key];
    if (!steps) return;
    event.preventDefault();
    event.stopPropagation();
    const range = nudged(view.selected, edge, steps * view.stepS, this.bounds);
    this.view = { ...view, selected: range };
    this.redraw();
    this.listener.onSelect(range, false);
  }
}

/*
 * Timeline canvas: draws CPUs in use by step of time, a band for each service.
 *
 *     TimelineData, TimeScale  --draw-->  stacked bars, lines of CPUs, ticks of time
 */

/** @typedef {'light' | 'dark' | 'forced'} Shown */
/** @typedef {{data: TimelineData, scale: TimeScale, nowS: number, highlight: number}} Drawing */

/** Below the bars, where the ticks are. */
const TICKS_PX = 16;
const TOP_PX = 4;
const TICK_GAP_PX = 92;
const FONT = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

/** Hue and lightness of bands: those of like hues differ in lightness, too. */
const BANDS = [
  [250, 0.56],
  [60, 0.78],
  [160, 0.6],
  [345, 0.74],
  [220, 0.7],
  [100, 0.86],
  [30, 0.58],
  [300, 0.68],
  [130, 0.76],
];

/** What a series is painted with, the @i-th of those that are shown. */
export function bandColour(
  /** @type {{name: string, band: number}} */ { name, band },
  /** @type {number} */ i,
  /** @type {Shown} */ shown,
) {
  if (shown === 'forced') return i % 2 ? 'GrayText' : 'CanvasText';
  if (!name) return shown === 'dark' ? '#6f6a66' : '#c2bdb8';
  const [hue, light] = BANDS[band];
  return `oklch(${(light - (shown === 'dark' ? 0.04 : 0)).toFixed(2)} 0.12 ${hue})`;
}

/** The next number of CPUs that people like. @param {number} cores */
function niceCores(cores) {
  const size = 10 ** Math.floor(Math.log10(Math.max(cores, 0.01)));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * size >= cores * 0.999) ?? 10;
  return step * size;
}

/** @param {Shown} shown */
function inkOf(shown) {
  if (shown === 'forced') return { text: 'CanvasText', line: 'GrayText', page: 'Canvas' };
  return shown === 'dark'
    ? { text: '#b3a498', line: '#3a332e', page: '#171412' }
    : { text: '#6b5d51', line: '#e6ddd2', page: '#fffdfa' };
}

export class TimelineCanvas {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    /** @type {Shown} */
    this.shown = 'light';
    this.width = 0;
    this.height = 0;
  }

  /** @param {number} width @param {number} height pixels of the page */
  resize(width, height) {
    this.width = width;
    this.height = height;
    sizeCanvas(this.canvas, width, height);
  }

  /** @param {Drawing | null} drawing */
  draw(drawing) {
    const { context, width, height } = this;
    const ratio = this.canvas.width / Math.max(1, width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    context.textBaseline = 'middle';
    if (!drawing) return;
    const { data, nowS } = drawing;
    let most = 0;
    for (let step = 0; step < data.nSteps; step++) most = Math.max(most, coresAt(data, step, nowS));
    const top = niceCores(most);
    this.drawBars(drawing, top);
    this.drawLines(top);
    this.drawTicks(drawing.scale);
  }

  /** The bottom of the bars. */
  get foot() {
    return this.height - TICKS_PX;
  }

  /** @param {Drawing} drawing @param {number} top CPUs */
  drawBars({ data, scale, nowS, highlight }, top) {
    const { context, foot } = this;
    const { stepS, firstStep, nSteps, series } = data;
    const perCore = (foot - TOP_PX) / top;
    const below = new Float64Array(nSteps);
    series.forEach((one, i) => {
      const { values } = one;
      context.fillStyle = bandColour(one, i, this.shown);
      context.globalAlpha = highlight < 0 || highlight === i ? 1 : 0.25;
      for (let step = 0; step < nSteps; step++) {
        if (!values[step]) continue;
        const lengthS = lengthOf(data, step, nowS);
        const startS = (firstStep + step) * stepS;
        const x = scale.xOf(startS);
        const width = scale.xOf(startS + lengthS) - x;
        const height = (values[step] / 1e9 / lengthS) * perCore;
        const y = foot - below[step] - height;
        below[step] += height;
        // A line of the page between neighbours, where there is room for it.
        const gap = { x: width > 3 ? 1 : 0, y: height > 4 ? 1 : 0 };
        context.fillRect(x, y, width - gap.x, Math.max(height - gap.y, 0.5));
      }
    });
    context.globalAlpha = 1;
  }

  /** How many CPUs that is. @param {number} top */
  drawLines(top) {
    const { context, foot, width } = this;
    const { text, line, page } = inkOf(this.shown);
    context.strokeStyle = line;
    context.beginPath();
    for (const y of [TOP_PX, foot]) {
      context.moveTo(0, Math.round(y) + 0.5);
      context.lineTo(width, Math.round(y) + 0.5);
    }
    context.stroke();
    const words = `${Number(top.toPrecision(2))} ${top === 1 ? 'CPU' : 'CPUs'}`;
    context.textAlign = 'left';
    context.lineWidth = 3;
    context.strokeStyle = page;
    context.strokeText(words, 3, TOP_PX + 8);
    context.lineWidth = 1;
    context.fillStyle = text;
    context.fillText(words, 3, TOP_PX + 8);
  }

  /** @param {TimeScale} scale */
  drawTicks(scale) {
    const { context, height, foot, width } = this;
    const { text } = inkOf(this.shown);
    const { stepS, times } = ticksOf(scale, Math.floor(width / TICK_GAP_PX));
    context.fillStyle = text;
    context.textAlign = 'center';
    for (const s of times) {
      const x = scale.xOf(s);
      context.fillRect(Math.round(x), foot, 1, 4);
      const words = formatTick(s, stepS);
      const half = context.measureText(words).width / 2;
      if (x - half >= 0 && x + half <= width) context.fillText(words, x, height - 6);
    }
  }
}

/*
 * Build marks: where on a timeline files became other builds.
 *
 *     BuildChange[], TimeScale  --groupMarks-->  MarkGroup[], one for each place that can be hit
 */

/**
 * What /api/v1/builds tells of a change.
 * @typedef {object} BuildChange
 * @property {number} time      unix s
 * @property {string} file
 * @property {string} build_id
 * @property {string} before
 * @property {number} before_until
 * @property {number} count     samples of the new build
 */

/**
 * @typedef {object} MarkGroup
 * @property {number} x         pixels
 * @property {BuildChange} change the one with most samples
 * @property {BuildChange[]} changes
 * @property {boolean} isBeside the old build goes on beside the new one
 * @property {string} label
 */

/** Marks that are nearer cannot be told apart, nor hit. */
const NEAR_PX = 14;
const MOST_NAMED = 4;
/** An old process may live so much longer than the first new one. */
const BESIDE_S = 60;
const ID_DIGITS = 8;

/** @param {string} path */
function nameOf(path) {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

/** Whether both builds ran side by side for long. @param {BuildChange} change */
export function isBeside({ time, before_until }) {
  return before_until > time + BESIDE_S;
}

/** @param {BuildChange} change */
function describe(change) {
  const ids = [change.before, change.build_id].map((id) => id.slice(0, ID_DIGITS));
  const words = isBeside(change) ? 'beside' : 'in place of';
  return `${nameOf(change.file)}: build ${ids[1]} ${words} ${ids[0]}`;
}

/** @param {BuildChange[]} changes the one with most samples first */
function labelOf(changes) {
  const named = changes.slice(0, MOST_NAMED).map(describe);
  const rest = changes.length - named.length;
  if (rest > 0) named.push(`and ${formatCount(rest)} more`);
  return `${formatMoment(changes[0].time)}: ${named.join('; ')}. Compare before and after`;
}

/**
 * @param {BuildChange[]} changes sorted by time @param {TimeScale} scale
 * @returns {MarkGroup[]}
 */
export function groupMarks(changes, scale) {
  const groups = /** @type {BuildChange[][]} */ ([]);
  let lastX = -Infinity;
  for (const change of changes) {
    const x = scale.xOf(change.time);
    if (x < 0 || x > scale.width) continue;
    if (x - lastX < NEAR_PX) groups[groups.length - 1].push(change);
    else {
      groups.push([change]);
      lastX = x;
    }
  }
  return groups.map((group) => {
    const sorted = [...group].sort((a, b) => b.count - a.count);
    return {
      x: scale.xOf(sorted[0].time),
      change: sorted[0],
      changes: sorted,
      isBeside: group.every(isBeside),
      label: labelOf(sorted),
    };
  });
}
