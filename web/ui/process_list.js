// SPDX-License-Identifier: Apache-2.0

/**
 * Process list: who uses the CPU, largest first; a click shows only that one.
 *
 * Rows are kept from one profile to the next, so that focus and scroll stay where they are.
 */

import { create, createButton, setText } from './dom.js';
import { formatCores, formatShare, formatValue, valueName } from './short_text.js';

/** @typedef {import('./search.js').Matcher} Matcher */
/** @typedef {import('./weights.js').ProcessGroup} ProcessGroup */

/** @typedef {{label: 'comm'|'pid', value: string}} Pick */
/** @typedef {{key: string, text: string, detail: string, timeNs: number, pids: number}} Texts */
/** @typedef {Pick & Texts} Row */

const MAX_ROWS = 200;
const MAX_PIDS = 50;

/** @param {Row} row */
function isPicked({ label, value }, /** @type {Matcher[]} */ matchers) {
  return matchers.some((m) => m.name === label && m.operator === '=' && m.value === value);
}

export class ProcessList {
  /**
   * @param {HTMLElement} list @param {HTMLInputElement} filter
   * @param {(pick: Pick) => void} onPick
   */
  constructor(list, filter, onPick) {
    this.list = list;
    this.filter = filter;
    this.onPick = onPick;
    /** @type {Map<string, HTMLLIElement>} */
    this.items = new Map();
    /** @type {Set<string>} names whose pids are shown */
    this.open = new Set();
    /** @type {{groups: ProcessGroup[], durationNs: number, matchers: Matcher[]}} */
    this.shown = { groups: [], durationNs: 1, matchers: [] };
    filter.addEventListener('input', () => this.render());
  }

  /**
   * @param {ProcessGroup[]} groups @param {number} durationNs that the profile spans
   * @param {Matcher[]} matchers what is selected now
   */
  show(groups, durationNs, matchers) {
    this.shown = { groups, durationNs, matchers };
    this.render();
  }

  /** @returns {Row[]} */
  rows() {
    const wanted = this.filter.value.trim().toLowerCase();
    const rows = /** @type {Row[]} */ ([]);
    for (const { comm, timeNs, pids } of this.shown.groups) {
      const isWanted =
        comm.toLowerCase().includes(wanted) || pids.some(({ pid }) => pid === wanted);
      if (!isWanted) continue;
      const detail =
        pids.length > 1 ? `${pids.length} processes` : `pid ${pids[0].pid} ${pids[0].exe}`;
      rows.push({
        key: comm,
        label: 'comm',
        value: comm,
        text: comm,
        detail,
        timeNs,
        pids: pids.length,
      });
      if (!this.open.has(comm)) continue;
      for (const { pid, exe, timeNs } of pids.slice(0, MAX_PIDS)) {
        const key = `${comm}\0${pid}`;
        rows.push({ key, label: 'pid', value: pid, text: pid, detail: exe, timeNs, pids: 0 });
      }
    }
    return rows.slice(0, MAX_ROWS);
  }

  render() {
    const rows = this.rows();
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, item] of this.items) {
      if (keys.has(key)) continue;
      item.remove();
      this.items.delete(key);
    }
    const whole = this.shown.groups.reduce((sum, { timeNs }) => sum + timeNs, 0) || 1;
    rows.forEach((row, i) => {
      const item = this.items.get(row.key) ?? this.addItem(row);
      this.fill(item, row, whole);
      if (this.list.children[i] !== item)
        this.list.insertBefore(item, this.list.children[i] ?? null);
    });
  }

  /** @param {Row} row */
  addItem({ key, label, value, text }) {
    const pick = createButton(
      () => this.onPick({ label, value }),
      { class: 'process-pick' },
      create('span', { class: 'process-name' }, text),
      create('span', { class: 'process-share' }),
      create('span', { class: 'process-cores' }),
    );
    const item = create('li', { class: `process process-${label}` }, pick);
    if (label === 'comm') item.append(this.createToggle(key));
    this.items.set(key, item);
    return item;
  }

  /** @param {string} comm */
  createToggle(comm) {
    const toggle = () => {
      if (!this.open.delete(comm)) this.open.add(comm);
      this.render();
    };
    return createButton(toggle, { class: 'process-toggle' });
  }

  /** @param {HTMLLIElement} item @param {Row} row @param {number} whole */
  fill(item, row, whole) {
    const { durationNs, matchers } = this.shown;
    const share = row.timeNs / whole;
    const [pick, toggle] = /** @type {HTMLElement[]} */ ([...item.children]);
    item.style.setProperty('--share', share.toFixed(4));
    pick.title = `${row.detail} · ${formatValue(row.timeNs)} of ${valueName()}`;
    pick.ariaPressed = String(isPicked(row, matchers));
    setText(pick.children[1], formatShare(share));
    const isCpu = valueName() === 'CPU time';
    setText(pick.children[2], isCpu ? formatCores(row.timeNs / durationNs) : '');
    if (!toggle) return;
    toggle.hidden = row.pids < 2;
    toggle.ariaExpanded = String(this.open.has(row.key));
    toggle.ariaLabel = `the ${row.pids} processes named ${row.text}`;
    setText(toggle, `×${row.pids}`);
  }
}
