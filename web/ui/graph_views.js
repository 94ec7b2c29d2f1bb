// SPDX-License-Identifier: Apache-2.0

/** Graph views: those with more than one graph. */

import { ROOT } from './call_tree.js';
import { create, createButton, setText, showOptions } from './dom.js';
import { baseName } from './frames.js';
import { GraphPane } from './graph_pane.js';
import { RowList, setCell } from './row_list.js';
import { formatSelector, parseSelector } from './search.js';
import { formatCount, formatSamples, formatShare, formatSome, formatValue } from './short_text.js';
import { factsOfRow, parseSorting, sortFunctions } from './weights.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./row_list.js').Column} Column */
/** @typedef {import('./state.js').State} State */
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
    /** @type {Table | null} */
    this.table = null;
    /** @type {Int32Array} */
    this.rows = new Int32Array(0);
    const list = create('div', { class: 'sandwich-list' });
    const callers = create('div', { class: 'sandwich-callers' });
    const callees = create('div', { class: 'sandwich-callees' });
    this.title = create('h2', { class: 'sandwich-title' });
    this.title.tabIndex = -1;
    const graphs = create('div', { class: 'sandwich-graphs' }, callers, this.title, callees);
    element.replaceChildren(list, graphs);
    this.list = new RowList(list, {
      role: 'grid',
      label: 'functions: Enter puts one in the middle',
      columns: COLUMNS,
      fill: (cells, row, line) => this.fill(cells, row, line),
      onActive: (row) => this.activate(row),
      onOpen: (row) => this.pick(this.frameAt(row)),
      onMenu: (row, x, y) => actions.openMenu(this.frameAt(row), { x, y, from: list }),
    });
    this.callers = this.createPane(callers, 'callers', true);
    this.callees = this.createPane(callees, 'callees', false);
  }

  /** @param {HTMLElement} element @param {string} label @param {boolean} isUpward */
  createPane(element, label, isUpward) {
    const pane = new GraphPane(element, {
      label: `${label}: arrow keys move, Enter puts a function in the middle`,
      actions: this.actions,
      isUpward,
      onOpen: (node) => {
        const { tree } = /** @type {Layout} */ (pane.layout);
        this.pick(tree.frameOf(node));
      },
    });
    return pane;
  }

  /** @param {number} row */
  activate(row) {
    const table = /** @type {Table} */ (this.table);
    this.actions.pick(this.frameAt(row), factsOfRow(table, this.rows[row]));
    this.pick(this.frameAt(row));
  }

  /** @param {Frame} frame */
  pick(frame) {
    if (frame.kind === 'host' || frame.kind === 'process') return;
    if (frame.id !== this.fn) this.actions.change({ fn: frame.id }, true);
  }

  /** @param {Sandwich} answer @param {State} state */
  show({ table, around }, state) {
    this.table = table;
    this.fn = state.fn;
    this.rows = sortFunctions(table, parseSorting('total'), this.actions.found());
    const active = this.rows.findIndex((_, row) => this.frameAt(row).id === state.fn);
    this.list.show(this.rows.length, active);
    if (active >= 0) this.list.reveal(active);
    this.showTitle(around?.callees ?? null);
    for (const side of /** @type {const} */ (['callers', 'callees'])) {
      const layout = around?.[side];
      this[side].element.hidden = !layout;
      if (layout) this[side].show(layout, { isOther: true });
    }
  }

  hide() {
    this.actions.hideTip();
  }

  focus() {
    this.list.element.focus({ preventScroll: true });
  }

  /** @param {Layout | null} callees whose root is the function in the middle */
  showTitle(callees) {
    if (!callees?.tree.size) {
      this.title.textContent = 'Pick a function: its callers appear above, what it calls below.';
      return;
    }
    const { tree } = callees;
    const frame = tree.frameOf(ROOT);
    const whole = this.table?.whole || 1;
    const numbers = `${formatValue(tree.total[ROOT])}, ${formatShare(tree.total[ROOT] / whole)} of all`;
    const self = `${formatValue(tree.self[ROOT])} of its own`;
    const name = create('bdi', {}, frame.name.slice(0, 400));
    const words = create('span', {}, `${numbers}, ${self}`);
    this.title.replaceChildren(name, words);
  }

  /** @param {number} row @returns {Frame} */
  frameAt(row) {
    const { frames, frame } = /** @type {Table} */ (this.table);
    return frames.get(frame[this.rows[row]]);
  }

  /** @param {HTMLElement[]} cells @param {number} row @param {HTMLElement} line */
  fill([total, self, name], row, line) {
    const table = /** @type {Table} */ (this.table);
    const whole = table.whole || 1;
    const i = this.rows[row];
    const frame = this.frameAt(row);
    line.style.setProperty('--total', (table.total[i] / whole).toFixed(4));
    setCell(total, formatShare(table.total[i] / whole));
    setCell(self, formatShare(table.self[i] / whole));
    setCell(name, frame.name.slice(0, 2000));
    name.title = `${frame.name.slice(0, 2000)}\n${baseName(frame.module)}`;
    this.actions.paintSwatch(name, frame);
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
      onOpen: (node) => {
        const { tree } = /** @type {Layout} */ (this.pane.layout);
        onOpen(tree.pathOf(node));
      },
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
    this.labels = create('select', { class: 'split-label' });
    this.labels.addEventListener('change', () =>
      actions.change({ group: this.labels.value, cards: 0 }, true),
    );
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
    if (this.split?.label !== label) this.clear();
    this.split = split;
    this.query = state.query;
    this.nShown = state.cards || PARTS_STEP;
    this.showLabels(labels, label);
    const seen = parts.slice(0, this.nShown);
    const values = new Set(seen.map(({ value }) => value));
    for (const [value, card] of this.shown) {
      if (values.has(value)) continue;
      card.element.remove();
      this.shown.delete(value);
    }
    seen.forEach((part, i) => {
      const card = this.shown.get(part.value) ?? this.addCard(part.value);
      if (this.cards.children[i] !== card.element) {
        this.cards.insertBefore(card.element, this.cards.children[i] ?? null);
      }
      card.show(part, label, whole);
    });
    const rest = parts.length - seen.length;
    this.more.hidden = rest <= 0;
    setText(this.more, `show ${Math.min(rest, PARTS_STEP)} more of ${formatCount(rest)}`);
    setText(this.summary, formatSome(parts.length, 'values'));
  }

  hide() {
    this.actions.hideTip();
  }

  focus() {
    this.labels.focus();
  }

  clear() {
    this.cards.replaceChildren();
    this.shown.clear();
  }

  /** @param {string[]} labels @param {string} picked */
  showLabels(labels, picked) {
    const texts = labels.includes(picked) ? labels : [picked, ...labels];
    const options = texts.map((text) => ({ value: text, text }));
    showOptions(this.labels, options, picked);
  }

  /** @param {string} value */
  addCard(value) {
    const card = new Card(this.actions, (path) => this.open(value, path));
    this.shown.set(value, card);
    return card;
  }

  /** One value alone, at a place of its graph. @param {string} value @param {string[]} zoom */
  open(value, zoom) {
    const { label } = /** @type {Split} */ (this.split);
    const query = queryOfPart(this.query, label, value);
    this.actions.change({ query, zoom, view: 'icicle' }, true);
    this.actions.say(`${label} ${value || 'none'} alone`);
  }
}
