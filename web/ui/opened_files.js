// SPDX-License-Identifier: Apache-2.0

/**
 * Opened files: profiles of this machine that are shown instead of what the server has, or that
 * what is shown is compared with. No server sees them.
 *
 *     File  --open, compare-->  Page
 */

import { byId, setText } from './dom.js';
import { LIMITS, refuseBeyond } from './profile.js';

/** @typedef {import('./page.js').Page} Page */

/** @param {unknown} error */
const sentenceOf = (error) => (error instanceof Error ? error.message : String(error));

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
    try {
      await page.engine.openBase(bytes);
      this.baseName = file.name;
      this.show();
      await page.rebuild();
      page.say(`compared with ${file.name}`);
    } catch (error) {
      page.fail(`${file.name} cannot be shown: ${sentenceOf(error)}.`);
    }
  }

  /** Back to what the page showed before. */
  async close() {
    const { page } = this;
    this.name = '';
    this.baseName = '';
    await page.engine.openBase(null);
    page.change({ query: '', zoom: [] });
    this.show();
    page.source.follow(page.state);
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
