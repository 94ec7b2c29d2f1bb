// SPDX-License-Identifier: Apache-2.0

/**
 * The page in a real browser:
 *
 *     node tests/browser/page.test.mjs [URL FUNCTION_NAME SCREENSHOT_DIR]
 *
 * opens the page of a daemon that is at URL, and expects FUNCTION_NAME to be among what uses CPU
 * time there. Without arguments it brings a server of its own. Exit status 77: it cannot run here.
 * Frames are found as a screen reader finds them: in the treegrid that lies over the canvas.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { VIEWS } from '../../web/ui/state.js';
import { launch } from './chromium.mjs';
import { waitForPicture } from './opened_page.mjs';
import { serve } from './synthetic_server.mjs';

const CELLS = ['name', 'module', 'source', 'samples', 'time', 'share', 'self'];
const QUIET_MS = 2500; // longer than the page's period

/** "4.23 %", "1,234", "10.1 ms", "2.00 min" → a number, times in seconds. @param {string} text */
function numberOf(text) {
  const scales = { min: 60, ms: 1e-3, µs: 1e-6, ns: 1e-9 };
  const [, number, unit] =
    /^<?([\d,.]+)\s*(\S*)$/.exec(text) ?? assert.fail(`no number: '${text}'`);
  return Number(number.replaceAll(',', '')) * (scales[unit] ?? 1);
}

