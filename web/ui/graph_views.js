// SPDX-License-Identifier: Apache-2.0

/** Graph views: those made of graph panes: one function, the parts of a label, the order of time. */

import { ROOT } from './call_tree.js';
import { arrange, create, createButton, createSelect, setText, showOptions } from './dom.js';
import { GraphPane } from './graph_pane.js';
import { formatSelector, parseSelector } from './search.js';
import {
  formatCount,
  formatSamples,
  formatShare,
  formatSome,
  formatTime,
  formatValue,
} from './short_text.js';
import { FunctionList } from './table_views.js';
import { formatClock, formatTick, ticksOf, TimeScale } from './time_scale.js';
import { panSpan, WHOLE, zoomSpan } from './viewport.js';
import { parseSorting } from './weights.js';

/** @typedef {import('./view_deck.js').Actions} Actions */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./dom.js').Column} Column */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./viewport.js').Span} Span */
/** @typedef {import('./weights.js').Table} Table */

/*
 * Sandwich view: one function between its callers, above, and what it calls, below.
 *
 *     Table  ──►  a list to pick from          Layout of callers, grown upward
 *                                              Layout of callees, hanging
 *
 * A click on any box makes its function the one in the middle.
 */

/**
 * @typedef {object} Sandwich
 * @property {Table} table
 * @property {{callers: Layout, callees: Layout} | null} around null where no function is picked
 */

/** @type {Column[]} */
const COLUMNS = [
  { key: 'total-share', text: 'total', width: '4.57rem' },
  { key: 'self-share', text: 'self', width: '4.57rem' },
  { key: 'name', text: 'function', width: 'minmax(0, 1fr)' },
];

export class SandwichView {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    const list = create('div', { class: 'sandwich-list' });
    const callers = create('div', { class: 'sandwich-callers' });
    const callees = create('div', { class: 'sandwich-callees' });
    this.title = create('h2', { class: 'sandwich-title' });
    this.title.tabIndex = -1;
    const graphs = create('div', { class: 'sandwich-graphs' }, callers, this.title, callees);
    element.replaceChildren(list, graphs);
    const pick = (/** @type {number} */ row) => this.pick(this.functions.frameAt(row));
    this.functions = new FunctionList(list, actions, {
      label: 'functions: Enter puts one in the middle',
      columns: COLUMNS,
      onActive: pick,
      onOpen: pick,
    });
    this.callers = this.createPane(callers, 'callers', true);
    this.callees = this.createPane(callees, 'callees', false);
  }

  /** @param {HTMLElement} element @param {string} label @param {boolean} isUpward */
  createPane(element, label, isUpward) {
    return new GraphPane(element, {
      label: `${label}: arrow keys move, Enter puts a function in the middle`,
      actions: this.actions,
      isUpward,
      onOpen: (node, { tree }) => this.pick(tree.frameOf(node)),
    });
  }

  /** @param {Frame} frame */
  pick(frame) {
    if (frame.kind === 'host' || frame.kind === 'process') return;
    if (frame.id !== this.fn) this.actions.change({ fn: frame.id }, true);
  }

  /** @param {Sandwich} answer @param {State} state */
  show({ table, around }, state) {
    this.fn = state.fn;
    const at = this.functions.show(table, parseSorting('total'), state.fn);
    if (at >= 0) this.functions.list.reveal(at);
    this.showTitle(around?.callees ?? null, table.whole || 1);
    for (const side of /** @type {const} */ (['callers', 'callees'])) {
      const layout = around?.[side];
      this[side].element.hidden = !layout;
      if (layout) this[side].show(layout, { isOther: true });
    }
  }

  hide() {
    this.actions.hideTip();
  }

  /** @param {Layout | null} callees whose root is the function in the middle */
  showTitle(callees, /** @type {number} */ whole) {
    if (!callees?.tree.size) {
      this.title.textContent = 'Pick a function: its callers appear above, what it calls below.';
      return;
    }
    const { tree } = callees;
    const frame = tree.frameOf(ROOT);
    const numbers = `${formatValue(tree.total[ROOT])}, ${formatShare(tree.total[ROOT] / whole)} of all`;
    const self = `${formatValue(tree.self[ROOT])} of its own`;
    const name = create('bdi', {}, frame.name.slice(0, 400));
    const words = create('span', {}, `${numbers}, ${self}`);
    this.title.replaceChildren(name, words);
  }
}

/*
 * Split view: the same graph for each value of a label, the largest first, each with its total. A
 * click opens one alone.
 */

/**
 * What the engine tells of each value of a label.
 * @typedef {object} Part
 * @property {string} value '' where samples have no such label
 * @property {number} total
 * @property {number} count samples
 * @property {Layout | null} layout null until it is asked for
 */

/**
 * @typedef {object} Split
 * @property {string} label
 * @property {string[]} labels that samples have
 * @property {Part[]} parts    the largest first
 * @property {number} whole
 */

