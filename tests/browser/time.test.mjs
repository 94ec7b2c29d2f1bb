// SPDX-License-Identifier: Apache-2.0

/**
 * When to look, and what to compare with, in a real browser:
 *
 *     node tests/browser/time.test.mjs [URL]
 *
 * opens the page of a daemon that is at URL and has samples, or brings a server of its own. What
 * the heat map says of some cells has to be what the flame graph of their milliseconds has.
 */

import assert from 'node:assert/strict';

import { launch } from './chromium.mjs';
import { serve } from './synthetic_server.mjs';

/** "1,234" → 1234. @param {string | null | undefined} text */
const countOf = (text) => Number(/([\d,]+)/.exec(text ?? '')?.[1].replaceAll(',', ''));

/** Of a second each: more than samples come late by, and than two answers are apart. */
const SETTLED_COLUMNS = 20;

class TimeTest {
  /** @param {import('playwright-core').Page} page @param {string} url @param {boolean} isLive */
  constructor(page, url, isLive) {
    this.page = page;
    this.url = url;
    this.isLive = isLive;
    /** @type {string[]} */
    this.complaints = [];
    page.on('pageerror', (error) => this.complaints.push(String(error.stack)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
  }

  /** What stands in the address. @param {string} name */
  field(name) {
    return new URLSearchParams(new URL(this.page.url()).hash.slice(1)).get(name);
  }

  /** Wait until the address has it. @param {string} name @param {RegExp} pattern */
  async has(name, pattern) {
    await this.page.waitForURL((url) =>
      pattern.test(new URLSearchParams(url.hash.slice(1)).get(name) ?? ''),
    );
  }

  /** The picture has so many samples, at its root and in the line of truth. */
  async shows(/** @type {number} */ count, /** @type {string} */ said) {
    const root = this.page.locator('#graph .twin [role=row]').nth(1).getByRole('gridcell').nth(3);
    const truth = this.page.locator('#truth dd').first();
    const words = count.toLocaleString('en');
    const has = (/** @type {import('playwright-core').Locator} */ place) =>
      place.filter({ hasText: new RegExp(`^${words}$`) }).waitFor({ state: 'attached' });
    try {
      await Promise.all([has(truth), ...(count ? [has(root)] : [])]);
    } catch {
      const texts = await Promise.all([truth.textContent(), root.textContent()]);
      assert.fail(`the map says '${said}', the picture has ${texts.join(' and ')}`);
    }
  }

  slider(/** @type {string} */ name) {
    return this.page.getByRole('slider', { name, exact: true });
  }

  /** @param {() => Promise<unknown>} action @returns {Promise<URL>} of the profile that it fetches */
  async profileAfter(action) {
    const asked = this.page.waitForRequest(/\/api\/v1\/profile\?/);
    await action();
    return new URL((await asked).url());
  }

  async shows_who_uses_the_cpu_over_time() {
    await this.page.goto(this.url);
    await this.page.locator('#services li').first().waitFor();
    const texts = await this.page.locator('#services li').allTextContents();
    assert.ok(texts.length >= 1 && texts.every((text) => /\d/.test(text)), `${texts}`);
    await this.slider('the range').waitFor();
    assert.match((await this.slider('end of the range').getAttribute('aria-valuetext')) ?? '', /CPUs/);
  }

  /** Whatever is told of what is pointed at, nothing moves away from the pointer. */
  async stays_where_it_is_when_it_is_pointed_at() {
    const size = this.page.viewportSize();
    const pointed = this.page.locator('#time-pointed');
    for (const width of [1000, 1100, 1300, 1440, 1700, 2200]) {
      await this.page.setViewportSize({ width, height: size.height });
      const { x, y, height, ...before } = await this.page.locator('#timeline').boundingBox();
      await this.page.mouse.move(x + before.width / 2, y + height - 4);
      await pointed.filter({ hasText: 'CPUs' }).waitFor();
      const after = await this.page.locator('#timeline').boundingBox();
      assert.equal(after.y, y, `at ${width} pixels`);
      await this.page.mouse.move(1, 1);
      await pointed.filter({ hasNotText: 'CPUs' }).waitFor({ state: 'attached' });
    }
    await this.page.setViewportSize(size);
  }

  async selects_a_range_by_keys() {
    const end = this.slider('end of the range');
    await end.focus();
    await this.page.keyboard.press('ArrowLeft');
    await this.has('at', /^\d+/);
    const before = Number(this.field('at'));
    await this.page.keyboard.press('PageDown');
    await this.has('at', new RegExp(`^(?!${before})`));
    // An hour in steps of 15 s; the start stays before the end.
    const start = this.slider('start of the range');
    await start.focus();
    await this.page.keyboard.press('PageDown');
    await this.has('range', /^\d/);
    const url = await this.profileAfter(() => this.page.keyboard.press('ArrowLeft'));
    const [from, to] = ['from', 'to'].map((name) => Number(url.searchParams.get(name)));
    assert.equal(to, Number(this.field('at')));
    assert.ok(Math.abs(to - from - Number(this.field('range'))) < 1e-6);
    assert.ok(Number(await start.getAttribute('aria-valuenow')) <= to);
  }

  async is_live_again_when_the_range_ends_now() {
    await this.slider('end of the range').focus();
    await this.page.keyboard.press('End');
    await this.page.getByRole('button', { name: 'Live', pressed: false }).waitFor();
    assert.equal(this.field('at'), null);
  }

  async selects_a_range_by_a_drag() {
    const box = await this.page.locator('#timeline').boundingBox();
    assert.ok(box);
    const url = await this.profileAfter(async () => {
      await this.page.mouse.move(box.x + 0.9 * box.width, box.y + 30);
      await this.page.mouse.down();
      await this.page.mouse.move(box.x + 0.95 * box.width, box.y + 34, { steps: 4 });
      await this.page.mouse.up();
    });
    await this.has('at', /^\d+$/);
    const range = Number(this.field('range'));
    assert.ok(range >= 150 && range <= 225, `5 % of an hour in steps of 15 s: ${range}`);
    assert.equal(Number(url.searchParams.get('to')), Number(this.field('at')));
  }

  async shows_cells_of_milliseconds() {
    await this.page.getByRole('button', { name: /^Paused/ }).click();
    await this.page.getByRole('button', { name: 'heat map' }).click();
    const grid = this.page.getByRole('grid', { name: /^samples by second/ });
    await grid.waitFor({ state: 'attached' });
    await this.page.waitForResponse(/\/heatmap\?/);
    await grid.focus();
    await this.page.locator('#heat-cell').filter({ hasText: /\d samples?/ }).waitFor({ state: 'attached' });
    assert.equal(this.field('heat'), 'on');
    if (this.isLive) await this.waitForLateSamples();
  }

  /** Samples come up to 15 s late: wait until the cell at the keyboard is older than that. */
  async waitForLateSamples() {
    await this.page.waitForFunction((columns) => {
      const column = document.getElementById('heat-cell')?.ariaColIndex;
      const all = document.querySelector('.heat-grid')?.ariaColCount;
      return column && Number(column) <= Number(all) - columns;
    }, SETTLED_COLUMNS);
  }

  /** For some places of the map: what a cell says, and what its flame graph has. */
  async has_in_each_cell_what_its_flame_graph_has() {
    let nFull = 0;
    const first = [this.isLive ? 'ArrowLeft' : 'PageUp', 'ArrowUp'];
    for (const keys of [first, ['ArrowLeft', 'End'], ['ArrowLeft'], ['ArrowDown']]) {
      for (const key of keys) await this.page.keyboard.press(key);
      nFull += await this.compareCell([]);
    }
    for (let i = 0; this.isLive && !nFull && i < 60; i++) {
      await this.page.keyboard.press(i % 2 ? 'ArrowDown' : 'ArrowLeft');
      nFull += await this.compareCell([]);
    }
    assert.ok(nFull > 0, 'all cells are empty');
  }

  async has_in_some_cells_what_their_flame_graph_has() {
    const keys = ['Shift+ArrowRight', 'Shift+ArrowUp', 'Shift+ArrowUp', 'Shift+ArrowRight'];
    assert.equal(await this.compareCell(keys), 1);
  }

  /**
   * Select, and compare numbers. @param {string[]} keys that extend the selection
   * @returns {Promise<number>} 1 if there was something in it
   */
  async compareCell(keys) {
    for (const key of keys) await this.page.keyboard.press(key);
    const pointed = this.page.locator('#time-pointed');
    const said = (await pointed.textContent()) ?? '';
    const expected = countOf(/· ([\d,]+) samples?/.exec(said)?.[0]);
    const url = await this.profileAfter(() => this.page.keyboard.press('Enter'));
    await this.has('heat', /^\d+$/);
    const [from, to] = ['from', 'to'].map((name) => url.searchParams.get(name) ?? '');
    for (const time of [from, to]) assert.match(time, /^\d+(\.\d[02468]?)?$/, 'a whole cell');
    const length = Math.round((Number(to) - Number(from)) * 50);
    assert.equal(length, Math.round(Number(this.field('range')) * 50));
    await this.shows(expected, said);
    return expected ? 1 : 0;
  }

  async compares_with_the_time_before() {
    await this.page.getByRole('button', { name: 'heat map' }).click();
    await this.page.goto(`${this.url}#range=30`);
    await this.page.getByRole('combobox', { name: 'compare with', exact: true }).selectOption('before');
    await this.page.locator('.compare .legend li').nth(4).waitFor();
    assert.match(this.field('base-at') ?? '', /^\d+$/);
    await this.page.getByRole('button', { name: 'stop comparing' }).click();
    await this.page.locator('.compare').waitFor({ state: 'hidden' });
    assert.equal(this.field('base-at'), null);
  }

  /** Before and after a build: what it does now is new, what it did is gone, and both are seen. */
  async compares_before_and_after_a_build() {
    if (this.isLive) return;
    await this.page.locator('.mark').click();
    await this.has('base-at', /^\d+\.25$/);
    const row = (/** @type {string} */ name) =>
      this.page.locator('#graph .twin [role=row]').filter({ hasText: name }).first();
    const says = (/** @type {string} */ name, /** @type {string} */ words) =>
      row(name).filter({ hasText: words }).waitFor({ state: 'attached' });
    await says('unmarshal', 'new; by chance');
    await says('decodeState', 'gone; by chance');
    await says('burn_three', 'within sampling error');
    const [wasBase, wasAt] = ['base-at', 'at'].map((name) => this.field(name));
    await this.page.getByRole('button', { name: 'swap' }).click();
    await this.has('base-at', new RegExp(`^${wasAt}`));
    assert.equal(this.field('at'), wasBase);
    await says('decodeState', 'new; by chance');
  }

  async shows_the_same_to_whoever_gets_the_link() {
    const address = this.page.url();
    await this.page.goto('about:blank');
    await this.page.goto(address);
    if (!this.isLive) await this.page.locator('.compare .legend li').nth(4).waitFor();
    assert.equal(this.page.url(), address);
  }

  /** Of timeline, heat map and marks all could be had. */
  async hasNoFailure() {
    const failure = this.page.locator('#time-failure');
    assert.ok(await failure.isHidden(), (await failure.textContent()) ?? '');
  }

  async has_nothing_to_complain_about() {
    assert.deepEqual(this.complaints, []);
  }
}

const STEPS = /** @type {const} */ ([
  'shows_who_uses_the_cpu_over_time',
  'stays_where_it_is_when_it_is_pointed_at',
  'selects_a_range_by_keys',
  'is_live_again_when_the_range_ends_now',
  'selects_a_range_by_a_drag',
  'shows_cells_of_milliseconds',
  'has_in_each_cell_what_its_flame_graph_has',
  'has_in_some_cells_what_their_flame_graph_has',
  'compares_with_the_time_before',
  'compares_before_and_after_a_build',
  'shows_the_same_to_whoever_gets_the_link',
  'has_nothing_to_complain_about',
]);

/** @param {string} url @param {boolean} isLive @returns {Promise<number>} how many steps failed */
async function run(url, isLive) {
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(30000);
    const test = new TimeTest(page, url, isLive);
    for (const step of STEPS) {
      try {
        await test[step]();
        await test.hasNoFailure();
        console.log(`ok: the time ${step.replaceAll('_', ' ')}`);
      } catch (error) {
        console.log(`not ok: the time ${step.replaceAll('_', ' ')}: ${error?.stack}`);
        console.log(test.page.url(), test.complaints);
        return 1;
      }
    }
    return 0;
  } finally {
    await browser.close();
  }
}

const [url] = process.argv.slice(2);
const server = url ? null : await serve(0);
const address = /** @type {import('node:net').AddressInfo | undefined} */ (server?.address());
process.exitCode = await run(url ?? `http://127.0.0.1:${address?.port}/`, url !== undefined);
server?.closeAllConnections();
server?.close();
