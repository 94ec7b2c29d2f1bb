// SPDX-License-Identifier: Apache-2.0

/** Top view: the functions of a selection as a table; sorted by a click, searched, of any length. */

import { create } from './dom.js';
import { baseName } from './frames.js';
import { RowList, setCell } from './row_list.js';
import { formatCount, formatShare, formatValue } from './short_text.js';
import { factsOfRow, formatSorting, parseSorting, sortBy, sortFunctions } from './weights.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./row_list.js').Column} Column */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./weights.js').Table} Table */

/** @type {Column[]} */
const COLUMNS = [
  { key: 'self', text: 'self', width: '5.43rem', isSortable: true },
  { key: 'self-share', text: '%', width: '4.71rem', title: 'share of all that is its own' },
  { key: 'total', text: 'total', width: '5.43rem', isSortable: true },
  { key: 'total-share', text: '%', width: '4.71rem', title: 'share of all that it is part of' },
  { key: 'samples', text: 'samples', width: '5.57rem' },
  { key: 'name', text: 'function', width: 'minmax(12.86rem, 3fr)', isSortable: true },
  { key: 'module', text: 'module', width: 'minmax(6.43rem, 1fr)', isSortable: true },
];

/** With another selection to compare with: how the shares have changed. @type {Column[]} */
const COMPARED = [
  ...COLUMNS.slice(0, 4),
  { key: 'change', text: 'change', width: '6.57rem', title: 'of the share that it is part of' },
  ...COLUMNS.slice(5),
];

/** Of two shares, in points of a hundred. @param {number} points */
export function formatChange(points) {
  const percent = points * 100;
  if (Math.abs(percent) < 0.005) return '±0';
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(Math.abs(percent) < 9.95 ? 2 : 1)} pt`;
}

export class TopView {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.element = element;
    this.actions = actions;
    /** @type {Table | null} */
    this.table = null;
    /** @type {Int32Array} */
    this.rows = new Int32Array(0);
    this.sorting = parseSorting('');
    this.summary = create('p', { class: 'view-summary', role: 'status' });
    const grid = create('div', { class: 'top-rows' });
    element.replaceChildren(this.summary, grid);
    this.isCompared = false;
    this.list = new RowList(grid, {
      role: 'grid',
      label: 'functions',
      columns: COLUMNS,
      fill: (cells, row, line) => this.fill(cells, row, line),
      onActive: (row) => this.pick(row),
      onOpen: (row) => this.actions.change({ view: 'sandwich', fn: this.frameAt(row).id }, true),
      onMenu: (row, x, y) => this.actions.openMenu(this.frameAt(row), { x, y, from: grid }),
      onSort: (key) =>
        this.actions.change({ sort: formatSorting(sortBy(this.sorting, key)) }, false),
    });
  }

  /** @param {Table} table @param {State} state */
  show(table, state) {
    const active = this.list.active >= 0 ? this.frameAt(this.list.active).id : state.fn;
    this.table = table;
    this.setCompared(table.baseTotal !== undefined);
    this.sorting = parseSorting(state.sort);
    const found = this.actions.found();
    this.rows = sortFunctions(table, this.sorting, found);
    this.list.setSorted(this.sorting.by, this.sorting.isDown);
    const at = active ? this.rows.findIndex((_, row) => this.frameAt(row).id === active) : -1;
    this.list.show(this.rows.length, at);
    const all = formatCount(table.frame.length);
    this.summary.textContent = found
      ? `${formatCount(this.rows.length)} of ${all} functions`
      : `${all} functions`;
  }

  hide() {}

  focus() {
    this.list.element.focus({ preventScroll: true });
  }

  /** @param {boolean} isCompared */
  setCompared(isCompared) {
    if (isCompared === this.isCompared) return;
    this.isCompared = isCompared;
    // Rows of the table before are none of this one.
    this.list.show(0);
    this.list.setColumns(isCompared ? COMPARED : COLUMNS);
  }

  /** @param {number} row @returns {Frame} */
  frameAt(row) {
    const { frames, frame } = /** @type {Table} */ (this.table);
    return frames.get(frame[this.rows[row]]);
  }

  /** @param {number} row */
  pick(row) {
    const table = /** @type {Table} */ (this.table);
    this.actions.pick(this.frameAt(row), factsOfRow(table, this.rows[row]));
  }

  /** @param {HTMLElement[]} cells @param {number} row @param {HTMLElement} line */
  fill(cells, row, line) {
    const table = /** @type {Table} */ (this.table);
    const i = this.rows[row];
    const frame = this.frameAt(row);
    const whole = table.whole || 1;
    const share = table.total[i] / whole;
    line.style.setProperty('--self', (table.self[i] / whole).toFixed(4));
    line.style.setProperty('--total', share.toFixed(4));
    const [self, selfShare, total, totalShare, samples, name, module] = cells;
    setCell(self, formatValue(table.self[i]));
    setCell(selfShare, formatShare(table.self[i] / whole));
    setCell(total, formatValue(table.total[i]));
    setCell(totalShare, formatShare(share));
    setCell(samples, this.isCompared ? this.changeOf(i) : formatCount(table.count[i]));
    setCell(name, frame.name.slice(0, 2000));
    name.classList.toggle('is-inlined-name', frame.inlined);
    setCell(module, baseName(frame.module));
    module.title = frame.module;
    this.actions.paintSwatch(name, frame);
  }

  /** @param {number} i */
  changeOf(i) {
    const { total, whole, baseTotal, baseWhole } = /** @type {Table} */ (this.table);
    const before = (baseTotal?.[i] ?? 0) / (baseWhole || 1);
    return formatChange(total[i] / (whole || 1) - before);
  }
}
