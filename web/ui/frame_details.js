// SPDX-License-Identifier: Apache-2.0

/**
 * Frame details: all that is known of the frame that was picked last, in words that can be
 * copied, and buttons for what can be done with it. The tool tip says the same of what is pointed
 * at.
 */

import { ROOT } from './call_tree.js';
import { describeChange } from './compare.js';
import { create, createButton } from './dom.js';
import { baseName } from './frames.js';
import { formatSelector } from './search.js';
import { formatSamples, formatShare, formatValue, valueName } from './short_text.js';
import { isGraphView } from './state.js';

/** @typedef {import('./view_deck.js').Actions} Actions */
/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Transform} Transform */

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
    const isMenu = { 'aria-haspopup': 'menu', 'aria-keyshortcuts': 'Shift+F10' };
    this.menu = createButton(() => this.openMenu(), isMenu, 'actions');
    const close = createButton(() => this.hide(), { 'aria-label': 'close the details' }, '×');
    element.replaceChildren(
      this.words,
      create('div', { class: 'details-buttons' }, this.menu, close),
    );
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
      formatSamples(samples),
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
const EDGE_PX = 6;
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
  const { total, self, samples, whole } = factsOf(tree, node);
  const parent = node === ROOT ? total : tree.total[tree.parent[node]];
  return [
    [valueName(), formatValue(total), formatSamples(samples)],
    ['of total', formatShare(total / (whole || 1)), ''],
    ['of parent', formatShare(parent ? total / parent : 1), ''],
    ['self', formatValue(self), formatShare(self / (whole || 1))],
    ...comparison(tree, node),
  ];
}

/** What it was, and what has become of it. @param {CallTree} tree @param {number} node */
function comparison(tree, node) {
  const { baseTotal, baseSamples } = tree;
  if (!baseTotal) return [];
  const [ratio, chance] = describeChange(tree, node).split(/[,;] /);
  const samples = formatSamples(baseSamples?.[node] ?? 0);
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
    layAt(this.element, x, y, OFFSET_PX);
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
}

/**
 * Lay something wholly on the page, with a corner at a place, or so far beside it.
 * @param {HTMLElement} element @param {number} x @param {number} y @param {number} [besidePx]
 */
function layAt(element, x, y, besidePx = 0) {
  const { style, offsetWidth, offsetHeight } = element;
  const { clientWidth, clientHeight } = document.documentElement;
  /** @type {(at: number, size: number, room: number) => string} */
  const within = (at, size, room) => {
    const last = room - size - EDGE_PX;
    const beyond = besidePx ? at - besidePx - size : last;
    return `${Math.max(EDGE_PX, at + besidePx <= last ? at + besidePx : beyond)}px`;
  };
  style.left = within(x, offsetWidth, clientWidth);
  style.top = within(y, offsetHeight, clientHeight);
}

/*
 * Frame menu: what can be done with a frame, and where people choose it.
 *
 *     Frame, State  --deedsOf-->  groups of deeds  --Menu.open-->  a click, or Enter, on one of them
 *
 * Deeds that change the picture are transforms, which stack up; others lead to another view.
 */

/**
 * @typedef {object} Deed
 * @property {string} text
 * @property {string} [hint]
 * @property {Partial<State>} [change]
 * @property {string} [copy] what is put on the clipboard instead
 */

/** @typedef {{title: string, deeds: Deed[]}} DeedGroup */

const LONGEST_TITLE = 60;

/** Exactly this, as transforms name it. @param {string} name */
export function exactly(name) {
  return `=${name}`;
}

/**
 * What makes deeds of words: the state's transforms, and one more.
 * @param {State} state @param {string} name of what it is done with
 * @returns {(text: string, verb: Transform['verb'], hint: string) => Deed}
 */
function transformer({ transforms }, name) {
  return (text, verb, hint) => {
    const transform = { verb, what: exactly(name) };
    return { text, hint, change: { transforms: [...transforms, transform], zoom: [] } };
  };
}

/** @param {Frame} frame @param {State} state @returns {DeedGroup} */
function ofFunction(frame, state) {
  const deed = transformer(state, frame.name);
  return {
    title: 'function',
    deeds: [
      deed('Focus on it', 'focus', 'leave only stacks that it is part of'),
      deed('Root here', 'root', 'cut away what leads to it'),
      deed('Merge into its callers', 'merge', 'its boxes vanish, their time goes to the callers'),
      deed('Collapse its recursion', 'recursion', 'calls of itself become one box'),
      deed('Drop stacks with it', 'drop', 'leave out all stacks that it is part of'),
    ],
  };
}

/** @param {Frame} frame @param {State} state @returns {DeedGroup} */
function ofModule(frame, state) {
  const deed = transformer(state, frame.module);
  return {
    title: baseName(frame.module).slice(0, LONGEST_TITLE),
    deeds: [
      deed('Fold it into one box', 'fold', 'its frames that follow one another become one'),
      deed('Focus on it', 'focus', 'leave only stacks that it is part of'),
      deed('Hide its frames', 'hide', 'their time goes to the callers'),
      deed('Ignore stacks with it', 'ignore', 'leave out all stacks that it is part of'),
    ],
  };
}

