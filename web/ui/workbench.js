// SPDX-License-Identifier: Apache-2.0

/**
 * Workbench: what stands around the graph: tabs and the other views, what was done to the picture,
 * the menu and the details of a frame, processes, the colours, and whether they are light or dark.
 *
 *     State, Matter  --Workbench-->  what is seen          people  --Actions-->  State
 */

import { ROOT } from './call_tree.js';
import { arrange, byId, create, createButton, sentenceOf, setText, showOptions } from './dom.js';
import { deedsOf, FrameDetails, Menu } from './frame_details.js';
import { legendOf, Palette, showLegend } from './palette.js';
import {
  formatCores,
  formatShare,
  formatValue,
  lastPart,
  setValueType,
  valueName,
  withoutParameters,
  wordsOf,
} from './short_text.js';
import { valueColumns } from './stacks.js';
import { colourings, isGraphView, parseColouring } from './state.js';
import { labelsOf, Tabs, ViewDeck } from './view_deck.js';

/** @typedef {import('./view_deck.js').Actions} Actions */
/** @typedef {import('./view_deck.js').MenuPlace} MenuPlace */
/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./engine.js').Summary} Summary */
/** @typedef {import('./frame_details.js').Deed} Deed */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./search.js').Matcher} Matcher */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Transform} Transform */
/** @typedef {import('./view_deck.js').Matter} Matter */
/** @typedef {import('./weights.js').ProcessGroup} ProcessGroup */

const LONGEST_LABEL = 120;

