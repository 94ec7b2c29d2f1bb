// SPDX-License-Identifier: Apache-2.0

/**
 * Main: the page: State → what people see; what they click and type → what the page does.
 *
 *     Source ─► bytes ─► Engine ─► Summary, Layout ─► GraphPane, breadcrumbs
 *                          └─────► processes ─────► ProcessList
 *
 * Everything that decides what is shown is in State, and State is in the address.
 */

import { ROOT } from './call_tree.js';
import { ChangePalette } from './compare.js';
import { byId, listenToKeys, sentenceOf, setText, showKeys, showOptions } from './dom.js';
import { EngineClient } from './engine_client.js';
import { Tooltip } from './frame_details.js';
import { GraphPane } from './graph_pane.js';
import { describeMatches, formatSelector, nextMatch, parseSelector, searchTree } from './search.js';
import { formatRange, formatShare } from './short_text.js';
import { isEmbedded, listenToFiles, OpenedFiles, Source } from './source.js';
import { formatState, isGraphView, parseState, profileUrl, RANGES_S } from './state.js';
import { TimePanel } from './time_panel.js';
import { formatClock } from './time_scale.js';
import { describeEmptiness, earliest, remarks, showReasons, showTruths, truths } from './truth.js';
import { TABS } from './view_deck.js';
import { ProcessList, showBreadcrumbs, Theme, Workbench } from './workbench.js';

/** @typedef {import('./dom.js').KeyBinding} KeyBinding */
/** @typedef {import('./engine.js').Summary} Summary */
/** @typedef {import('./engine_client.js').Found} Found */
/** @typedef {import('./engine_client.js').SentLayout} SentLayout */
/** @typedef {import('./search.js').Matches} Matches */
/** @typedef {import('./source.js').Status} Status */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./weights.js').ProcessGroup} ProcessGroup */

const ADDRESS_MS = 25;
const DOWNLOADS = ['pprof', 'folded', 'svg'];

/** What a change of only these leaves as it is: the picture of the whole. @type {(keyof State)[]} */
const OF_VIEWS = [
  'view',
  'fn',
  'group',
  'cards',
  'open',
  'thread',
  'sort',
  'file',
  'span',
  'search',
];

/** What the engine makes a picture of; of colours it knows those of a label. */
function pictureOf(/** @type {State} */ state) {
  const colour = state.colour.startsWith('label:') ? state.colour : '';
  return JSON.stringify({ ...state, colour }, (key, value) =>
    OF_VIEWS.includes(/** @type {keyof State} */ (key)) ? undefined : value,
  );
}

/** What the server is asked for: in order of time, samples come one by one. */
function profileOf(/** @type {State} */ { rangeS, at, base, view }) {
  return JSON.stringify([rangeS, at, base, view === 'time']);
}

export class Page {
  constructor() {
    /** @type {State} */
    this.state = parseState(location.hash);
    /** Writes the address of the last zoom, if nobody has. */
    this.writeLate = () => {};
    this.engine = new EngineClient();
    /** @type {Summary | null} of the profile that is open */
    this.summary = null;
    this.files = new OpenedFiles(this);
    /** @type {ProcessGroup[]} */
    this.groups = [];
    /** What their values are of. */
    this.groupsType = '';
    /** @type {SentLayout | null} */
    this.layout = null;
    /** @type {Found | null} frames that the search finds */
    this.found = null;
    /** Why it finds none, or ''. */
    this.searchFailure = '';
    this.searching = Promise.resolve(true);
    /** @type {Matches | null} */
    this.matches = null;
    /** @type {Status} */
    this.status = {};
    /** @type {Status | null} */
    this.earlierStatus = null;
    this.elements = {
      graph: byId('graph', HTMLElement),
      search: byId('search', HTMLInputElement),
      found: byId('found', HTMLOutputElement),
      pause: byId('pause', HTMLButtonElement),
      range: byId('range', HTMLSelectElement),
      order: byId('order', HTMLButtonElement),
      theme: byId('theme', HTMLButtonElement),
      message: byId('message', HTMLElement),
      failure: byId('failure', HTMLElement),
      query: byId('query', HTMLElement),
      said: byId('said', HTMLElement),
      help: byId('help', HTMLDialogElement),
      reasons: byId('reasons', HTMLDialogElement),
    };
    this.tooltip = new Tooltip(byId('tooltip', HTMLElement));
    this.theme = new Theme(document.documentElement, () => this.showTheme());
    this.processes = new ProcessList(
      byId('processes', HTMLElement),
      byId('process-filter', HTMLInputElement),
      ({ label, value }) => this.toggleMatcher(label, value),
    );
    this.source = new Source({
      onProfile: (bytes, base) => this.receive(bytes, base),
      onStatus: (status) => this.hear(status),
      onFailure: (sentence) => this.fail(sentence),
    });
    this.workbench = new Workbench(this);
    this.time = isEmbedded ? null : new TimePanel(this.workbench.actions);
    this.pane = new GraphPane(this.elements.graph, {
      label: 'flame graph: arrow keys move, Enter zooms in, Backspace zooms out',
      actions: this.workbench.actions,
      onOpen: (node) => this.zoomTo(node),
    });
  }

