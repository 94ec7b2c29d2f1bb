// SPDX-License-Identifier: Apache-2.0

/** Table views: functions, and the call tree, as tables. */

import { ROOT } from './call_tree.js';
import { create, RowList, setCell, setText } from './dom.js';
import { factsOf, placeOf } from './frame_details.js';
import { baseName } from './frames.js';
import { nextMatch } from './search.js';
import { countName, formatCount, formatShare, formatValue } from './short_text.js';
import { factsOfRow, formatSorting, parseSorting, sortBy, sortFunctions } from './weights.js';

/** @typedef {import('./view_deck.js').Actions} Actions */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./dom.js').Column} Column */
/** @typedef {import('./dom.js').RowListOptions} RowListOptions */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./weights.js').Sorting} Sorting */
/** @typedef {import('./weights.js').Table} Table */

/* Top view: the functions of a selection as a table; sorted by a click, searched, of any length. */

/** @type {Column[]} */
const TOP_COLUMNS = [
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
  ...TOP_COLUMNS.slice(0, 4),
  { key: 'change', text: 'change', width: '6.57rem', title: 'of the share that it is part of' },
  ...TOP_COLUMNS.slice(5),
];

/** Of two shares, in points of a hundred. @param {number} points */
export function formatChange(points) {
  const percent = points * 100;
  if (Math.abs(percent) < 0.005) return '±0';
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(Math.abs(percent) < 9.95 ? 2 : 1)} pt`;
}

/** A list of functions, which tells all about the one that it is at. */
export class FunctionList {
  /**
   * @param {HTMLElement} element @param {Actions} actions
   * @param {Pick<RowListOptions, 'label' | 'columns' | 'onActive' | 'onOpen' | 'onSort'>} options
   */
  constructor(element, actions, options) {
    /** @type {Table | null} */
    this.table = null;
    /** @type {Int32Array} */
    this.order = new Int32Array(0);
    this.actions = actions;
    this.list = new RowList(element, {
      ...options,
      role: 'grid',
      fill: (cells, row, line) => this.fill(cells, row, line),
      onActive: (row) => {
        actions.pick(this.frameAt(row), factsOfRow(this.known, this.order[row]));
        options.onActive?.(row);
      },
      onMenu: (row, x, y) => actions.openMenu(this.frameAt(row), { x, y, from: element }),
    });
  }

  /** The table, of which rows are. */
  get known() {
    return /** @type {Table} */ (this.table);
  }

  /** @param {number} row @returns {Frame} */
  frameAt(row) {
    return this.known.frames.get(this.known.frame[this.order[row]]);
  }

  /** @param {Table} table @param {Sorting} sorting @param {string} fn to be at @returns {number} its row */
  show(table, sorting, fn) {
    this.table = table;
    this.order = sortFunctions(table, sorting, this.actions.found());
    const at = fn ? this.order.findIndex((_, row) => this.frameAt(row).id === fn) : -1;
    this.list.show(this.order.length, at);
    return at;
  }

  /** @param {HTMLElement[]} cells @param {number} row @param {HTMLElement} line */
  fill(cells, row, line) {
    const { known: table, list, actions } = this;
    const i = this.order[row];
    const frame = this.frameAt(row);
    const self = table.self[i] / (table.whole || 1);
    const total = table.total[i] / (table.whole || 1);
    line.style.setProperty('--self', self.toFixed(4));
    line.style.setProperty('--total', total.toFixed(4));
    /** @type {Record<string, string>} */
    const texts = {
      self: formatValue(table.self[i]),
      'self-share': formatShare(self),
      total: formatValue(table.total[i]),
      'total-share': formatShare(total),
      samples: formatCount(table.count[i]),
      change: formatChange(total - (table.baseTotal?.[i] ?? 0) / (table.baseWhole || 1)),
      name: frame.name.slice(0, 2000),
      module: baseName(frame.module),
    };
    list.columns.forEach(({ key }, at) => {
      const cell = cells[at];
      setCell(cell, texts[key]);
      if (key === 'module') cell.title = frame.module;
      if (key !== 'name') return;
      cell.title += `\n${texts.module}`;
      cell.classList.toggle('is-inlined-name', frame.inlined);
      actions.paintSwatch(cell, frame);
    });
  }
}

export class TopView {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    this.sorting = parseSorting('');
    this.summary = create('p', { class: 'view-summary', role: 'status' });
    const grid = create('div', { class: 'top-rows' });
    element.replaceChildren(this.summary, grid);
    this.isCompared = false;
    this.functions = new FunctionList(grid, actions, {
      label: 'functions',
      columns: TOP_COLUMNS,
      onOpen: (row) => {
        actions.change({ view: 'sandwich', fn: this.functions.frameAt(row).id }, true);
      },
      onSort: (key) => actions.change({ sort: formatSorting(sortBy(this.sorting, key)) }, false),
    });
  }

  /** @param {Table} table @param {State} state */
  show(table, state) {
    const { functions } = this;
    const { list } = functions;
    const fn = list.active >= 0 ? functions.frameAt(list.active).id : state.fn;
    this.setCompared(table.baseTotal !== undefined);
    list.rename('samples', countName());
    this.sorting = parseSorting(state.sort);
    list.setSorted(this.sorting.by, this.sorting.isDown);
    functions.show(table, this.sorting, fn);
    const all = `${formatCount(table.frame.length)} functions`;
    const isPart = this.actions.found() !== null;
    setText(this.summary, isPart ? `${formatCount(list.count)} of ${all}` : all);
  }

  /** @param {boolean} isCompared */
  setCompared(isCompared) {
    if (isCompared === this.isCompared) return;
    this.isCompared = isCompared;
    // Rows of the table before are none of this one.
    this.functions.list.show(0);
    this.functions.list.setColumns(isCompared ? COMPARED : TOP_COLUMNS);
  }
}

/* Tree view: the call tree as a table whose rows open and close, the largest first. */

/** @type {Column[]} */
const TREE_COLUMNS = [
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
    /** What the address tells of them. */
    this.told = '';
    this.list = new RowList(element, {
      role: 'treegrid',
      label: 'call tree: Right opens, Left closes, Enter opens the main way',
      columns: TREE_COLUMNS,
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
    this.list.rename('samples', countName());
    const old = this.told === state.open ? this.rows : null;
    this.told = state.open;
    if (old?.layout === layout) {
      this.list.render();
      return;
    }
    const wasAt = old && this.list.active >= 0 ? old.nodes[this.list.active] : -1;
    this.rows = new TreeRows(layout);
    const found = old && this.rows.openLike(old);
    let active = this.rows.nodes.length ? 0 : -1;
    if (layout.tree.size) {
      // What an earlier picture lacked may be there now.
      if (state.open) this.rows.openTold(state.open);
      else if (!old) {
        this.rows.openMain(0);
        active = this.rows.reveal(layout.tree.follow(state.zoom));
      }
    }
    if (found) active = this.rows.nodes.indexOf(found.get(wasAt) ?? ROOT);
    this.list.show(this.rows.nodes.length, active);
    if (!old && active > 0) this.list.reveal(active);
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
    this.tell();
  }

  /** What is open stands in the address. */
  tell() {
    this.told = /** @type {TreeRows} */ (this.rows).tell();
    this.actions.change({ open: this.told }, false);
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
    list.element.focus({ preventScroll: true });
    this.tell();
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
      cell.append(create('span', { class: 'twist', 'aria-hidden': 'true' }), create('span'));
    }
    setCell(/** @type {HTMLElement} */ (cell.lastElementChild), text);
  }
}

/*
 * Tree rows: which nodes of a call tree are rows of its table now.
 *
 *     Layout, toggles  --TreeRows-->  nodes, callers before what they call, the largest first
 *
 * Only what has been opened is a row, so a tree of a million nodes costs what is seen of it.
 *
 * In an address stand the ids of what is open, callers before what they call: the root is 0, a
 * `.` leads to what it calls, each `-` a caller up; a `-` alone: not even the root is open.
 */

/** Opened along with its caller, while it has most of the caller's time. */
const MAIN_SHARE = 0.5;
/** No more open rows stand in an address. */
const MAX_TOLD = 500;

export class TreeRows {
  /** @param {Layout} layout @param {number} [root] */
  constructor(layout, root = ROOT) {
    this.layout = layout;
    this.root = root;
    /** @type {number[]} */
    this.nodes = layout.tree.size ? [root] : [];
    /** @type {Set<number>} */
    this.opened = new Set();
  }

  /** @param {number} node */
  hasChildren(node) {
    const { firstChild } = this.layout;
    return firstChild[node + 1] > firstChild[node];
  }

  /** @param {number} node */
  isOpen(node) {
    return this.opened.has(node);
  }

  /** The largest first. @param {number} node @returns {number[]} */
  childrenOf(node) {
    const { tree, firstChild, children } = this.layout;
    const row = Array.from(children.subarray(firstChild[node], firstChild[node + 1]));
    return row.sort((a, b) => tree.total[b] - tree.total[a] || a - b);
  }

  /** What is seen beneath a node if it is open: all rows, in order. @param {number} node */
  rowsBeneath(node) {
    const rows = /** @type {number[]} */ ([]);
    const todo = this.childrenOf(node).reverse();
    while (todo.length) {
      const next = /** @type {number} */ (todo.pop());
      rows.push(next);
      if (this.opened.has(next)) todo.push(...this.childrenOf(next).reverse());
    }
    return rows;
  }

  /** @param {number} row @returns {boolean} whether anything has changed */
  open(row) {
    const node = this.nodes[row];
    if (this.opened.has(node) || !this.hasChildren(node)) return false;
    this.opened.add(node);
    this.insert(row, this.rowsBeneath(node));
    return true;
  }

  /** @param {number} row @param {number[]} nodes */
  insert(row, nodes) {
    this.nodes = this.nodes.slice(0, row + 1).concat(nodes, this.nodes.slice(row + 1));
  }

  /** @param {number} row @returns {boolean} whether anything has changed */
  close(row) {
    const node = this.nodes[row];
    if (!this.opened.delete(node)) return false;
    const { depth } = this.layout.tree;
    let end = row + 1;
    while (end < this.nodes.length && depth[this.nodes[end]] > depth[node]) end++;
    this.nodes.splice(row + 1, end - row - 1);
    return true;
  }

  /** Open a row, and what has most of its time, and so on. @param {number} row */
  openMain(row) {
    const { parent, total } = this.layout.tree;
    for (;;) {
      this.open(row);
      const [node, largest] = [this.nodes[row], this.nodes[row + 1]];
      const isMain = parent[largest] === node && total[largest] >= total[node] * MAIN_SHARE;
      if (!isMain) return;
      row++;
    }
  }

  /** The row of a node's caller, or −1. @param {number} row */
  parentRow(row) {
    return this.nodes.lastIndexOf(this.layout.tree.parent[this.nodes[row]], row);
  }

  /** Open all that leads to a node. @param {number} node @returns {number} its row, or −1 */
  reveal(node) {
    const way = /** @type {number[]} */ ([]);
    for (let at = node; at >= 0 && at !== this.root; at = this.layout.tree.parent[at]) way.push(at);
    let row = this.nodes.indexOf(this.root);
    for (const next of way.reverse()) {
      this.open(row);
      row = this.nodes.indexOf(next, row);
      if (row < 0) return -1;
    }
    return row;
  }

  /** What is open, for an address. @returns {string} */
  tell() {
    const { tree } = this.layout;
    const told = this.nodes.filter((node) => this.opened.has(node)).slice(0, MAX_TOLD);
    let text = told.length ? '0' : '-';
    for (let i = 1; i < told.length; i++) {
      const up = tree.depth[told[i - 1]] - tree.depth[told[i]] + 1;
      text += ('-'.repeat(up) || '.') + tree.frameOf(told[i]).id;
    }
    return text;
  }

  /** Open what an address tells, as far as it is there. @param {string} told */
  openTold(told) {
    const { tree } = this.layout;
    const way = [this.root];
    if (told !== '-') this.opened.add(this.root);
    for (const [, sign, id] of told.matchAll(/([.-]+)(\w+)/g)) {
      if (sign !== '.') way.length = Math.max(1, way.length - sign.length);
      const node = tree.find(/** @type {number} */ (way.at(-1)), tree.frames.rowOf(id));
      way.push(node);
      if (node >= 0 && this.hasChildren(node)) this.opened.add(node);
    }
    this.showOpened();
  }

  /**
   * Open in a new tree what is open in an old one: whatever has the same path.
   * @param {TreeRows} old @returns {Map<number, number>} old nodes → new ones
   */
  openLike(old) {
    const { tree } = this.layout;
    const found = new Map([[old.root, this.root]]);
    for (const node of old.nodes) {
      const here = found.get(node);
      if (here === undefined || !old.opened.has(node)) continue;
      this.opened.add(here);
      const byId = new Map(this.childrenOf(here).map((child) => [tree.frameOf(child).id, child]));
      for (const child of old.childrenOf(node)) {
        const match = byId.get(old.layout.tree.frameOf(child).id);
        if (match !== undefined) found.set(child, match);
      }
    }
    this.showOpened();
    return found;
  }

  showOpened() {
    if (this.opened.has(this.root)) this.nodes = [this.root, ...this.rowsBeneath(this.root)];
  }
}
