// SPDX-License-Identifier: Apache-2.0

/**
 * Opened page: the page in a browser, and what it complained about: errors, what its content
 * security policy forbade, and dialogs, of which it has none.
 */

import assert from 'node:assert/strict';

import { launch } from './chromium.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Browser} Browser */

/**
 * @param {Browser} browser @param {string} url
 * @param {import('playwright-core').BrowserContextOptions} [options]
 * @returns {Promise<Page & {complaints: string[]}>}
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    ...options,
  });
  const complaints = /** @type {string[]} */ ([]);
  const page = Object.assign(await context.newPage(), { complaints });
  page.setDefaultTimeout(20000);
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on('console', (message) => {
    // Chromium tells violations of the content security policy here, too.
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** The host, or the page, was too busy: which of them, only another try tells. */
export class BusyError extends Error {}

const TRIES = 3;

/**
 * The picture is there: the treegrid over it, or the table, has rows, or the view says what to do.
 * @param {Page} page
 */
export async function waitForPicture(page) {
  const rows = page.locator('#panel [role=row][id]');
  const note = page.locator('.code-note:not(:empty)');
  await rows.or(note).first().waitFor({ state: 'attached' });
}

/**
 * One try of a test; it gets a function that opens a page.
 * @param {Browser} browser @param {string} url @param {PageTest} test
 * @returns {Promise<any>} what was wrong, or undefined
 */
async function attempt(browser, url, test) {
  const pages = /** @type {(Page & {complaints: string[]})[]} */ ([]);
  const open = async (hash = '', options = {}) => {
    const page = await openPage(browser, url + hash, options);
    pages.push(page);
    return page;
  };
  try {
    await test(open);
    for (const { complaints } of pages) assert.deepEqual(complaints, []);
  } catch (error) {
    return error;
  } finally {
    for (const page of pages) await page.context().close();
  }
}

/**
 * Run tests, each in pages of its own, and print how they ended. Tests are named by sentences; one
 * that finds the page too busy is tried again.
 * @typedef {(open: (hash?: string, options?: object) => Promise<Page>) => Promise<void>} PageTest
 * @param {Record<string, PageTest>} tests
 * @param {string} url
 * @returns {Promise<number>} how many failed
 */
export async function runTests(tests, url) {
  const browser = await launch();
  let failed = 0;
  for (const [sentence, test] of Object.entries(tests)) {
    let error = await attempt(browser, url, test);
    for (let tries = 1; error instanceof BusyError && tries < TRIES; tries++) {
      console.log(`once more: ${sentence}: ${error.message}`);
      error = await attempt(browser, url, test);
    }
    if (error) failed++;
    console.log(error ? `not ok: ${sentence}: ${error.stack ?? error}` : `ok: ${sentence}`);
  }
  await browser.close();
  return failed;
}