  start() {
    addEventListener('popstate', () => this.restore());
    this.showTheme();
    this.showState();
    this.source.follow(this.state);
  }

  // --- state → what is seen ---------------------------------------------------------------------

  /**
   * Change the state and its address. What `isStep` can be undone with the browser's Back.
   * @param {Partial<State>} change @param {boolean} [isStep]
   */
  change(change, isStep = false) {
    this.writeLate();
    this.state = { ...this.state, ...change };
    this.writeAddress(isStep);
    this.showState();
  }

  /** @param {boolean} isStep */
  writeAddress(isStep) {
    this.writeLate = () => {};
    const address = formatState(this.state) || location.pathname;
    if (isStep) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  }

  /** The address was changed by the browser's Back or by hand. */
  restore() {
    this.writeLate = () => {};
    const before = this.state;
    this.state = parseState(location.hash);
    this.showState();
    this.catchUp(before);
  }

  /** Change the state, and get what it needs. @param {Partial<State>} change */
  go(change, isStep = false) {
    const before = this.state;
    this.change(change, isStep);
    this.catchUp(before);
  }

  /** Get another profile, or another picture, if the state before had another. */
  catchUp(/** @type {State} */ before) {
    const { state } = this;
    if (profileOf(before) !== profileOf(state) && !this.files.name) this.source.follow(state);
    else if (pictureOf(before) !== pictureOf(state)) this.rebuild();
    else this.workbench.refresh();
  }

  showState() {
    const { rangeS, at, query, search, order } = this.state;
    const { range, pause, search: box, order: orderButton } = this.elements;
    const isPaused = at !== null;
    const ranges = RANGES_S.includes(rangeS) ? RANGES_S : [...RANGES_S, rangeS];
    const options = ranges.map((s) => ({ value: String(s), text: `last ${formatRange(s)}` }));
    showOptions(range, options, String(rangeS));
    pause.ariaPressed = String(isPaused);
    setText(pause, isPaused ? `Paused ${formatClock(at, 1)}` : 'Live');
    if (document.activeElement !== box) box.value = search;
    setText(orderButton, order === 'size' ? 'by size' : 'by name');
    this.elements.query.hidden = !query;
    setText(this.elements.query.children[0], query);
    for (const format of DOWNLOADS) {
      byId(`save-${format}`, HTMLAnchorElement).href = profileUrl(this.state, format);
    }
    // A file has no server that knows more of its time.
    const isFile = this.files.name !== '';
    byId('time', HTMLElement).hidden = isFile;
    byId('saves', HTMLElement).hidden = isFile;
    this.time?.show(this.state);
    this.workbench.showState(this.state);
  }

  showTheme() {
    this.showPalette();
    this.time?.setTheme(this.theme.shown);
    this.workbench.refresh();
    setText(this.elements.theme, this.theme.choice);
    this.elements.theme.ariaLabel = `theme: ${this.theme.choice}`;
  }

  /** The colours of frames, or of what has changed. */
  showPalette() {
    const { layout, theme } = this;
    const isCompared = layout?.tree.baseTotal !== null && layout !== null;
    const change = isCompared ? new ChangePalette(theme.shown) : null;
    this.workbench.showColours(theme.shown, change);
    if (change) this.time?.compare.showLegend(change);
    byId('legend', HTMLElement).hidden = change !== null;
  }

  // --- profile → what is seen -------------------------------------------------------------------

  /** @param {Status} status */
  hear(status) {
    this.earlierStatus = earliest(this.earlierStatus, status);
    this.status = status;
  }

