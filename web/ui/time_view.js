// SPDX-License-Identifier: Apache-2.0

/**
 * Time view: the stacks of one thread as they followed one another, at their real times. A click
 * on a box looks at its time; the wheel, dragging and keys move and zoom what is looked at.
 */

import { ROOT } from './call_tree.js';
import { create, createButton, setText, showOptions } from './dom.js';
import { GraphPane } from './graph_pane.js';
import { formatSamples, formatTime, formatValue } from './short_text.js';
import { formatClock, formatTick, ticksOf, TimeScale } from './time_scale.js';
import { panSpan, WHOLE, zoomSpan } from './viewport.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./viewport.js').Span} Span */

/**
 * What the engine tells of a thread's samples, one after the other.
 * @typedef {object} InOrder
 * @property {Layout | null} layout whose axis is time; null where samples have no times
 * @property {number} startNs unix
 * @property {number} endNs
 * @property {{key: string, text: string, total: number}[]} threads the largest first
 * @property {string} thread the key of the one that is shown
 */

const ADDRESS_DELAY_MS = 250;
const WHEEL_ZOOM = 1.0015;
const KEY_ZOOM = 1.6;
/** Room for the text of a tick. */
const TICK_PX = 110;

/** @param {string} text @param {string} title @param {() => void} run */
const button = (text, title, run) => createButton(run, { title, 'aria-label': title }, text);

