// SPDX-License-Identifier: Apache-2.0

/**
 * Workbench: what stands around the graph: tabs and the other views, what was done to the picture,
 * the menu and the details of a frame, the colours.
 *
 *     State, Matter  --Workbench-->  what is seen          people  --Actions-->  State
 */

import { colourings, parseColouring } from './colouring.js';
import { byId, sentenceOf, showOptions } from './dom.js';
import { deedsOf } from './frame_deeds.js';
import { FrameDetails } from './frame_details.js';
import { legendOf, showLegend } from './legend.js';
import { Menu } from './menu.js';
import { Palette } from './palette.js';
import { Tabs } from './tabs.js';
import { TransformChips } from './transform_chips.js';
import { labelsOf, ViewDeck } from './view_deck.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./actions.js').MenuPlace} MenuPlace */
/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./frame.js').Frame} Frame */
/** @typedef {import('./frame_deeds.js').Deed} Deed */
/** @typedef {import('./page.js').Page} Page */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./view_deck.js').Matter} Matter */

const LONGEST_LABEL = 120;

/** Whether a state's view is the graph itself. @param {State} state */
export function isGraphView({ view }) {
  return view === 'icicle' || view === 'flame';
}

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
    this.page.graph.setUpward(state.view === 'flame');
    this.chips.show(state);
    this.colour.value = state.colour;
    if (this.colour.value !== state.colour) this.showColourings(this.labels);
    if (this.shownColour !== state.colour) this.page.showPalette();
  }

  /** @param {'light'|'dark'|'forced'} theme @param {Palette | null} change of a comparison */
  showColours(theme, change) {
    this.shownColour = this.page.state.colour;
    this.palette = change ?? new Palette(theme, parseColouring(this.shownColour));
    this.page.graph.setPalette(this.palette);
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
