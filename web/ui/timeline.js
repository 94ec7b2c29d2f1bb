// SPDX-License-Identifier: Apache-2.0

/**
 * Timeline: CPUs in use over time, on which a range is selected.
 *
 *     ├──┬──▐██████▌──┬──▼──┤      drag: a range · ▐ ▌: its edges · ▼: a file is another build
 *
 * For pointers it is a canvas beneath; for keys and screen readers, three sliders: the start of the
 * range, all of it, and its end, which tell the time, and how many CPUs were in use then.
 */

import { create, createButton, hasModifier } from './dom.js';
import { formatCores, formatRange } from './short_text.js';
import { dragged, formatMoment, formatSpan, nudged, TimeScale } from './time_scale.js';
import { TimelineCanvas } from './timeline_canvas.js';
import { coresAt } from './timeline_source.js';

/** @typedef {import('./time_scale.js').Edge} Edge */
/** @typedef {import('./time_scale.js').TimeRange} TimeRange */
/** @typedef {import('./timeline_canvas.js').MarkGroup} MarkGroup */
/** @typedef {import('./timeline_canvas.js').Shown} Shown */
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
const PAGE_STEPS = 10;

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
    const steps = stepsOfKey(event.key);
    if (steps === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const range = nudged(view.selected, edge, steps * view.stepS, this.bounds);
    this.view = { ...view, selected: range };
    this.redraw();
    this.listener.onSelect(range, false);
  }
}

/** How far a key moves an edge; 0 for one that does not. @param {string} key */
export function stepsOfKey(key) {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return -1;
    case 'ArrowRight':
    case 'ArrowUp':
      return 1;
    case 'PageDown':
      return -PAGE_STEPS;
    case 'PageUp':
      return PAGE_STEPS;
    case 'Home':
      return -1e9;
    case 'End':
      return 1e9;
    default:
      return 0;
  }
}
