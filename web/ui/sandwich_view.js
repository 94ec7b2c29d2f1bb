// SPDX-License-Identifier: Apache-2.0

/**
 * Sandwich view: one function between its callers, above, and what it calls, below.
 *
 *     Table  ──►  a list to pick from          Layout of callers, grown upward
 *                                              Layout of callees, hanging
 *
 * A click on any box makes its function the one in the middle.
 */

import { ROOT } from './call_tree.js';
import { create } from './dom.js';
import { baseName } from './frames.js';
import { GraphPane } from './graph_pane.js';
import { RowList, setCell } from './row_list.js';
import { formatShare, formatValue } from './short_text.js';
import { factsOfRow, parseSorting, sortFunctions } from './weights.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./row_list.js').Column} Column */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./weights.js').Table} Table */

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
      if (layout) this[side].show(layout, true);
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