export class Workbench {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** @type {Matter | null} */
    this.matter = null;
    this.palette = new Palette('light');
    this.shownColour = '';
    this.hasFailed = false;
    /** @type {string[]} that samples have */
    this.labels = [];
    this.actions = this.makeActions();
    this.panel = byId('panel', HTMLElement);
    this.tabs = new Tabs(byId('tabs', HTMLElement), 'panel', (view) => this.turnTo(view));
    this.deck = new ViewDeck(this.panel, this.actions, page.engine);
    this.chips = new TransformChips(byId('doing', HTMLElement), this.actions);
    this.menu = new Menu(byId('menu', HTMLElement));
    this.details = new FrameDetails(
      byId('details', HTMLElement),
      this.actions,
      (module) => this.matter?.summary.buildIds[module] ?? '',
    );
    this.colour = byId('colour', HTMLSelectElement);
    this.colour.addEventListener('change', () => page.go({ colour: this.colour.value }, false));
    this.showColourings([]);
    this.type = byId('type', HTMLSelectElement);
    this.type.addEventListener('change', () => page.go({ type: this.type.value }, true));
  }

  /** @returns {Actions} */
  makeActions() {
    const { page } = this;
    return {
      change: (change, isStep) => page.go(change, isStep),
      say: (text) => page.say(text),
      pick: (frame, facts) => this.details.show(frame, facts),
      openMenu: (frame, place) => this.openMenu(frame, place),
      showTip: (tree, node, x, y) => page.tooltip.show(tree, node, x, y),
      hideTip: () => page.tooltip.hide(),
      paintSwatch: (element, frame) => this.paintSwatch(element, frame),
      palette: () => this.palette,
      found: () => page.matches?.frames ?? null,
    };
  }

  // --- state → what is seen ---------------------------------------------------------------------

  /** @param {State} state */
  showState(state) {
    this.tabs.show(state.view);
    this.panel.setAttribute('aria-labelledby', `tab-${state.view}`);
    this.deck.turnTo(state.view);
    this.page.elements.graph.hidden = !isGraphView(state);
    byId('way', HTMLElement).hidden = !isGraphView(state);
    this.page.pane.graph.setUpward(state.view === 'flame');
    this.chips.show(state);
    this.colour.value = state.colour;
    if (this.colour.value !== state.colour) this.showColourings(this.labels);
    if (this.shownColour !== state.colour) this.page.showPalette();
  }

  /** @param {'light'|'dark'|'forced'} theme @param {Palette | null} change of a comparison */
  showColours(theme, change) {
    this.shownColour = this.page.state.colour;
    this.palette = change ?? new Palette(theme, parseColouring(this.shownColour));
    this.page.pane.graph.setPalette(this.palette);
    const legend = byId('legend', HTMLElement);
    legend.dataset.shown = theme;
    showLegend(legend, legendOf(this.palette, this.matter?.layout.tree ?? null));
  }

  /** There is a new picture. @param {Matter} matter */
  receive(matter) {
    this.matter = matter;
    this.labels = labelsOf(matter.summary);
    this.showColourings(this.labels);
    this.page.showPalette();
    return this.refresh();
  }

  /** Show the same again: the search, the theme or the function has changed. */
  async refresh() {
    const { matter, page } = this;
    if (!matter) return;
    const question = page.question(page.state);
    const isFile = page.files.name !== '';
    try {
      await this.deck.show(page.state, { ...matter, question, isFile });
      if (this.hasFailed) page.showEmptiness();
      this.hasFailed = false;
    } catch (error) {
      this.hasFailed = true;
      page.showMessage(`This cannot be shown: ${sentenceOf(error)}.`);
    }
  }

  /** @param {string[]} labels */
  showColourings(labels) {
    const { colour } = this.page.state;
    const options = colourings(labels);
    if (!options.some(({ value }) => value === colour)) {
      options.push({ value: colour, text: colour.replace(':', ' ') });
    }
    showOptions(this.colour, options, colour);
  }

  /** Which of a profile's values are shown. @param {Summary} summary @param {string} wanted */
  showTypes({ types, type: defaultType }, wanted) {
    const { value, count } = valueColumns({ sampleTypes: types, defaultType }, wanted);
    setValueType(types[value], types[count].type);
    const options = types.map(({ type }) => ({ value: type, text: wordsOf(type) }));
    showOptions(this.type, options, types[value].type);
    byId('types', HTMLElement).hidden = types.length < 2;
  }

  /** @param {HTMLElement} element @param {Frame} frame */
  paintSwatch(element, frame) {
    element.classList.add('swatch');
    element.style.setProperty('--swatch', this.palette.paint(frame).fill);
  }

  /** @param {string} view */
  turnTo(view) {
    if (view !== this.page.state.view)
      this.page.go({ view: /** @type {State['view']} */ (view) }, true);
  }

  // --- doing ------------------------------------------------------------------------------------

  /** @param {Frame} frame @param {MenuPlace} place */
  openMenu(frame, place) {
    const groups = deedsOf(frame, this.page.state, place.path).map(({ title, deeds }) => ({
      title,
      entries: deeds.map((deed) => ({
        text: deed.text,
        hint: deed.hint,
        run: () => this.run(deed),
      })),
    }));
    this.page.tooltip.hide();
    this.menu.open(frame.name.slice(0, LONGEST_LABEL), groups, place);
  }

  /** @param {Deed} deed */
  run({ text, change, copy }) {
    if (copy !== undefined) {
      this.copy(copy);
      return;
    }
    this.page.go(change ?? {}, true);
    this.page.say(text);
  }

  /** @param {string} text */
  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.page.say('copied');
    } catch {
      this.page.say('this browser does not let the page copy');
    }
  }
}

/* Breadcrumbs: the way from the host to what is zoomed; each step leads back to it. */

const FIRST_STEPS = 2;
const LAST_STEPS = 3;
const LONGEST_NAME = 60;

/**
 * @param {HTMLElement} list an <ol>
 * @param {CallTree} tree @param {number} zoom
 * @param {(node: number) => void} onPick
 */
export function showBreadcrumbs(list, tree, zoom, onPick) {
  const way = tree.ancestors(zoom);
  const hidden = way.length - FIRST_STEPS - LAST_STEPS;
  const items = way.map((node) => {
    const { name } = tree.frameOf(node);
    const text = lastPart(withoutParameters(name.slice(0, 400))).slice(0, LONGEST_NAME);
    const step = createButton(() => onPick(node), { title: name.slice(0, 400) }, text);
    if (node === zoom) step.ariaCurrent = 'location';
    return create('li', {}, step);
  });
  if (hidden > 1) {
    const gap = create('li', { class: 'gap' }, `${hidden} frames`);
    items.splice(FIRST_STEPS, hidden, gap);
  }
  list.replaceChildren(...items);
  list.parentElement?.classList.toggle('is-zoomed', zoom !== ROOT);
}

