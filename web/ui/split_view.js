// SPDX-License-Identifier: Apache-2.0

/**
 * Split view: the same graph for each value of a label, the largest first, each with its total. A
 * click opens one alone.
 */

import { create, setText, showOptions } from './dom.js';
import { GraphPane } from './graph_pane.js';
import { formatSelector, parseSelector } from './search.js';
import { formatCount, formatShare, formatValue } from './short_text.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./state.js').State} State */

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
    this.name = create('button', { type: 'button', class: 'split-name' });
    this.name.title = 'show it alone';
    this.name.addEventListener('click', () => onOpen([]));
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
    this.numbers.title = `${formatCount(count)} samples`;
    this.element.style.setProperty('--share', share.toFixed(4));
    this.pane.twin.element.setAttribute('aria-label', `${label} ${text}: arrow keys move`);
    if (layout) this.pane.show(layout);
  }
}

export class SplitView {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    this.nShown = PARTS_STEP;
    /** @type {Split | null} */
    this.split = null;
    this.query = '';
    this.labels = create('select', { class: 'split-label' });
    this.labels.addEventListener('change', () =>
      actions.change({ group: this.labels.value }, true),
    );
    this.summary = create('span', { role: 'status' });
    const picker = create('label', {}, 'a graph for each ', this.labels);
    this.cards = create('ul', { class: 'split-cards' });
    this.more = create('button', { type: 'button', class: 'split-more' });
    this.more.addEventListener('click', () => {
      this.nShown += PARTS_STEP;
      actions.change({}, false);
    });
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
    setText(this.summary, `${formatCount(parts.length)} values`);
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
    this.nShown = PARTS_STEP;
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