/** So many more graphs a click shows. */
export const PARTS_STEP = 12;

/** The query that selects one value, with what it has selected before. */
export function queryOfPart(
  /** @type {string} */ query,
  /** @type {string} */ name,
  /** @type {string} */ value,
) {
  let matchers = /** @type {import('./search.js').Matcher[]} */ ([]);
  try {
    matchers = parseSelector(query);
  } catch {
    // Nothing is selected by what cannot be understood.
  }
  const others = matchers.filter((m) => m.name !== name || m.operator !== '=');
  return formatSelector([...others, { name, operator: '=', value }]);
}

/** A graph with its head. */
class Card {
  /** @param {Actions} actions @param {(path: string[]) => void} onOpen */
  constructor(actions, onOpen) {
    this.name = createButton(() => onOpen([]), { class: 'split-name', title: 'show it alone' });
    this.numbers = create('span', { class: 'split-numbers' });
    const head = create('h2', {}, this.name, this.numbers);
    const graph = create('div');
    this.element = create('li', { class: 'split-card' }, head, graph);
    this.pane = new GraphPane(graph, {
      label: 'graph',
      actions,
      onOpen: (node, { tree }) => onOpen(tree.pathOf(node)),
    });
  }

  /** @param {Part} part @param {string} label @param {number} whole */
  show({ value, total, count, layout }, label, whole) {
    const text = value || `without ${label}`;
    const share = total / (whole || 1);
    setText(this.name, text);
    setText(this.numbers, `${formatValue(total)} · ${formatShare(share)} · ${formatCount(count)}`);
    this.numbers.title = formatSamples(count);
    this.element.style.setProperty('--share', share.toFixed(4));
    this.pane.twin.element.setAttribute('aria-label', `${label} ${text}: arrow keys move`);
    if (layout) this.pane.show(layout);
  }
}

export class SplitView {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    this.nShown = 0;
    /** @type {Split | null} */
    this.split = null;
    this.query = '';
    this.labels = createSelect((group) => actions.change({ group, cards: 0 }, true), {});
    this.summary = create('span', { role: 'status' });
    const picker = create('label', {}, 'a graph for each ', this.labels);
    this.cards = create('ul', { class: 'split-cards' });
    const showMore = () => actions.change({ cards: this.nShown + PARTS_STEP }, false);
    this.more = createButton(showMore, { class: 'split-more', hidden: '' });
    element.replaceChildren(
      create('p', { class: 'view-summary' }, picker, this.summary),
      create('div', { class: 'split-scroller' }, this.cards, this.more),
    );
    /** @type {Map<string, Card>} */
    this.shown = new Map();
  }

  /** @param {Split} split @param {State} state */
  show(split, state) {
    const { label, labels, parts, whole } = split;
    if (this.split?.label !== label) this.shown.clear();
    this.split = split;
    this.query = state.query;
    this.nShown = state.cards || PARTS_STEP;
    this.showLabels(labels, label);
    const seen = parts.slice(0, this.nShown);
    this.shown = new Map(
      seen.map(({ value }) => [value, this.shown.get(value) ?? this.createCard(value)]),
    );
    const cards = [...this.shown.values()];
    arrange(
      this.cards,
      cards.map(({ element }) => element),
    );
    seen.forEach((part, i) => cards[i].show(part, label, whole));
    const rest = parts.length - seen.length;
    this.more.hidden = rest <= 0;
    setText(this.more, `show ${Math.min(rest, PARTS_STEP)} more of ${formatCount(rest)}`);
    setText(this.summary, formatSome(parts.length, 'values'));
  }

  hide() {
    this.actions.hideTip();
  }

  /** @param {string[]} labels @param {string} picked */
  showLabels(labels, picked) {
    const texts = labels.includes(picked) ? labels : [picked, ...labels];
    const options = texts.map((text) => ({ value: text, text }));
    showOptions(this.labels, options, picked);
  }

  /** @param {string} value */
  createCard(value) {
    return new Card(this.actions, (path) => this.open(value, path));
  }

  /** One value alone, at a place of its graph. @param {string} value @param {string[]} zoom */
  open(value, zoom) {
    const { label } = /** @type {Split} */ (this.split);
    const query = queryOfPart(this.query, label, value);
    this.actions.change({ query, zoom, view: 'icicle' }, true);
    this.actions.say(`${label} ${value || 'none'} alone`);
  }
}

/*
 * Time view: the stacks of one thread as they followed one another, at their real times. A click
 * on a box looks at its time; the wheel, dragging and keys move and zoom what is looked at.
 */

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
    this.threads = createSelect((thread) => actions.change({ thread, span: null }, true), {});
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
      onOpen: (node, layout) => this.lookAt(node, layout),
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

  /** @param {number} node @param {Layout} layout */
  lookAt(node, { start, end }) {
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
