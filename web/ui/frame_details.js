// SPDX-License-Identifier: Apache-2.0

/**
 * Frame details: all that is known of the frame that was picked last, in words that can be
 * copied, and buttons for what can be done with it. The tool tip says the same of what is pointed
 * at.
 */

import { ROOT } from './call_tree.js';
import { describeChange } from './difference.js';
import { create } from './dom.js';
import { formatCount, formatShare, formatValue, valueName } from './short_text.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./frames.js').Frame} Frame */

/**
 * The numbers of a frame at a place, or in all places together.
 * @typedef {object} Facts
 * @property {number} total
 * @property {number} self
 * @property {number} samples
 * @property {number} whole of which total and self are shares
 * @property {string} place file:line, or ''
 * @property {string[]} [path] of the box, where it is one
 */

/** @param {CallTree} tree @param {number} node @returns {Facts} */
export function factsOf(tree, node) {
  return {
    total: tree.total[node],
    self: tree.self[node],
    samples: tree.samples[node],
    whole: tree.total[ROOT],
    place: placeOf(tree, node),
    path: tree.pathOf(node),
  };
}

export class FrameDetails {
  /**
   * @param {HTMLElement} element @param {Actions} actions
   * @param {(module: string) => string} buildIdOf '' where it is not known
   */
  constructor(element, actions, buildIdOf) {
    this.element = element;
    this.actions = actions;
    this.buildIdOf = buildIdOf;
    /** @type {Frame | null} */
    this.frame = null;
    this.path = /** @type {string[] | undefined} */ (undefined);
    this.words = create('div', { class: 'details-words' });
    this.menu = this.createButton('actions', () => this.openMenu());
    this.menu.setAttribute('aria-haspopup', 'menu');
    this.menu.setAttribute('aria-keyshortcuts', 'Shift+F10');
    const close = this.createButton('×', () => this.hide());
    close.ariaLabel = 'close the details';
    element.replaceChildren(
      this.words,
      create('div', { class: 'details-buttons' }, this.menu, close),
    );
  }

  /** @param {string} text @param {() => void} run */
  createButton(text, run) {
    const button = create('button', { type: 'button' }, text);
    button.addEventListener('click', run);
    return button;
  }

  /** @param {Frame} frame @param {Facts} facts */
  show(frame, { total, self, samples, whole, place, path }) {
    this.frame = frame;
    this.path = path;
    const buildId = frame.module ? this.buildIdOf(frame.module) : '';
    const name = create('bdi', { class: 'details-name' }, frame.name.slice(0, 2000));
    this.actions.paintSwatch(name, frame);
    const share = (/** @type {number} */ part) => formatShare(whole ? part / whole : 0);
    const numbers = [
      `total ${formatValue(total)} (${share(total)})`,
      `self ${formatValue(self)} (${share(self)})`,
      `${formatCount(samples)} samples`,
    ];
    const about = [describeKind(frame), place, buildId && `build id ${buildId}`];
    this.words.replaceChildren(
      name,
      create('div', { class: 'details-numbers' }, numbers.join(' · ')),
      create('div', { class: 'details-about' }, about.filter(Boolean).join(' · ')),
    );
    this.element.hidden = false;
  }

  hide() {
    this.frame = null;
    this.element.hidden = true;
  }

  openMenu() {
    if (!this.frame) return;
    const { left, top } = this.menu.getBoundingClientRect();
    this.actions.openMenu(this.frame, { x: left, y: top, from: this.menu, path: this.path });
  }
}

/* Tool tip: everything about the frame beneath the pointer. The twin says the same in words. */

const OFFSET_PX = 14;
const MARGIN_PX = 8;
const LONGEST_NAME = 600;

const KIND_WORDS = {
  host: 'host',
  process: 'process',
  group: 'group',
  native: 'native code',
  kernel: 'kernel',
  jit: 'code made at run time',
  unnamed: 'no symbol',
  module: 'all frames of a module',
  cut: 'the callers of this stack are not known',
};

/** file:line of most of a node's samples, or ''. @param {CallTree} tree @param {number} node */
export function placeOf(tree, node) {
  const { file, startLine } = tree.frameOf(node);
  const line = tree.line[node] || startLine;
  return file && line ? `${file}:${line}` : file;
}

/** The rows of the table: [what, value, and what that is a share of]. */
function measures(/** @type {CallTree} */ tree, /** @type {number} */ node) {
  const total = tree.total[node];
  const self = tree.self[node];
  const whole = tree.total[ROOT] || 1;
  const parent = node === ROOT ? total : tree.total[tree.parent[node]];
  return [
    [valueName(), formatValue(total), `${formatCount(tree.samples[node])} samples`],
    ['of total', formatShare(total / whole), ''],
    ['of parent', formatShare(parent ? total / parent : 1), ''],
    ['self', formatValue(self), formatShare(self / whole)],
    ...comparison(tree, node),
  ];
}

/** What it was, and what has become of it. @param {CallTree} tree @param {number} node */
function comparison(tree, node) {
  const { baseTotal, baseSamples } = tree;
  if (!baseTotal) return [];
  const [ratio, chance] = describeChange(tree, node).split(/[,;] /);
  const samples = `${formatCount(baseSamples?.[node] ?? 0)} samples`;
  return [
    ['base', formatValue(baseTotal[node]), samples],
    ['change', ratio, chance],
  ];
}

/** @param {Frame} frame */
function describeKind(frame) {
  const words = frame.inlined ? `inlined ${KIND_WORDS[frame.kind]}` : KIND_WORDS[frame.kind];
  return frame.module ? `${frame.module} · ${words}` : words;
}

export class Tooltip {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.shown = -1;
  }

  /**
   * @param {CallTree} tree @param {number} node
   * @param {number} x @param {number} y of the pointer
   */
  show(tree, node, x, y) {
    if (this.shown !== node) this.fill(tree, node);
    this.shown = node;
    this.element.hidden = false;
    this.place(x, y);
  }

  get isShown() {
    return this.shown >= 0;
  }

  hide() {
    this.element.hidden = true;
    this.shown = -1;
  }

  /** @param {CallTree} tree @param {number} node */
  fill(tree, node) {
    const frame = tree.frameOf(node);
    const place = placeOf(tree, node);
    const table = create('table');
    for (const [name, value, extra] of measures(tree, node)) {
      table.append(
        create('tr', {}, create('th', {}, name), create('td', {}, value), create('td', {}, extra)),
      );
    }
    const name = frame.name.slice(0, LONGEST_NAME);
    this.element.replaceChildren(
      create('div', { class: 'tip-name' }, name),
      create('div', { class: 'tip-module' }, describeKind(frame)),
      ...(place ? [create('div', { class: 'tip-place' }, place)] : []),
      table,
    );
  }

  /** Beside the pointer, and wholly on the page. @param {number} x @param {number} y */
  place(x, y) {
    const { style, offsetWidth, offsetHeight } = this.element;
    const { clientWidth, clientHeight } = document.documentElement;
    const isRightFree = x + OFFSET_PX + offsetWidth + MARGIN_PX <= clientWidth;
    const isBelowFree = y + OFFSET_PX + offsetHeight + MARGIN_PX <= clientHeight;
    const left = isRightFree ? x + OFFSET_PX : x - OFFSET_PX - offsetWidth;
    const top = isBelowFree ? y + OFFSET_PX : y - OFFSET_PX - offsetHeight;
    style.left = `${Math.max(MARGIN_PX, left)}px`;
    style.top = `${Math.max(MARGIN_PX, top)}px`;
  }
}
