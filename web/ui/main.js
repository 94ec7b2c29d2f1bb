// SPDX-License-Identifier: Apache-2.0

/**
 * Main: puts the page together: what people click, point at and type → what the page does.
 */

import { ROOT } from './call_tree.js';
import { byId, create, hasModifier } from './dom.js';
import { keyOf } from './graph_pane.js';
import { Page } from './page.js';
import { listenToFiles } from './source.js';
import { TABS } from './view_deck.js';

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

/*
 * Keys: one table, which both the keyboard and the page's help follow.
 */

/**
 * @typedef {object} KeyBinding
 * @property {string} key      as KeyboardEvent.key names it
 * @property {string} text     what it does
 * @property {() => void} action
 * @property {boolean} inGraph only while the graph, or nothing, has the focus
 */

/** What the help calls keys whose names are long. @type {Record<string, string>} */
const KEY_CAPS = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  ContextMenu: 'Shift+F10',
  Escape: 'Esc',
  ' ': 'Space',
};

/** What has the keys for itself while it is there. */
const MODAL = 'dialog[open], [role=menu]:not([hidden])';

/** Elements that need their keys for themselves. @param {EventTarget | null} target */
function wantsText(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

/** @param {EventTarget | null} target @param {HTMLElement} graph */
function isAtGraph(target, graph) {
  return target === document.body || (target instanceof Node && graph.contains(target));
}

/** @param {KeyBinding[]} bindings @param {HTMLElement} graph */
function listenToKeys(bindings, graph) {
  document.addEventListener('keydown', (event) => {
    if (hasModifier(event) || event.defaultPrevented) return;
    if (wantsText(event.target) || document.querySelector(MODAL)) return;
    const binding = bindings.find(({ key }) => key === keyOf(event));
    if (!binding || (binding.inGraph && !isAtGraph(event.target, graph))) return;
    event.preventDefault();
    binding.action();
  });
}

/** @param {HTMLElement} list a <dl> @param {KeyBinding[]} bindings */
function showKeys(list, bindings) {
  list.replaceChildren(
    ...bindings.map(({ key, text }) => {
      const cap = create('kbd', {}, KEY_CAPS[key] ?? key);
      return create('div', {}, create('dt', {}, cap), create('dd', {}, text));
    }),
  );
}

const page = new Page();
listenToPeople(page);
page.start();