/*
 * Transform chips: what has been done to the picture, in order. Each can be taken back, and more
 * can be done by a text or a /regular expression/.
 */

const FOLD_LIBRARIES = /** @type {Transform} */ ({ verb: 'fold', what: '*' });
const LONGEST_WHAT = 48;

/** Those that can be typed. @type {{value: Transform['verb'], text: string}[]} */
const TYPED = [
  { value: 'focus', text: 'focus on' },
  { value: 'ignore', text: 'ignore' },
  { value: 'hide', text: 'hide' },
  { value: 'fold', text: 'fold' },
];

/** @param {Transform} transform */
export function describeTransform({ verb, what }) {
  if (verb === 'fold' && what === '*') return 'fold libraries';
  const name = what.replace(/^=/, '');
  const isPath = name.startsWith('/') && what.startsWith('=');
  const short = isPath ? name.slice(name.lastIndexOf('/') + 1) : name;
  const cut = short.length > LONGEST_WHAT ? `${short.slice(0, LONGEST_WHAT - 1)}…` : short;
  return what === '*' ? verb : `${verb} ${cut}`;
}

/** Whether libraries are folded. @param {Transform[]} transforms */
export function foldsLibraries(transforms) {
  return transforms.some(({ verb, what }) => verb === 'fold' && what === '*');
}

/** With libraries folded, or no more. @param {Transform[]} transforms @returns {Transform[]} */
export function toggleLibraries(transforms) {
  const rest = transforms.filter(({ verb, what }) => verb !== 'fold' || what !== '*');
  return rest.length < transforms.length ? rest : [...transforms, FOLD_LIBRARIES];
}

class TransformChips {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    /** @type {Transform[]} */
    this.transforms = [];
    this.list = create('ol', { class: 'chips', 'aria-label': 'what was done to the picture' });
    const title = 'consecutive frames of a library become one box';
    this.fold = createButton(
      () => this.toggleLibraries(),
      { 'aria-keyshortcuts': 'l', title },
      'fold libraries',
    );
    this.more = createButton(() => this.toggleForm(), { 'aria-expanded': 'false' }, '+ filter');
    this.form = this.createForm();
    element.replaceChildren(this.list, this.fold, this.more, this.form);
  }

  createForm() {
    const verb = create('select', { 'aria-label': 'what to do' });
    showOptions(verb, TYPED, TYPED[0].value);
    const what = create('input', {
      'aria-label': 'with which functions or modules',
      placeholder: 'text or /regex/',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const add = create('button', { type: 'submit' }, 'add');
    const form = create('form', { class: 'add-transform', hidden: '' }, verb, what, add);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = what.value.trim();
      if (!text) return;
      what.value = '';
      this.toggleForm();
      this.set([...this.transforms, { verb: TYPED[verb.selectedIndex].value, what: text }]);
    });
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.toggleForm();
    });
    return form;
  }

  toggleForm() {
    this.form.hidden = !this.form.hidden;
    this.more.ariaExpanded = String(!this.form.hidden);
    (this.form.hidden ? this.more : this.form.querySelector('input'))?.focus();
  }

  /** @param {Transform[]} transforms */
  set(transforms) {
    this.actions.change({ transforms, zoom: [] }, true);
  }

  toggleLibraries() {
    this.set(toggleLibraries(this.transforms));
  }

  /** Take back the last one. */
  undo() {
    const last = this.transforms.at(-1);
    if (!last) return;
    this.actions.say(`${describeTransform(last)}: taken back`);
    this.set(this.transforms.slice(0, -1));
  }

  /** @param {State} state */
  show({ transforms }) {
    this.transforms = transforms;
    const hadFold = this.fold === document.activeElement;
    // Once it is done, its chip takes it back.
    this.fold.hidden = foldsLibraries(transforms);
    const hadFocus = this.list.contains(document.activeElement);
    this.list.hidden = !transforms.length;
    this.list.replaceChildren(
      ...transforms.map((transform, i) => create('li', {}, this.createChip(transform, i))),
    );
    if (!hadFocus && !(hadFold && this.fold.hidden)) return;
    const last = this.list.querySelector('li:last-child button');
    if (last instanceof HTMLElement) last.focus();
    else this.more.focus();
  }

  /** @param {Transform} transform @param {number} i */
  createChip(transform, i) {
    const words = describeTransform(transform);
    const isLast = i === this.transforms.length - 1;
    const chip = createButton(
      () => this.set(this.transforms.filter((_, at) => at !== i)),
      { class: 'chip', 'aria-label': `take back: ${words}` },
      create('bdi', {}, words),
      create('span', { 'aria-hidden': 'true' }, '×'),
    );
    chip.title = `${transform.verb} ${transform.what}\na click takes it back${isLast ? ', or u' : ''}`;
    return chip;
  }
}