  /**
   * @param {Uint8Array} bytes of a profile
   * @param {Uint8Array | null} [base] what it is compared with; undefined: what it was
   */
  async receive(bytes, base) {
    const file = this.files.name;
    try {
      const opened = this.engine.open(bytes);
      const isKept = base === undefined || this.files.baseName !== '';
      if (!isKept) this.engine.openBase(base).catch((error) => this.failBase(error));
      const summary = await opened;
      if (!summary || file !== this.files.name) return;
      this.summary = summary;
      this.elements.failure.hidden = true;
      const source = this.state.at === null ? 'live' : 'paused';
      document.body.dataset.source = isEmbedded || file ? 'file' : source;
      this.showHost();
      await this.rebuild();
      await this.askProcesses();
    } catch (error) {
      this.fail(`This profile cannot be shown: ${sentenceOf(error)}.`);
    }
  }

  async askProcesses() {
    this.groupsType = this.state.type;
    this.groups = (await this.engine.processes()) ?? this.groups;
    this.showProcesses();
  }

  /** @param {Error} error */
  failBase({ message }) {
    this.source.forgetBase();
    this.fail(`What this is compared with cannot be shown: ${message}.`);
  }

  /** @param {string} sentence */
  fail(sentence) {
    this.elements.failure.hidden = false;
    setText(this.elements.failure, sentence);
    document.body.dataset.source = 'gone';
    if (!this.summary) this.showMessage('');
  }

  get host() {
    if (this.files.name) return this.summary?.facts.host ?? this.files.name;
    return this.status.host ?? this.summary?.facts.host ?? (location.hostname || 'profile');
  }

  /** How long was looked at: a daemon that has just started has not seen the whole range. */
  get durationNs() {
    const { summary, state, status } = this;
    const durationNs = summary?.durationNs || state.rangeS * 1e9;
    const uptimeNs = (status.uptime_seconds || Infinity) * 1e9;
    return state.at === null ? Math.min(durationNs, uptimeNs) : durationNs;
  }

  showHost() {
    const { kernel, version } = this.status;
    setText(byId('host', HTMLElement), this.host);
    byId('host', HTMLElement).title = kernel ? `Linux ${kernel}` : '';
    byId('brand', HTMLElement).title = version ? `Pilotlight ${version}` : 'Pilotlight';
    document.title = `${this.host} · Pilotlight`;
  }

  /** From the profile and the state to the picture. */
  async rebuild() {
    const { state } = this;
    if (!this.summary) return;
    try {
      const question = this.question(state);
      const asked = this.engine.picture(question);
      this.showProcesses();
      const layout = await asked;
      if (!layout) return;
      await this.find();
      this.workbench.showTypes(this.summary, state.type);
      this.showLayout(layout);
      await this.workbench.receive({ layout, question, summary: this.summary });
      if (state.type !== this.groupsType) await this.askProcesses();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.showMessage(`This cannot be shown: ${error.message}.`);
    }
  }

  /** What the engine is asked for. @param {State} state */
  question({ query, transforms, order, type, colour, fn, thread, scale, base: stateBase }) {
    const { host } = this;
    const base = this.files.baseName ? { query } : stateBase;
    return { query, transforms, order, type, colour, fn, thread, scale, base, host };
  }

  /** @param {SentLayout} layout */
  showLayout(layout) {
    const { tree } = layout;
    this.layout = layout;
    this.pane.show(layout, { zoom: tree.follow(this.state.zoom) });
    if (this.pane.focused >= ROOT && isGraphView(this.state)) this.pane.pick(this.pane.focused);
    this.showEmptiness();
    this.updateSearch();
    this.showZoom();
    const status = this.files.name ? {} : this.status;
    const measured = truths(layout.measure, status, this.earlierStatus);
    const items = [...remarks(this.summary?.notes ?? []), ...measured];
    showTruths(byId('truth', HTMLElement), items);
    showReasons(byId('truths', HTMLElement), items);
  }

  /** Why there is nothing to be seen, if there is not. */
  showEmptiness() {
    const { layout, summary, state } = this;
    const isEmpty = summary && !layout?.tree.total[ROOT];
    this.showMessage(isEmpty ? describeEmptiness(summary, state) : '');
  }

  showProcesses() {
    try {
      const matchers = parseSelector(this.state.query);
      this.processes.show(this.groups, this.durationNs, matchers);
    } catch (error) {
      // The picture says what is wrong with the query.
      if (!(error instanceof SyntaxError)) throw error;
      this.processes.show(this.groups, this.durationNs, []);
    }
  }

