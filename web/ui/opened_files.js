// SPDX-License-Identifier: Apache-2.0

/**
 * Opened files: profiles of this machine that are shown instead of what the server has, or that
 * what is shown is compared with. No server sees them.
 *
 *     File  --open, compare-->  Page
 */

import { byId, sentenceOf, setText } from './dom.js';
import { LIMITS, refuseBeyond } from './profile.js';

/** @typedef {import('./page.js').Page} Page */

export class OpenedFiles {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** Of the file that is shown, or ''. */
    this.name = '';
    /** Of the file that it is compared with, or ''. */
    this.baseName = '';
  }

  /** @param {File} file */
  async open(file) {
    const bytes = await this.read(file);
    if (!bytes) return;
    const { page } = this;
    page.source.stop();
    this.name = file.name;
    page.change({ query: '', zoom: [], fn: '', base: null });
    await page.receive(bytes);
    this.show();
    page.say(`${file.name} is open`);
  }

  /** @param {File} file */
  async compare(file) {
    const bytes = await this.read(file);
    if (!bytes) return;
    const { page } = this;
    // At once: from here on, no base that the server has may take its place.
    this.baseName = file.name;
    try {
      const summary = await page.engine.openBase(bytes);
      if (this.baseName !== file.name) return;
      if (!summary) throw new Error('it was given up');
      this.show();
      await page.rebuild();
      page.say(`compared with ${file.name}`);
    } catch (error) {
      page.fail(`${file.name} cannot be shown: ${sentenceOf(error)}.`);
      if (this.baseName === file.name) this.dropBase();
    }
  }

  /** Compare with what the address says again. */
  dropBase() {
    const { page } = this;
    this.baseName = '';
    this.show();
    page.source.forgetBase();
    if (!this.name) page.source.follow(page.state);
  }

  /** Back to what the page showed before. */
  async close() {
    const { page } = this;
    this.name = '';
    await page.engine.openBase(null);
    page.change({ query: '', zoom: [] });
    this.dropBase();
  }

  /** @param {File} file @returns {Promise<Uint8Array | null>} null, and a sentence, if it cannot be */
  async read(file) {
    try {
      refuseBeyond(file.size, LIMITS.bytes, 'bytes');
      return new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      this.page.fail(`${file.name} cannot be read: ${sentenceOf(error)}.`);
      return null;
    }
  }

  show() {
    const chip = byId('file', HTMLButtonElement);
    const { name, baseName } = this;
    setText(chip, `${name}${baseName && ` compared with ${baseName}`} ×`);
    chip.hidden = !name && !baseName;
  }
}