class PageTest {
  /** @param {import('playwright-core').Page} page @param {string} url @param {string} fn */
  constructor(page, url, fn, folder) {
    this.page = page;
    this.url = url;
    this.fn = fn;
    this.folder = folder;
    this.complaints = [];
    page.on('pageerror', (error) => this.complaints.push(error.stack));
    page.on('console', (message) => {
      // Chromium tells violations of the content security policy here, too.
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
  }

  /** The rows of a function: one for each way that leads to it. */
  rows(name = this.fn) {
    return this.page.getByRole('row').filter({
      has: this.page.getByRole('gridcell', { name, exact: true }),
    });
  }

  async cells(row) {
    // Rows come some a frame.
    await row.first().waitFor({ state: 'attached' });
    const texts = await row.getByRole('gridcell').allTextContents();
    return Object.fromEntries(CELLS.map((cell, i) => [cell, texts[i]]));
  }

  /** @param {string} name of an item of the line of truth */
  async truth(name) {
    const item = this.page
      .locator('#truth > div')
      .filter({ has: this.page.getByText(name, { exact: true }) });
    return item.locator('dd').first().textContent();
  }

  async screenshot(name) {
    await this.page.mouse.move(1, 1);
    await this.page.screenshot({ path: join(this.folder, `${name}.png`) });
  }

  async shows_the_function() {
    await this.page.goto(this.url);
    await this.rows().first().waitFor({ state: 'attached', timeout: 30000 });
    await this.page.getByRole('listitem').first().waitFor();
  }

  async pauses() {
    await this.page.keyboard.press('Space');
    await this.page.getByRole('button', { name: /^Paused/, pressed: true }).waitFor();
    assert.match(this.page.url(), /[#&]at=\d+/);
    const isProfile = (request) => /profile\?/.test(request.url());
    const asked = await this.page
      .waitForRequest(isProfile, { timeout: QUIET_MS })
      .catch(() => null);
    assert.equal(asked, null, 'a paused page asks for nothing');
  }

  async tells_numbers_that_agree() {
    const rate = numberOf((await this.truth('rate')).replace(' Hz', ''));
    const { samples, time, share, self } = await this.cells(this.rows().first());
    const total = numberOf(await this.truth('CPU time'));
    const expected = numberOf(samples) / rate;
    assert.ok(
      Math.abs(numberOf(time) - expected) <= 0.1 * expected + 0.01,
      `${samples} at ${rate}: ${time}`,
    );
    assert.ok(
      Math.abs(numberOf(share) - (100 * numberOf(time)) / total) < 1,
      `${share} of ${total} s`,
    );
    assert.ok(numberOf(self) <= numberOf(time));
    const shares = await this.page.locator('.process-comm .process-share').allTextContents();
    const sum = shares.map(numberOf).reduce((a, b) => a + b);
    assert.ok(Math.abs(sum - 100) < 3, `processes add up to ${sum} %`);
  }

  async tells_about_what_is_pointed_at() {
    const row = this.rows().first();
    await row.scrollIntoViewIfNeeded();
    const box = await row.boundingBox();
    await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const tip = this.page.locator('#tooltip');
    await tip.waitFor();
    const text = await tip.innerText();
    const { samples, share } = await this.cells(row);
    for (const part of [this.fn, `${samples} samples`, share]) assert.ok(text.includes(part), text);
  }

  async zooms_in_by_a_click() {
    const row = this.rows().first();
    const box = await row.boundingBox();
    await this.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await this.is_zoomed();
  }

  /** The function fills the graph, the path ends in it, and the address says so. */
  async is_zoomed() {
    await this.page.locator('#way [aria-current]').getByText(this.fn, { exact: true }).waitFor();
    const selected = this.page.locator('[role=row][aria-selected=true]');
    await selected.filter({ hasText: this.fn }).waitFor({ state: 'attached' });
    const graph = await this.page.locator('#graph').boundingBox();
    const box = await selected.boundingBox();
    assert.ok(box.width > 0.98 * (graph.width - 20), `${box.width} of ${graph.width} pixels`);
    assert.match(this.page.url(), /[#&]zoom=/);
  }

  async shows_the_same_to_whoever_gets_the_link() {
    await this.page.goto('about:blank');
    await this.page.goBack();
    await this.is_zoomed();
    await this.page.getByRole('button', { name: /^Paused/ }).waitFor();
  }

  async zooms_out_by_keyboard() {
    await this.page.getByRole('treegrid').focus();
    await this.page.keyboard.press('Escape');
    await this.page.locator('#way li').nth(1).waitFor({ state: 'detached' });
    await this.page.waitForURL(({ hash }) => !hash.includes('zoom='));
  }

  async moves_by_arrow_keys() {
    const depth = async () => {
      const id = await this.page.getByRole('treegrid').getAttribute('aria-activedescendant');
      return Number(await this.page.locator(`#${id}`).getAttribute('aria-level'));
    };
    await this.page.keyboard.press('ArrowDown');
    const first = await depth();
    await this.page.keyboard.press('ArrowDown');
    assert.equal(await depth(), first + 1);
    await this.page.keyboard.press('ArrowUp');
    assert.equal(await depth(), first);
  }

  async searches() {
    await this.page.keyboard.press('/');
    await this.page.keyboard.type(`/^${this.fn}$/`);
    const found = this.page.locator('#found');
    await found.getByText(/ in \d+ functions?$/).waitFor();
    const { share } = await this.cells(this.rows().first());
    const matched = numberOf((await found.textContent()).replace(/ in .*/, ''));
    assert.ok(matched >= numberOf(share) - 0.1 && matched <= 100.1, `${matched} against ${share}`);
    await this.screenshot('page-search');
    await this.page.keyboard.press('Escape');
    await found.getByText('in').waitFor({ state: 'detached' });
  }

  async shows_one_process_alone() {
    const process = this.page.locator('.process-name').first();
    const name = await process.textContent();
    await process.click();
    await this.page.locator('.process-pick[aria-pressed=true]').waitFor();
    assert.ok(
      new URLSearchParams(new URL(this.page.url()).hash.slice(1)).get('query').includes(name),
    );
    await this.rows(name).filter({ hasText: '100 %' }).first().waitFor({ state: 'attached' });
    await this.page.locator('#query').click();
    await this.page.locator('.process-pick[aria-pressed=true]').waitFor({ state: 'detached' });
  }

  async goes_on() {
    const next = this.page.waitForResponse(/debug\/pprof\/profile/);
    await this.page.getByRole('button', { name: /^Paused/ }).click();
    assert.equal((await next).status(), 200);
    await this.page.getByRole('button', { name: 'Live', pressed: false }).waitFor();
  }

  /** @param {string} name @param {string} text */
  async drop(name, text) {
    const transfer = await this.page.evaluateHandle(
      ([fileName, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([content], fileName));
        return data;
      },
      [name, text],
    );
    await this.page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
    await this.page.locator('body[data-drag=open]').waitFor();
    await this.page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  }

  async opens_a_file_that_is_picked() {
    const asked = [];
    this.page.on('request', (request) => asked.push(request.url()));
    const golden = new URL('../golden/known.perf', import.meta.url);
    await this.page.locator('#open-file-picker').setInputFiles(fileURLToPath(golden));
    const row = this.rows('parse<std::string>').first();
    await row.waitFor({ state: 'attached' });
    const { samples, module, time } = await this.cells(row);
    assert.deepEqual([samples, module, time], ['42', '/usr/bin/api (inlined)', '420 ms']);
    assert.equal(await this.truth('samples'), '61');
    await this.page.locator('#file').getByText('known.perf').waitFor();
    await this.page.waitForTimeout(QUIET_MS);
    assert.deepEqual(asked, [], 'no server is asked');
  }

  async opens_a_file_that_is_dropped() {
    await this.drop('two.folded', 'api;main;<b>f</b> 3\napi;main 1\n');
    const { samples, time, share } = await this.cells(await this.seen('<b>f</b>'));
    assert.deepEqual([samples, time, share], ['3', '3', '75.0 %'], 'counts are no times');
  }

  async seen(name) {
    const row = this.rows(name).first();
    await row.waitFor({ state: 'attached' });
    return row;
  }

  async says_what_is_wrong_with_a_file() {
    await this.drop('photo.png', '\x89PNG\0\0\0\rIHDR');
    const failure = this.page.getByRole('alert').getByText(/cannot be shown/);
    await failure.waitFor();
    await this.drop('two.folded', 'api;main 1\n');
    await failure.waitFor({ state: 'hidden' });
  }

  async goes_back_to_the_host() {
    await this.page.locator('#file').click();
    await this.rows().first().waitFor({ state: 'attached' });
    await this.page.locator('#file').waitFor({ state: 'hidden' });
  }

  async looks_well_in_light_and_dark() {
    await this.rows().first().waitFor({ state: 'attached' });
    for (const colorScheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme });
      await this.screenshot(`page-${colorScheme}`);
    }
  }

  /** Each view of the same moment. */
  async looks_well_in_every_view() {
    await this.page.keyboard.press('Space');
    await this.page.getByRole('button', { name: /^Paused/ }).waitFor();
    const at = /[#&](at=[\d.]+)/.exec(this.page.url())[1];
    for (const view of VIEWS) {
      await this.page.goto(`${this.url}#${at}&view=${view}`);
      await this.page.reload();
      await waitForPicture(this.page);
      for (const colorScheme of ['light', 'dark']) {
        await this.page.emulateMedia({ colorScheme });
        await this.screenshot(`view-${view}-${colorScheme}`);
      }
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
    await this.page.goto('about:blank');
    await this.shows_the_function();
  }

  /** Of what this function has three parts, there is another that has one. */
  async tells_three_parts_from_one_in_the_table() {
    const other = this.fn.replace('three_parts', 'one_part').replace('three', 'one');
    await this.page.goto(`${this.url}#view=top`);
    await this.page.reload();
    const [three, one] = await Promise.all(
      [this.fn, other].map(async (name) => {
        const row = this.page.locator('.top-rows [role=row]').filter({
          has: this.page.getByText(name, { exact: true }),
        });
        return numberOf(await row.first().locator('.cell-samples').textContent());
      }),
    );
    assert.ok(three > 2.4 * one && three < 3.75 * one, `${three} to ${one} samples`);
    await this.page.goto('about:blank');
    await this.shows_the_function();
  }

  async has_nothing_to_complain_about() {
    assert.deepEqual(this.complaints, []);
  }

  async says_when_the_server_is_gone_and_recovers() {
    await this.page.context().setOffline(true);
    const failure = this.page.getByRole('alert').getByText('not reachable');
    await failure.waitFor();
    await this.page.context().setOffline(false);
    await failure.waitFor({ state: 'hidden' });
  }
}

const STEPS = [
  'shows_the_function',
  'pauses',
  'tells_numbers_that_agree',
  'tells_about_what_is_pointed_at',
  'zooms_in_by_a_click',
  'shows_the_same_to_whoever_gets_the_link',
  'zooms_out_by_keyboard',
  'moves_by_arrow_keys',
  'searches',
  'shows_one_process_alone',
  'goes_on',
  'opens_a_file_that_is_picked',
  'opens_a_file_that_is_dropped',
  'says_what_is_wrong_with_a_file',
  'goes_back_to_the_host',
  'looks_well_in_light_and_dark',
  'tells_three_parts_from_one_in_the_table',
  'looks_well_in_every_view',
  'has_nothing_to_complain_about',
  'says_when_the_server_is_gone_and_recovers',
];

/** @returns {Promise<number>} how many steps failed: none, or the one that ended the test */
async function run(browser, url, fn, folder) {
  mkdirSync(folder, { recursive: true });
  try {
    const page = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light',
    });
    page.setDefaultTimeout(15000);
    const test = new PageTest(page, url, fn, folder);
    for (const step of STEPS) {
      try {
        await test[step]();
        console.log(`ok: the page ${step.replaceAll('_', ' ')}`);
      } catch (error) {
        console.log(`not ok: the page ${step.replaceAll('_', ' ')}: ${error.stack}`);
        await test.screenshot('page-failure');
        return 1;
      }
    }
    return 0;
  } finally {
    await browser.close();
  }
}

const browser = await launch();
const [url, fn = 'burn_three', folder = mkdtempSync(join(tmpdir(), 'page-'))] =
  process.argv.slice(2);
const server = url ? null : await serve(0);
const own = server && `http://127.0.0.1:${server.address().port}/`;
process.exitCode = await run(browser, url ?? own, fn, folder);
server?.closeAllConnections();
server?.close();