  /** @param {string} text or '' */
  showMessage(text) {
    this.elements.message.hidden = !text;
    setText(this.elements.message.children[1], text);
  }

  showZoom() {
    const { layout, zoom, state } = this;
    if (!layout) return;
    showBreadcrumbs(byId('way', HTMLElement), layout.tree, zoom, (node) => this.zoomTo(node));
    const isMissing = layout.tree.depth[zoom] < state.zoom.length;
    byId('missing', HTMLElement).hidden = !isMissing;
  }

  // --- doing ------------------------------------------------------------------------------------

  /** @param {string} query a selector, or '' */
  setQuery(query) {
    this.go({ query, zoom: [] }, true);
  }

  toggleOrder() {
    this.go({ order: this.state.order === 'size' ? 'name' : 'size' });
  }

  /** @param {string} text for those who do not see the page */
  say(text) {
    setText(this.elements.said, text);
  }

  /** The box that is as wide as the graph. */
  get zoom() {
    return this.pane.graph.viewport.zoom;
  }

  /** @param {number} node */
  zoomTo(node) {
    const { layout, pane } = this;
    if (!layout) return;
    this.writeLate();
    const isStep = node !== this.zoom;
    this.state = { ...this.state, zoom: layout.tree.pathOf(node) };
    this.showState();
    // The browser takes its time for it, and asks for the page's icon: the picture moves first.
    this.writeLate = () => this.writeAddress(isStep);
    setTimeout(() => this.writeLate(), ADDRESS_MS);
    pane.graph.setZoom(node);
    pane.graph.reveal(node);
    this.tooltip.hide();
    this.updateSearch();
    this.showZoom();
    if (node === ROOT) this.workbench.details.hide();
    else pane.pick(node);
    const share = layout.tree.total[node] / (layout.tree.total[ROOT] || 1);
    this.say(`${layout.tree.frameOf(node).name.slice(0, 200)}, ${formatShare(share)} of all`);
  }

  /** To the nearest caller that is wider. */
  zoomOut() {
    const { layout, zoom } = this;
    if (!layout) return;
    const { tree } = layout;
    let node = zoom;
    while (node > ROOT && tree.total[node] <= tree.total[zoom]) node = tree.parent[node];
    this.zoomTo(node);
  }

  /** @param {'comm'|'pid'} label @param {string} value */
  toggleMatcher(label, value) {
    const picked = formatSelector([{ name: label, operator: '=', value }]);
    this.setQuery(this.state.query === picked ? '' : picked);
  }

  togglePause() {
    const { summary, state } = this;
    if (isEmbedded) return;
    if (state.at !== null) {
      this.go({ at: null });
      this.say('live');
    } else if (summary) {
      this.source.stop();
      const endNs = summary.startNs + summary.durationNs;
      this.change({ at: Math.round(endNs ? endNs / 1e9 : Date.now() / 1000) });
      document.body.dataset.source = 'paused';
      this.say('paused');
    }
  }

  // --- search -----------------------------------------------------------------------------------

  /** Which frames the search finds, so far. */
  updateSearch() {
    const { layout, elements, found, searchFailure } = this;
    const rows = layout && found?.frames === layout.tree.frames ? found.rows : null;
    this.matches = rows && layout && searchTree(layout, this.zoom, rows);
    elements.search.ariaInvalid = String(searchFailure !== '');
    setText(elements.found, searchFailure || (this.matches ? describeMatches(this.matches) : ''));
    this.pane.showFound();
  }

  /** Ask which frames the search finds. @returns {Promise<boolean>} false if there is a later one */
  async find() {
    const { search } = this.state;
    let found = /** @type {Found | null} */ (null);
    let failure = '';
    try {
      if (search.trim()) found = await this.engine.search(search);
    } catch (error) {
      failure = sentenceOf(error);
    }
    const isGivenUp = search.trim() !== '' && !found && !failure;
    if (isGivenUp || search !== this.state.search) return false;
    this.found = found;
    this.searchFailure = failure;
    return true;
  }

  /** @param {string} search */
  async setSearch(search) {
    this.state = { ...this.state, search };
    // It is looked for while the address is written.
    this.searching = this.find();
    this.change({});
    if (!(await this.searching)) return;
    // Another worker, in the place of one that was stopped, has other frames than the picture.
    if (this.found && this.found.frames !== this.layout?.tree.frames) await this.rebuild();
    this.updateSearch();
    this.workbench.refresh();
  }

