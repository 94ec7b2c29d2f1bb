// SPDX-License-Identifier: Apache-2.0

/**
 * File drop: files that people drop on the page, or pick, are opened in it; no server is asked.
 *
 *     drop, Open…, Compare…  --listenToFiles-->  what the page does with a file
 *
 * With Shift, what is dropped becomes what the open profile is compared with; of two files that
 * are dropped together the second does.
 */

import { byId } from './dom.js';

/** @typedef {(file: File) => Promise<void>} TakeFile */

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
