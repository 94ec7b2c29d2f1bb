// SPDX-License-Identifier: Apache-2.0

/**
 * View deck: the views that are not the graph itself. Each is made when it is first wanted, asks
 * the engine its own question, and is shown what the answer is.
 *
 *     State, Picture  --ViewDeck.show-->  Question ─► Engine ─► View
 */

import { CodeSource, CodeView, filesOf, NO_SERVER } from './code_view.js';
import { create, createButton } from './dom.js';
import { oneAfter } from './frame_details.js';
import { PARTS_STEP, SandwichView, SplitView, TimeView } from './graph_views.js';
import { TopView, TreeView } from './table_views.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./code_view.js').Code} Code */
/** @typedef {import('./engine.js').Question} Question */
/** @typedef {import('./engine.js').Summary} Summary */
/** @typedef {import('./engine_client.js').EngineClient} EngineClient */
/** @typedef {import('./engine_client.js').SentLayout} SentLayout */
/** @typedef {import('./frame_details.js').Facts} Facts */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./palette.js').Palette} Palette */
/** @typedef {import('./state.js').State} State */

/**
 * Where a menu opens, and what gets the focus back.
 * @typedef {{x: number, y: number, from: HTMLElement, path?: string[]}} MenuPlace
 *   path: the ids of the frames that lead to it, where it is one box and not a function
 */

/**
 * Actions: all that a view can have the page do. Views touch neither the address nor the network.
 * @typedef {object} Actions
 * @property {(change: Partial<State>, isStep: boolean) => void} change the state, and what is shown
 * @property {(text: string) => void} say to those who do not see the page
 * @property {(frame: Frame, facts: Facts) => void} pick tell all about it
 * @property {(frame: Frame, place: MenuPlace) => void} openMenu
 * @property {(tree: CallTree, node: number, x: number, y: number) => void} showTip
 * @property {() => void} hideTip
 * @property {(element: HTMLElement, frame: Frame) => void} paintSwatch with the frame's colour
 * @property {() => Palette} palette
 * @property {() => Uint8Array | null} found 1 for each frame that the search has found
 */

/**
 * What a view is shown from.
 * @typedef {object} Matter
 * @property {SentLayout} layout of the whole selection
 * @property {Question} question
 * @property {Summary} summary
 * @property {boolean} [isFile] of this machine: no server knows more of it
 */

/**
 * @typedef {object} View
 * @property {(answer: any, state: State) => void} show
 * @property {() => void} [hide]
 * @property {(direction: 1 | -1) => void} [goToMatch]
 */

const CLASSES = {
  top: TopView,
  tree: TreeView,
  sandwich: SandwichView,
  time: TimeView,
  split: SplitView,
  code: CodeView,
};

const NO_BUILD_ID = 'Its module has no build id, by which the daemon would find its code.';

/** The label that most people split by first, of those that there are. */
const GROUPS = ['service_name', 'container_id', 'unit', 'comm', 'thread'];

/** Labels that samples have, those people ask for first. @param {Summary} summary */
export function labelsOf({ labels }) {
  const names = labels.map(({ name }) => name);
  const first = GROUPS.filter((name) => names.includes(name));
  return [...first, ...names.filter((name) => !first.includes(name)).sort()];
}

export class ViewDeck {
  /** @param {HTMLElement} panel @param {Actions} actions @param {EngineClient} engine */
  constructor(panel, actions, engine) {
    this.panel = panel;
    this.actions = actions;
    this.engine = engine;
    this.codeSource = new CodeSource();
    /** @type {Map<string, {view: View, element: HTMLElement}>} */
    this.views = new Map();
    this.shown = '';
    this.nShown = 0;
  }

  /** Whether a view is one of these. @param {string} name @returns {name is keyof typeof CLASSES} */
  has(name) {
    return name in CLASSES;
  }

  /** @param {keyof typeof CLASSES} name */
  viewOf(name) {
    let known = this.views.get(name);
    if (!known) {
      const element = create('div', { class: `view view-${name}` });
      this.panel.append(element);
      known = { element, view: new CLASSES[name](element, this.actions) };
      this.views.set(name, known);
    }
    return known;
  }

  /** Let only the view of this name be seen, or none of them. @param {string} name */
  turnTo(name) {
    if (name === this.shown) return;
    if (this.has(this.shown)) this.viewOf(this.shown).view.hide?.();
    this.shown = name;
    if (this.has(name)) this.viewOf(name);
    for (const [key, { element }] of this.views) element.hidden = key !== name;
  }

  get current() {
    return this.views.get(this.shown)?.view ?? null;
  }

