// SPDX-License-Identifier: Apache-2.0

/**
 * Frame details: all that is known of the frame that was picked last, in words that can be
 * copied, and buttons for what can be done with it. The tool tip says the same of what is pointed
 * at.
 */

import { ROOT } from './call_tree.js';
import { create } from './dom.js';
import { describeKind, placeOf } from './tooltip.js';
import { formatCount, formatShare, formatValue } from './units.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./frame.js').Frame} Frame */

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