export class TimeView {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    /** @type {InOrder | null} */
    this.answer = null;
    this.span = WHOLE;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.drag = { x: 0, start: WHOLE, isMoving: false };
    this.threads = create('select', {});
    this.threads.addEventListener('change', () =>
      actions.change({ thread: this.threads.value, span: null }, true),
    );
    this.summary = create('span', { class: 'time-summary', role: 'status' });
    this.axis = create('div', { class: 'time-axis', 'aria-hidden': 'true' });
    const graph = create('div');
    element.replaceChildren(
      create(
        'div',
        { class: 'view-summary' },
        create('label', {}, 'thread ', this.threads),
        button('−', 'show more time', () => this.zoom(KEY_ZOOM, 0.5, true)),
        button('+', 'show less time', () => this.zoom(1 / KEY_ZOOM, 0.5, true)),
        button('all', 'show all of the time', () => this.look(WHOLE, true)),
        this.summary,
      ),
      this.axis,
      graph,
    );
    this.pane = new GraphPane(graph, {
      label: 'stacks in order of time: arrow keys move, Enter looks at a box, + and − zoom',
      actions,
      onOpen: (node) => this.lookAt(node),
    });
    this.listen(graph);
    new ResizeObserver(() => this.showAxis()).observe(this.axis);
  }

  /** @param {HTMLElement} graph */
  listen(graph) {
    graph.addEventListener('wheel', (event) => this.onWheel(event), { passive: false });
    graph.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || event.pointerType !== 'mouse') return;
      this.drag = { x: event.clientX, start: this.span, isMoving: false };
    });
    graph.addEventListener('pointermove', (event) => this.onDrag(event, graph));
    graph.addEventListener(
      'click',
      (event) => {
        if (this.drag.isMoving) event.stopImmediatePropagation();
        this.drag.isMoving = false;
      },
      { capture: true },
    );
    graph.addEventListener('keydown', (event) => {
      const isHandled = !event.ctrlKey && !event.metaKey && this.handleKey(event);
      if (!isHandled) return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** @param {KeyboardEvent} event @returns {boolean} */
  handleKey({ key, shiftKey }) {
    if (key === '+' || key === '=') this.zoom(1 / KEY_ZOOM, 0.5, false);
    else if (key === '-') this.zoom(KEY_ZOOM, 0.5, false);
    else if (key === 'Escape' || key === 'Backspace') this.look(WHOLE, false);
    else if (key === 'ArrowLeft' && shiftKey) this.look(panSpan(this.span, -0.25), false);
    else if (key === 'ArrowRight' && shiftKey) this.look(panSpan(this.span, 0.25), false);
    else return false;
    return true;
  }

  /** Pinching comes as a wheel with Ctrl, too. @param {WheelEvent} event */
  onWheel(event) {
    const width = this.axis.clientWidth || 1;
    const { left } = this.axis.getBoundingClientRect();
    if (event.ctrlKey) {
      this.zoom(WHEEL_ZOOM ** event.deltaY, (event.clientX - left) / width, true);
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.look(panSpan(this.span, (event.deltaX || event.deltaY) / width), true);
    } else return;
    event.preventDefault();
  }

  /** @param {PointerEvent} event @param {HTMLElement} graph */
  onDrag(event, graph) {
    if (!(event.buttons & 1) || event.pointerType !== 'mouse') return;
    const moved = event.clientX - this.drag.x;
    if (!this.drag.isMoving && Math.abs(moved) < 4) return;
    this.drag.isMoving = true;
    graph.setPointerCapture(event.pointerId);
    this.look(panSpan(this.drag.start, -moved / (this.axis.clientWidth || 1)), true);
  }

  /** @param {number} factor @param {number} at share of what is seen @param {boolean} isAtOnce */
  zoom(factor, at, isAtOnce) {
    this.look(zoomSpan(this.span, factor, at), isAtOnce);
  }

  /** @param {number} node */
  lookAt(node) {
    const { start, end } = /** @type {Layout} */ (this.pane.layout);
    this.look(node === ROOT ? WHOLE : { start: start[node], end: end[node] }, false);
  }

  /** Look at a part of the time. @param {Span} span @param {boolean} isAtOnce without a way there */
  look(span, isAtOnce) {
    this.span = span;
    this.pane.graph.setSpan(span, isAtOnce);
    this.showAxis();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tellAddress(), ADDRESS_DELAY_MS);
  }

  /** In the address, the span stands in unix milliseconds. */
  tellAddress() {
    if (!this.answer) return;
    const { startNs, endNs } = this.answer;
    const ms = (/** @type {number} */ share) => (startNs + share * (endNs - startNs)) / 1e6;
    const { start, end } = this.span;
    this.actions.change({ span: end - start < 1 ? [ms(start), ms(end)] : null }, false);
  }

  /** @param {InOrder} answer @param {State} state */
  show(answer, state) {
    const isNew = answer !== this.answer;
    this.answer = answer;
    this.showThreads(answer);
    const { layout, startNs, endNs } = answer;
    this.pane.element.hidden = !layout;
    if (!layout) {
      setText(this.summary, 'These samples do not tell their times.');
      return;
    }
    this.pane.show(layout, { isOther: true });
    if (isNew) {
      const share = (/** @type {number} */ ms) => (ms * 1e6 - startNs) / (endNs - startNs);
      const [from, to] = state.span ? state.span.map(share) : [0, 1];
      const isThere = to > 0 && from < 1 && to > from;
      this.span = isThere ? { start: Math.max(0, from), end: Math.min(1, to) } : WHOLE;
      this.pane.graph.setSpan(this.span, true);
    }
    this.showAxis();
  }

  hide() {
    clearTimeout(this.timer);
    this.actions.hideTip();
  }

  focus() {
    this.pane.focus();
  }

  /** @param {InOrder} answer */
  showThreads({ threads, thread }) {
    const options = threads.map(({ key, text, total }) => ({
      value: key,
      text: `${text} · ${formatValue(total)}`,
    }));
    showOptions(this.threads, options, thread);
  }

  showAxis() {
    const { answer, span } = this;
    if (!answer?.layout) {
      this.axis.replaceChildren();
      return;
    }
    const ns = answer.endNs - answer.startNs;
    const atS = (/** @type {number} */ share) => (answer.startNs + share * ns) / 1e9;
    const scale = new TimeScale({ startS: atS(span.start), endS: atS(span.end) }, 100);
    const { stepS, times } = ticksOf(scale, Math.floor(this.axis.clientWidth / TICK_PX));
    this.axis.replaceChildren(
      ...times.map((s) => {
        const tick = create('span', { class: 'tick' }, formatTick(s, stepS));
        tick.style.left = `${scale.xOf(s).toFixed(3)}%`;
        return tick;
      }),
    );
    const length = (span.end - span.start) * ns;
    const from = formatClock(scale.startS, length / 1e11);
    const samples = formatSamples(answer.layout.tree.samples[ROOT] ?? 0);
    setText(this.summary, `${formatTime(length)} from ${from}, of ${samples}`);
  }
}