  /** Ask what the shown view needs, and show it. @param {State} state @param {Matter} matter */
  async show(state, matter) {
    const { current, shown } = this;
    const turn = ++this.nShown;
    if (!current || !this.has(shown)) return;
    for await (const answer of this.answers(shown, state, matter)) {
      if (turn !== this.nShown) return;
      if (answer) current.show(answer, state);
    }
  }

  /** @param {keyof typeof CLASSES} name @param {State} state @param {Matter} matter */
  async *answers(name, state, matter) {
    const { layout, question, summary } = matter;
    const { engine } = this;
    switch (name) {
      case 'tree':
        yield { layout };
        return;
      case 'top':
        yield await engine.table(question);
        return;
      case 'sandwich': {
        const table = await engine.table(question);
        const around = state.fn && table ? await engine.sandwich(question) : null;
        yield table && { table, around };
        return;
      }
      case 'time':
        yield await engine.inOrder(question);
        return;
      case 'split': {
        const labels = labelsOf(summary);
        const group = state.group || labels[0] || 'comm';
        const nPictures = state.cards || PARTS_STEP;
        const split = await engine.split({ ...question, group, nPictures });
        yield split && { ...split, label: group, labels };
        return;
      }
      case 'code':
        yield* this.codeAnswers(state, matter);
    }
  }

  /**
   * @param {State} state @param {Matter} matter
   * @returns {AsyncGenerator<Code>}
   */
  async *codeAnswers(state, { layout: { tree }, summary, isFile }) {
    const row = state.fn ? tree.frames.rowOf(state.fn) : -1;
    const frame = row < 0 ? null : tree.frames.get(row);
    const buildId = (frame && summary.buildIds[frame.module]) || '';
    const none = { frame, buildId, listing: null, file: '', source: null, sourceSentence: '' };
    if (!frame || isFile || !buildId) {
      yield { ...none, sentence: !frame ? '' : isFile ? NO_SERVER : NO_BUILD_ID };
      return;
    }
    yield { ...none, sentence: '' };
    const { value: listing, sentence } = await this.codeSource.listing(buildId, frame.name, state);
    if (!listing) {
      yield { ...none, sentence };
      return;
    }
    const files = filesOf(listing);
    const file = files.includes(state.file) ? state.file : (files[0] ?? '');
    const text = file ? await this.codeSource.text(buildId, file) : null;
    const source = text?.value ?? null;
    yield { ...none, listing, sentence, file, source, sourceSentence: text?.sentence ?? '' };
  }
}

/* Tabs: the views of a selection, one of which is shown. Arrow keys move between them. */

/** @typedef {{key: string, text: string, title: string}} Tab */

/** @type {Tab[]} */
export const TABS = [
  { key: 'icicle', text: 'Icicle', title: 'callers above what they call' },
  { key: 'flame', text: 'Flame', title: 'callers beneath what they call' },
  { key: 'time', text: 'Time order', title: 'stacks of one thread as they followed one another' },
  { key: 'sandwich', text: 'Sandwich', title: 'one function between callers and callees' },
  { key: 'top', text: 'Top', title: 'all functions, sorted' },
  { key: 'tree', text: 'Call tree', title: 'the call tree as a table' },
  { key: 'code', text: 'Code', title: 'source and assembly of a function' },
  { key: 'split', text: 'Split', title: 'a graph for each value of a label' },
];

export class Tabs {
  /**
   * @param {HTMLElement} element @param {string} panel id of what is shown
   * @param {(key: string) => void} onPick
   */
  constructor(element, panel, onPick) {
    this.element = element;
    element.setAttribute('role', 'tablist');
    element.setAttribute('aria-label', 'views');
    this.buttons = TABS.map(({ key, text, title }) => {
      const attributes = { role: 'tab', id: `tab-${key}`, title, 'aria-controls': panel };
      return createButton(() => onPick(key), { ...attributes, 'data-text': text }, text);
    });
    element.append(...this.buttons);
    element.addEventListener('keydown', (event) => this.onKeyDown(event));
  }

  /** @param {KeyboardEvent} event */
  onKeyDown(event) {
    const at = this.buttons.findIndex((button) => button === document.activeElement);
    const to = at < 0 ? -1 : oneAfter(event.key, at, this.buttons.length);
    if (to < 0) return;
    event.preventDefault();
    this.buttons[to].focus();
    this.buttons[to].click();
  }

  /** @param {string} picked */
  show(picked) {
    this.buttons.forEach((button, i) => {
      const isPicked = TABS[i].key === picked;
      button.ariaSelected = String(isPicked);
      button.tabIndex = isPicked ? 0 : -1;
      if (isPicked) button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
  }
}