/*
 * Process list: who uses the CPU, largest first; a click shows only that one.
 *
 * Rows are kept from one profile to the next, so that focus and scroll stay where they are.
 */

/** @typedef {{label: 'comm'|'pid', value: string}} Pick */
/** @typedef {{key: string, detail: string, timeNs: number, pids: number}} Texts */
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
        detail,
        timeNs,
        pids: pids.length,
      });
      if (!this.open.has(comm)) continue;
      for (const { pid, exe, timeNs } of pids.slice(0, MAX_PIDS)) {
        const key = `${comm}\0${pid}`;
        rows.push({ key, label: 'pid', value: pid, detail: exe, timeNs, pids: 0 });
      }
    }
    return rows.slice(0, MAX_ROWS);
  }

  render() {
    const rows = this.rows();
    this.items = new Map(rows.map((row) => [row.key, this.items.get(row.key) ?? this.createItem(row)]));
    const items = [...this.items.values()];
    arrange(this.list, items);
    const whole = this.shown.groups.reduce((sum, { timeNs }) => sum + timeNs, 0) || 1;
    rows.forEach((row, i) => this.fill(items[i], row, whole));
  }

  /** @param {Row} row */
  createItem({ key, label, value }) {
    const pick = createButton(
      () => this.onPick({ label, value }),
      { class: 'process-pick' },
      create('span', { class: 'process-name' }, value),
      create('span', { class: 'process-share' }),
      create('span', { class: 'process-cores' }),
    );
    const item = create('li', { class: `process process-${label}` }, pick);
    if (label === 'comm') item.append(this.createToggle(key));
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
    toggle.ariaLabel = `the ${row.pids} processes named ${row.value}`;
    setText(toggle, `×${row.pids}`);
  }
}

/*
 * Theme: light or dark, as the system has it unless this browser was told otherwise.
 *
 * The style sheet does the work by `color-scheme`; the canvas asks here.
 */

/** @typedef {'auto'|'light'|'dark'} Choice */

const THEME_KEY = 'pilotlight-theme';
/** @type {Choice[]} */
const THEMES = ['auto', 'light', 'dark'];

export class Theme {
  /** @param {HTMLElement} root @param {() => void} onChange */
  constructor(root, onChange) {
    this.root = root;
    this.onChange = onChange;
    this.dark = matchMedia('(prefers-color-scheme: dark)');
    this.forced = matchMedia('(forced-colors: active)');
    this.choice = this.remembered();
    this.apply();
    this.dark.addEventListener('change', onChange);
    this.forced.addEventListener('change', onChange);
  }

  /** @returns {Choice} */
  remembered() {
    try {
      return THEMES.find((choice) => choice === localStorage.getItem(THEME_KEY)) ?? 'auto';
    } catch {
      return 'auto'; // storage is forbidden here
    }
  }

  /** @returns {'light'|'dark'|'forced'} */
  get shown() {
    if (this.forced.matches) return 'forced';
    if (this.choice !== 'auto') return this.choice;
    return this.dark.matches ? 'dark' : 'light';
  }

  /** auto → light → dark → auto */
  next() {
    this.choice = THEMES[(THEMES.indexOf(this.choice) + 1) % THEMES.length];
    try {
      localStorage.setItem(THEME_KEY, this.choice);
    } catch {
      // It lasts as long as the page does.
    }
    this.apply();
    this.onChange();
  }

  apply() {
    this.root.dataset.theme = this.choice;
  }
}
