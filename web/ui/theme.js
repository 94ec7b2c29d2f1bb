// SPDX-License-Identifier: Apache-2.0

/**
 * Theme: light or dark, as the system has it unless this browser was told otherwise.
 *
 * The style sheet does the work by `color-scheme`; the canvas asks here.
 */

/** @typedef {'auto'|'light'|'dark'} Choice */

const KEY = 'pilotlight-theme';
/** @type {Choice[]} */
const CHOICES = ['auto', 'light', 'dark'];

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
      return CHOICES.find((choice) => choice === localStorage.getItem(KEY)) ?? 'auto';
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
    this.choice = CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length];
    try {
      localStorage.setItem(KEY, this.choice);
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
