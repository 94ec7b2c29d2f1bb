// SPDX-License-Identifier: Apache-2.0

/** Tree view: the call tree as a table whose rows open and close, the largest first. */

import { ROOT } from './call_tree.js';
import { baseName } from './frame.js';
import { factsOf } from './frame_details.js';
import { RowList, setCell } from './row_list.js';
import { nextMatch } from './search.js';
import { placeOf } from './tooltip.js';
import { TreeRows } from './tree_rows.js';
import { formatCount, formatShare, formatValue } from './units.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./row_list.js').Column} Column */
/** @typedef {import('./state.js').State} State */

/** @type {Column[]} */
const COLUMNS = [
  { key: 'name', text: 'function', width: 'minmax(15.71rem, 4fr)' },
  { key: 'total', text: 'total', width: '5.43rem' },
  { key: 'total-share', text: '%', width: '4.71rem', title: 'share of all' },
  { key: 'self', text: 'self', width: '5.43rem' },
  { key: 'samples', text: 'samples', width: '5.57rem' },
  { key: 'module', text: 'module', width: 'minmax(6.43rem, 1fr)' },
  { key: 'place', text: 'source', width: 'minmax(6.43rem, 1fr)' },
];
/** Deeper levels are not indented any further. */
const MAX_INDENT = 24;

export class TreeView {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    /** @type {TreeRows | null} */
    this.rows = null;
    this.list = new RowList(element, {
      role: 'treegrid',
      label: 'call tree: Right opens, Left closes, Enter opens the main way',
      columns: COLUMNS,
      fill: (cells, row, line) => this.fill(cells, row, line),
      onActive: (row) => this.pick(row),
      onOpen: (row) => this.toggle(row, true),
      onKey: (key, row) => this.onKey(key, row),
      onMenu: (row, x, y) => this.openMenu(row, x, y),
    });
    element.addEventListener('click', (event) => {
      const isTwist = event.target instanceof Element && event.target.closest('.twist');
      const row = this.list.rowOf(event.target);
      if (isTwist && row >= 0) this.toggle(row, false);
    });
  }

  /** @param {{layout: Layout}} answer @param {State} state */
  show({ layout }, state) {
    this.found = this.actions.found();
    const old = this.rows;
    if (old?.layout === layout) {
      this.list.render();
      return;
    }
    const wasAt = old && this.list.active >= 0 ? old.nodes[this.list.active] : -1;
    this.rows = new TreeRows(layout);
    let active = this.rows.nodes.length ? 0 : -1;
    if (old) {
      const found = this.rows.openLike(old);
      active = this.rows.nodes.indexOf(found.get(wasAt) ?? ROOT);
    } else if (layout.tree.size) {
      this.rows.openMain(0);
      active = this.rows.reveal(layout.tree.follow(state.zoom));
    }
    this.list.show(this.rows.nodes.length, active);
    if (!old && active > 0) this.list.reveal(active);
  }

  hide() {}

  focus() {
    this.list.element.focus({ preventScroll: true });
  }

  /** @param {number} row */
  pick(row) {
    const { nodes, layout } = /** @type {TreeRows} */ (this.rows);
    this.actions.pick(layout.tree.frameOf(nodes[row]), factsOf(layout.tree, nodes[row]));
  }

  /** @param {number} row @param {number} x @param {number} y */
  openMenu(row, x, y) {
    const { nodes, layout } = /** @type {TreeRows} */ (this.rows);
    const { tree } = layout;
    const path = tree.pathOf(nodes[row]);
    this.actions.openMenu(tree.frameOf(nodes[row]), { x, y, from: this.list.element, path });
  }

  /** @param {number} row @param {boolean} isMain open what has most of its time, too */
  toggle(row, isMain) {
    const rows = /** @type {TreeRows} */ (this.rows);
    if (rows.isOpen(rows.nodes[row])) rows.close(row);
    else if (isMain) rows.openMain(row);
    else rows.open(row);
    this.list.show(rows.nodes.length, row);
  }

  /** @param {string} key @param {number} row */
  onKey(key, row) {
    const rows = /** @type {TreeRows} */ (this.rows);
    const isOpen = rows.isOpen(rows.nodes[row]);
    if (key === 'ArrowRight') {
      if (!isOpen && rows.hasChildren(rows.nodes[row])) this.toggle(row, false);
      else if (isOpen) this.list.setActive(row + 1);
      return true;
    }
    if (key === 'ArrowLeft') {
      if (isOpen) this.toggle(row, false);
      else if (row > 0) this.list.setActive(rows.parentRow(row));
      return true;
    }
    return false;
  }

  /** @param {1 | -1} direction */
  goToMatch(direction) {
    const { rows, found, list } = this;
    if (!rows || !found) return;
    const from = list.active >= 0 ? rows.nodes[list.active] : ROOT;
    const node = nextMatch(rows.layout, { frames: found }, ROOT, from, direction);
    if (node < 0) return;
    const row = rows.reveal(node);
    list.show(rows.nodes.length, row);
    list.setActive(row);
    this.focus();
  }

  /** @param {HTMLElement[]} cells @param {number} row @param {HTMLElement} line */
  fill(cells, row, line) {
    const rows = /** @type {TreeRows} */ (this.rows);
    const { tree } = rows.layout;
    const node = rows.nodes[row];
    const frame = tree.frameOf(node);
    const whole = tree.total[ROOT] || 1;
    const isOpen = rows.isOpen(node);
    line.ariaLevel = String(tree.depth[node] + 1);
    line.ariaExpanded = rows.hasChildren(node) ? String(isOpen) : null;
    line.classList.toggle('is-found', this.found?.[tree.frame[node]] === 1);
    line.style.setProperty('--total', (tree.total[node] / whole).toFixed(4));
    line.style.setProperty('--level', String(Math.min(MAX_INDENT, tree.depth[node])));
    const [name, total, share, self, samples, module, place] = cells;
    this.fillName(name, frame.name.slice(0, 2000));
    name.classList.toggle('is-inlined-name', frame.inlined);
    setCell(total, formatValue(tree.total[node]));
    setCell(share, formatShare(tree.total[node] / whole));
    setCell(self, formatValue(tree.self[node]));
    setCell(samples, formatCount(tree.samples[node]));
    setCell(module, baseName(frame.module));
    module.title = frame.module;
    setCell(place, baseName(placeOf(tree, node)));
    place.title = placeOf(tree, node);
    this.actions.paintSwatch(/** @type {HTMLElement} */ (name.lastElementChild), frame);
  }

  /** The sign that it opens, and the name. @param {HTMLElement} cell @param {string} text */
  fillName(cell, text) {
    if (!cell.firstElementChild) {
      const twist = document.createElement('span');
      twist.className = 'twist';
      twist.setAttribute('aria-hidden', 'true');
      cell.append(twist, document.createElement('span'));
    }
    setCell(/** @type {HTMLElement} */ (cell.lastElementChild), text);
  }
}
