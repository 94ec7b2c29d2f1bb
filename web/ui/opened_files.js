// SPDX-License-Identifier: Apache-2.0

/**
 * Opened files: profiles of this machine that are shown instead of what the server has, or that
 * what is shown is compared with. No server sees them.
 *
 *     File  --open, compare-->  Page
 *     drop, Open…, Compare…  --listenToFiles-->  what the page does with a file
 *
 * With Shift, what is dropped becomes what the open profile is compared with; of two files that
 * are dropped together the second does.
 */

import { byId, sentenceOf, setText } from './dom.js';
import { LIMITS, refuseBeyond } from './profile.js';

/** @typedef {import('./page.js').Page} Page */
/** @typedef {(file: File) => Promise<void>} TakeFile */

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

/** Whether files are dragged, and not a text of the page. @param {DragEvent} event */
function hasFiles({ dataTransfer }) {
  return dataTransfer !== null && [...dataTransfer.types].includes('Files');
}

/** A button that asks for a file. @param {string} id @param {TakeFile} take */
function listenToPicker(id, take) {
  const input = byId(`${id}-picker`, HTMLInputElement);
  byId(id, HTMLButtonElement).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    // The same file, which has changed, can be picked again.
    input.value = '';
    if (file) take(file);
  });
}

/** @param {{open: TakeFile, compare: TakeFile}} page */
export function listenToFiles(page) {
  const { dataset } = document.body;
  listenToPicker('open-file', page.open);
  listenToPicker('compare-file', page.compare);
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    dataset.drag = event.shiftKey ? 'compare' : 'open';
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) delete dataset.drag;
  });
  document.addEventListener('drop', async (event) => {
    delete dataset.drag;
    if (!hasFiles(event)) return;
    event.preventDefault();
    const [first, second] = event.dataTransfer?.files ?? [];
    if (!first) return;
    await (event.shiftKey ? page.compare : page.open)(first);
    if (second && !event.shiftKey) await page.compare(second);
  });
}