  /** @param {1 | -1} direction */
  async goToMatch(direction) {
    await this.searching;
    const { layout, matches, pane, zoom } = this;
    if (!layout || !matches) return;
    if (!isGraphView(this.state)) {
      this.workbench.deck.current?.goToMatch?.(direction);
      return;
    }
    pane.moveFocus(nextMatch(layout, matches, zoom, pane.focused, direction));
  }
}

/** @param {Page} page */
function listenToHead(page) {
  const { pause, range, order, theme, query, help, reasons } = page.elements;
  range.addEventListener('change', () => page.go({ rangeS: Number(range.value) }, true));
  pause.addEventListener('click', () => page.togglePause());
  order.addEventListener('click', () => page.toggleOrder());
  theme.addEventListener('click', () => page.theme.next());
  query.addEventListener('click', () => page.setQuery(''));
  byId('show-help', HTMLButtonElement).addEventListener('click', () => help.showModal());
  byId('show-reasons', HTMLButtonElement).addEventListener('click', () => reasons.showModal());
}

/** @param {Page} page */
function listenToSearch(page) {
  const { search } = page.elements;
  search.addEventListener('input', () => page.setSearch(search.value));
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') page.goToMatch(event.shiftKey ? -1 : 1);
    if (event.key !== 'Escape') return;
    event.preventDefault();
    search.value = '';
    page.setSearch('');
    page.pane.focus();
  });
}

/** The graph shows its focus ring to those who use keys only. */
function noteInput() {
  const { dataset } = document.body;
  document.addEventListener('keydown', () => (dataset.input = 'keys'), { capture: true });
  document.addEventListener('pointerdown', () => (dataset.input = 'pointer'), { capture: true });
}

/** @param {Page} page @returns {KeyBinding[]} */
function keyBindings(page) {
  /** @type {(key: string, text: string, action: () => void) => KeyBinding} */
  const anywhere = (key, text, action) => ({ key, text, action, inGraph: false });
  /** @type {(key: string, text: string, action: () => void) => KeyBinding} */
  const inGraph = (key, text, action) => ({ key, text, action, inGraph: true });
  /** @type {(key: string, text: string) => KeyBinding} */
  const ofPane = (key, text) => inGraph(key, text, () => page.pane.handleKey(key));
  return [
    // Up and down are as they look: a flame's callees are above.
    ofPane('ArrowUp', 'to the row above: the caller, or in a flame the largest callee'),
    ofPane('ArrowDown', 'to the row below: the largest callee, or in a flame the caller'),
    ofPane('ArrowLeft', 'to the left'),
    ofPane('ArrowRight', 'to the right'),
    ofPane('Enter', 'zoom in'),
    inGraph('Backspace', 'zoom out a step', () => page.zoomOut()),
    anywhere('Escape', 'show everything', () => page.zoomTo(ROOT)),
    anywhere('/', 'search; /…/ is a regular expression', () => page.elements.search.select()),
    ofPane('ContextMenu', 'what can be done with it; the Menu key, too'),
    anywhere('u', 'take back what was done last', () => page.workbench.chips.undo()),
    anywhere('l', 'fold libraries', () => page.workbench.chips.toggleLibraries()),
    ...TABS.map(({ key: view, text }, i) =>
      anywhere(String(i + 1), `view: ${text}`, () => page.workbench.turnTo(view)),
    ),
    anywhere('n', 'next match', () => page.goToMatch(1)),
    anywhere('N', 'previous match', () => page.goToMatch(-1)),
    inGraph(' ', 'pause, or go on', () => page.togglePause()),
    anywhere('o', 'order by name or by size', () => page.toggleOrder()),
    anywhere('f', 'open a file', () => byId('open-file', HTMLButtonElement).click()),
    anywhere('t', 'theme: auto, light, dark', () => page.theme.next()),
    anywhere('i', 'what is missing, and why', () => page.elements.reasons.showModal()),
    anywhere('?', 'these keys', () => page.elements.help.showModal()),
  ];
}

/** @param {Page} page */
function listenToPeople(page) {
  listenToHead(page);
  listenToFiles(page.files);
  byId('file', HTMLButtonElement).addEventListener('click', () => page.files.close());
  listenToSearch(page);
  noteInput();
  const bindings = keyBindings(page);
  listenToKeys(bindings, page.elements.graph);
  showKeys(byId('keys', HTMLElement), bindings);
}

const page = new Page();
listenToPeople(page);
page.start();