/** @param {Frame} frame @returns {DeedGroup} */
function ofViews(frame) {
  return {
    title: 'show',
    deeds: [
      { text: 'Callers and callees', change: { view: 'sandwich', fn: frame.id } },
      { text: 'In the top table', change: { view: 'top', fn: frame.id, search: '' } },
      { text: 'Source and assembly', change: { view: 'code', fn: frame.id } },
    ],
  };
}

/** @param {Frame} frame a process @param {State} state @returns {DeedGroup} */
function ofProcess(frame, state) {
  const query = formatSelector([{ name: 'comm', operator: '=', value: frame.name }]);
  const deeds = /** @type {Deed[]} */ ([]);
  if (query !== state.query) {
    deeds.push({ text: 'Only this process', change: { query, zoom: [] } });
  }
  return { title: 'process', deeds };
}

/**
 * @param {Frame} frame @param {State} state
 * @param {string[]} [path] of the box, where there is one
 * @returns {DeedGroup[]}
 */
export function deedsOf(frame, state, path) {
  const groups = /** @type {DeedGroup[]} */ ([]);
  if (path && isGraphView(state))
    groups.push({ title: '', deeds: [{ text: 'Zoom in', change: { zoom: path } }] });
  if (frame.kind === 'process') groups.push(ofProcess(frame, state));
  else if (frame.kind !== 'host') {
    groups.push(ofViews(frame), ofFunction(frame, state));
    if (frame.module) groups.push(ofModule(frame, state));
  }
  groups.push({ title: '', deeds: [{ text: 'Copy the name', copy: frame.name }] });
  return groups.filter(({ deeds }) => deeds.length);
}

/* The menu opens where the pointer or the keyboard is. */

/** @typedef {{text: string, hint?: string, run: () => void}} Entry */
/** @typedef {{title: string, entries: Entry[]}} Group */

/** Of so many in a row, the one that a key leads to, or −1. */
export function oneAfter(
  /** @type {string} */ key,
  /** @type {number} */ at,
  /** @type {number} */ count,
  [before, after] = ['ArrowLeft', 'ArrowRight'],
) {
  if (key === after) return (at + 1) % count;
  if (key === before) return (at + count - 1) % count;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : -1;
}

/** The item that a key leads to. @param {string} key @param {number} at @param {string[]} texts */
export function itemAfter(key, at, texts) {
  const count = texts.length;
  const to = oneAfter(key, at, count, ['ArrowUp', 'ArrowDown']);
  if (to >= 0 || key.length !== 1 || key === ' ') return to;
  for (let i = 1; i <= count; i++) {
    const next = (Math.max(at, -1) + i) % count;
    if (texts[next].toLowerCase().startsWith(key.toLowerCase())) return next;
  }
  return -1;
}

export class Menu {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    /** @type {HTMLElement | null} */
    this.from = null;
    /** @type {HTMLButtonElement[]} */
    this.items = [];
    element.setAttribute('role', 'menu');
    element.addEventListener('keydown', (event) => this.onKeyDown(event));
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    document.addEventListener('pointerdown', (event) => {
      const isInside = event.target instanceof Node && element.contains(event.target);
      if (this.isOpen && !isInside) this.close(false);
    });
    addEventListener('blur', () => this.close(false));
    addEventListener('resize', () => this.close(false));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /**
   * @param {string} label what it is about
   * @param {Group[]} groups
   * @param {{x: number, y: number, from: HTMLElement}} place
   */
  open(label, groups, { x, y, from }) {
    this.from = from;
    this.items = [];
    const heading = create('div', { class: 'menu-label', 'aria-hidden': 'true' }, label);
    const parts = groups.map(({ title, entries }) => {
      const buttons = entries.map((entry) => this.createItem(entry));
      this.items.push(...buttons);
      const head = create('div', { class: 'menu-title', 'aria-hidden': 'true' }, title);
      const children = title ? [head, ...buttons] : buttons;
      return create('div', { role: 'group', 'aria-label': title || label }, ...children);
    });
    this.element.setAttribute('aria-label', label);
    this.element.replaceChildren(heading, ...parts);
    this.element.hidden = false;
    layAt(this.element, x, y);
    this.items[0]?.focus();
  }

  /** @param {Entry} entry */
  createItem({ text, hint, run }) {
    const act = () => {
      this.close(true);
      run();
    };
    return createButton(act, { role: 'menuitem', tabindex: '-1', title: hint ?? '' }, text);
  }

  /** @param {boolean} isFocusBack */
  close(isFocusBack) {
    if (!this.isOpen) return;
    this.element.hidden = true;
    if (isFocusBack) this.from?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  onKeyDown(event) {
    const { key } = event;
    if (key === 'Escape' || key === 'Tab') {
      event.preventDefault();
      this.close(true);
      return;
    }
    const at = this.items.findIndex((item) => item === document.activeElement);
    const texts = this.items.map((item) => item.textContent ?? '');
    const to = event.ctrlKey || event.metaKey ? -1 : itemAfter(key, at, texts);
    // Letters are keys of the page, too.
    if (key.length === 1 && key !== ' ') event.preventDefault();
    if (to < 0) return;
    event.preventDefault();
    this.items[to].focus();
  }
}
