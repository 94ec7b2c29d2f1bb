// SPDX-License-Identifier: Apache-2.0

/**
 * The views, and what can be done with a frame, in a real browser:
 *
 *     node tests/browser/views.test.mjs [PART_OF_A_SENTENCE]
 *
 * Of the synthetic host, `burn_three` has three times what `burn_one` has. Exit status 77: it
 * cannot run here.
 */

import assert from 'node:assert/strict';

import { HEAP_SUMS, heapProfile } from './heap_profile.mjs';
import { runTests, waitForPicture } from './opened_page.mjs';
import { SELF } from './synthetic_code.mjs';
import { serve } from './synthetic_server.mjs';

const AT = '#at=1700000000';
const LONG_MS = 20000;

/** A row of a table by the name in it. */
function rowOf(page, name) {
  return page.locator('.view:not([hidden]) .rows-body [role=row]').filter({
    has: page.getByText(name, { exact: true }),
  });
}

async function cell(page, name, key) {
  return rowOf(page, name).first().locator(`.cell-${key}`).textContent();
}

/** Fields of the address. */
async function address(page) {
  return new URLSearchParams(new URL(page.url()).hash.slice(1));
}

async function rowsOfTwin(page) {
  return page.locator('#graph .twin [role=row][id] [role=gridcell]:first-child').allTextContents();
}

/** Runs in the page: of each row that lies over a box, what its pixels are, and what they should be. */
async function coloursOfBoxes() {
  const { kindOf } = await import('./frames.js');
  const { Palette, solidColour } = await import('./palette.js');
  const palette = new Palette('light');
  const canvas = document.querySelector('#graph canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colourAt = (x, y) => {
    const [red, green, blue, alpha] = data.subarray(4 * (y * canvas.width + x));
    if (!alpha) return '';
    return `#${((red << 16) | (green << 8) | blue).toString(16).padStart(6, '0')}`;
  };
  const rows = [...document.querySelectorAll('#graph .twin [role=row][id]')];
  return rows.flatMap((row) => {
    const [x, y, width, height] = ['left', 'top', 'width', 'height'].map((side) =>
      parseFloat(row.style[side]),
    );
    if (width < 12 || y + height > canvas.clientHeight) return [];
    const [name, where] = [...row.children].map(({ textContent }) => textContent);
    const [module, inlined] = [where.replace(' (inlined)', ''), where.endsWith(' (inlined)')];
    const kind = { 1: 'host', 2: 'process' }[row.ariaLevel] ?? kindOf(name, module);
    const paint = palette.paint({ id: row.id, name, module, kind, inlined });
    if (paint.striped) return [];
    const [left, right] = [Math.round(x), Math.round(x + width)];
    return {
      name,
      expected: [solidColour(paint.fill), inlined ? solidColour(paint.edge) : '', ''],
      // Beside the text, at the edge, and beneath.
      drawn: [
        colourAt(right - 4, y + height - 2),
        inlined ? colourAt(left, y + 3) : '',
        colourAt(left + 1, y + height),
      ],
    };
  });
}

const tests = {
  async 'boxes are where their rows are, in the colours of their frames'(open) {
    const page = await open(AT);
    await waitForPicture(page);
    const boxes = await page.evaluate(coloursOfBoxes);
    assert.ok(boxes.length > 20, `${boxes.length} boxes`);
    assert.ok(boxes.some(({ expected }) => expected[1]), 'none is inlined');
    for (const { name, expected, drawn } of boxes) assert.deepEqual(drawn, expected, name);
  },

  async 'tabs lead by arrow keys, and stand in the address'(open) {
    const page = await open(AT);
    await waitForPicture(page);
    await page.getByRole('tab', { name: 'Icicle' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Flame', selected: true }).waitFor();
    assert.equal((await address(page)).get('view'), 'flame');
    await page.keyboard.press('End');
    await page.getByRole('tab', { name: 'Split', selected: true }).waitFor();
    await page.goBack();
    await page.getByRole('tab', { name: 'Flame', selected: true }).waitFor();
  },

  async 'of two zooms at once, each is a step back'(open) {
    const page = await open(AT);
    await waitForPicture(page);
    const zoomHas = (steps) =>
      page.waitForFunction((wanted) => {
        const zoom = new URLSearchParams(location.hash.slice(1)).get('zoom');
        return (zoom ? zoom.split('.').length : 0) === wanted;
      }, steps);
    await page.locator('#graph .twin').evaluate((twin) => {
      for (const key of ['ArrowDown', 'ArrowDown', 'Enter', 'ArrowDown', 'Enter']) {
        twin.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }));
      }
    });
    await zoomHas(2);
    await page.goBack();
    await zoomHas(1);
    await page.goBack();
    await zoomHas(0);
  },

  async 'a flame grows upward from its root, and keys follow the eye'(open) {
    const page = await open(`${AT}&view=flame`);
    await waitForPicture(page);
    const y = async (level) =>
      (await page.locator(`#graph .twin [role=row][aria-level="${level}"]`).first().boundingBox()).y;
    assert.ok((await y(1)) > (await y(2)) && (await y(2)) > (await y(3)));
    await page.locator('#graph .twin').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    const id = await page.locator('#graph .twin').getAttribute('aria-activedescendant');
    assert.equal(await page.locator(`#${id}`).getAttribute('aria-level'), '2');
  },

  async 'the foot of a flame is seen, whatever pushes it'(open) {
    const page = await open(`${AT}&view=flame`, { viewport: { width: 1200, height: 640 } });
    await waitForPicture(page);
    const belowPx = () =>
      page.locator('#graph').evaluate(async (graph) => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        return graph.scrollHeight - graph.scrollTop - graph.clientHeight;
      });
    assert.equal(await belowPx(), 0);
    const { x, y, width, height } = await page.locator('#graph').boundingBox();
    // What is told of a box takes room of the graph, while it moves.
    await page.mouse.click(x + width / 3, y + height - 54);
    await page.waitForURL(/zoom/);
    assert.equal(await belowPx(), 0);
    assert.ok((await page.locator('#graph').boundingBox()).height < height, 'nothing pushes it');
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1200, height: 1000 });
    assert.equal(await belowPx(), 0);
  },

  async 'the top table has the numbers, sorts and searches'(open) {
    const page = await open(`${AT}&view=top&search=burn_`);
    await rowOf(page, 'burn_three').waitFor({ timeout: LONG_MS });
    const samples = async (name) => Number((await cell(page, name, 'samples')).replace(',', ''));
    const [three, one] = [await samples('burn_three'), await samples('burn_one')];
    assert.ok(Math.abs(three / one - 3) < 0.05, `${three} against ${one}`);
    const names = () => page.locator('.top-rows .rows-body .cell-name').allTextContents();
    assert.deepEqual(await names(), ['burn_three', 'burn_one']);
    await page.getByRole('button', { name: 'function', exact: true }).click();
    await page.locator('[aria-sort=ascending]').waitFor();
    assert.deepEqual(await names(), ['burn_one', 'burn_three']);
    assert.equal((await address(page)).get('sort'), 'name');
  },

  async 'the call tree opens and closes by keys'(open) {
    const page = await open(`${AT}&view=tree`);
    await rowOf(page, 'fixture').waitFor({ timeout: LONG_MS });
    await rowOf(page, 'fixture').click();
    for (const name of ['_start', 'main']) {
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await rowOf(page, name).first().waitFor();
    }
    await page.keyboard.press('ArrowRight');
    await rowOf(page, 'burn_three').waitFor();
    assert.equal(await cell(page, 'burn_three', 'self'), await cell(page, 'burn_three', 'total'));
    await page.keyboard.press('ArrowLeft');
    await rowOf(page, 'burn_three').waitFor({ state: 'detached' });
  },

  async 'rows that are open stand in the address, and are open for whoever gets the link'(open) {
    const page = await open(`${AT}&view=tree`);
    await rowOf(page, 'fixture').first().locator('.twist').click({ timeout: LONG_MS });
    await rowOf(page, '_start').first().locator('.twist').click();
    await rowOf(page, 'main').first().waitFor();
    await page.waitForFunction(() => /[#&]open=0[.-]/.test(location.hash));
    const names = (of) => of.locator('.view-tree .rows-body .cell-name').allTextContents();
    const link = new URL(page.url());
    const other = await open(link.hash);
    await rowOf(other, 'main').first().waitFor({ timeout: LONG_MS });
    assert.deepEqual(await names(other), await names(page));
    const later = await open(`${link.hash}&query={comm="nginx"}`);
    await rowOf(later, 'nginx').first().waitFor({ timeout: LONG_MS });
    await later.locator('#query').click();
    await rowOf(later, 'fixture').first().waitFor();
    assert.deepEqual(await names(later), await names(page), 'what was not there at first');
    await rowOf(other, 'fixture').first().locator('.twist').click();
    await rowOf(other, 'main').first().waitFor({ state: 'detached' });
    assert.notEqual(new URL(other.url()).hash, link.hash);
    await other.evaluate((hash) => (location.hash = hash), link.hash);
    await rowOf(other, 'main').first().waitFor();
    assert.deepEqual(await names(other), await names(page));
  },

  async 'so do the graphs that a split shows'(open) {
    const page = await open(`${AT}&view=split&group=pid`);
    const cards = page.locator('.split-card');
    await page.locator('.split-more').click({ timeout: LONG_MS });
    await cards.nth(12).waitFor();
    assert.equal((await address(page)).get('cards'), '24');
    const other = await open(new URL(page.url()).hash);
    await other.locator('.split-card').nth(12).waitFor({ timeout: LONG_MS });
    assert.equal(await other.locator('.split-card').count(), await cards.count());
  },

  async 'of a profile of memory each type of value is shown, and stands in the address'(open) {
    const page = await open(AT);
    await waitForPicture(page);
    const buffer = Buffer.from(heapProfile());
    const file = { name: 'heap.pb', mimeType: 'application/octet-stream', buffer };
    await page.locator('#open-file-picker').setInputFiles(file);
    const root = page.locator('#graph .twin [role=row][aria-level="1"] [role=gridcell]');
    const heads = page.locator('#graph .twin [role=columnheader]');
    const shows = async (type, objects, megabytes) => {
      const value = heads.nth(4).getByText(type.replace('_', ' '), { exact: true });
      await value.waitFor({ state: 'attached' });
      assert.equal(await heads.nth(3).textContent(), type.replace('_space', ' objects'));
      assert.equal(await root.nth(3).textContent(), objects.toLocaleString('en'));
      assert.equal(await root.nth(4).textContent(), `${megabytes} MB`);
    };
    const { alloc_objects: allocated, inuse_objects: inUse } = HEAP_SUMS;
    await shows('inuse_space', inUse, '25.0');
    await page.getByLabel('values').selectOption('alloc_space');
    await shows('alloc_space', allocated, '72.0');
    assert.equal((await address(page)).get('type'), 'alloc_space');
    await page.getByRole('tab', { name: 'Top' }).click();
    assert.equal(await cell(page, 'main.readBody', 'self'), '40.0 MB');
    assert.equal(await cell(page, 'main.readBody', 'samples'), '2,000');
    await page.goBack();
    await page.goBack();
    await shows('inuse_space', inUse, '25.0');
  },

  async 'a type of value in a link is shown'(open) {
    const page = await open(`${AT}&type=samples&query={comm="fixture"}`);
    await waitForPicture(page);
    const cells = page.locator('#graph .twin [role=row][aria-level="1"] [role=gridcell]');
    assert.equal(await cells.nth(3).textContent(), await cells.nth(4).textContent());
    assert.equal(await page.getByLabel('values').inputValue(), 'samples');
    await page.getByLabel('values').selectOption('cpu');
    await page.locator('#truth').getByText('CPU time', { exact: true }).waitFor();
    await cells.nth(4).filter({ hasText: / s$/ }).waitFor({ state: 'attached' });
  },

  async 'a sandwich has the callers and the callees of a function'(open) {
    const page = await open(`${AT}&view=top&search=ngx_http_core_run_phases`);
    const top = rowOf(page, 'ngx_http_core_run_phases');
    await top.waitFor({ timeout: LONG_MS });
    const total = await cell(page, 'ngx_http_core_run_phases', 'total');
    await top.click();
    await page.keyboard.press('Enter');
    await page.locator('.sandwich-title bdi').getByText('ngx_http_core_run_phases').waitFor();
    assert.ok((await page.locator('.sandwich-title').textContent()).includes(total));
    const side = (name) => page.locator(`.sandwich-${name} [role=gridcell]:first-child`);
    await side('callees').getByText('ngx_http_send_header').waitFor({ state: 'attached' });
    await side('callers').getByText('ngx_http_process_request', { exact: true }).waitFor({
      state: 'attached',
    });
  },

  async 'stacks stand in order of time, at their times'(open) {
    const page = await open(`${AT}&view=time&thread=6001`);
    const summary = page.locator('.time-summary');
    await summary.getByText(/^(29|30)\.\d s from .* samples$/).waitFor({ timeout: LONG_MS });
    const names = page.locator('.view-time [role=row][id] [role=gridcell]:first-child');
    await names.getByText('burn_three').first().waitFor({ state: 'attached' });
    assert.ok((await names.getByText('burn_three').count()) >= 3, 'it comes back');
    await page.getByRole('button', { name: 'show less time' }).click();
    await page.waitForFunction(() => location.hash.includes('span='));
    const spanAfter = async (key) => {
      const { hash } = new URL(page.url());
      await page.getByRole('treegrid').press(key);
      await page.waitForFunction((before) => location.hash !== before, hash);
      const [from, to] = (await address(page)).get('span').split('_').map(Number);
      return { from, length: Math.round(to - from) };
    };
    const nearer = await spanAfter('+');
    const later = await spanAfter('Shift+ArrowRight');
    assert.ok(later.from > nearer.from && later.length === nearer.length, 'it moves');
    const farther = await spanAfter('-');
    assert.ok(farther.length > 1.5 * later.length, 'it zooms');
  },

  async 'code has the samples of its lines and of its instructions'(open) {
    const page = await open(`${AT}&view=top&search=burn_three`);
    await rowOf(page, 'burn_three').click({ timeout: LONG_MS });
    await page.locator('#details').getByText('build id').waitFor();
    await page.getByRole('button', { name: 'actions' }).click();
    await page.getByRole('menuitem', { name: 'Source and assembly' }).click();
    const hot = page.locator('.code-source .is-hot .cell-self');
    await hot.first().waitFor();
    const sum = (texts) => texts.reduce((all, text) => all + Number(text), 0);
    const whole = SELF.reduce((all, n) => all + n, 0);
    assert.equal(sum(await hot.allTextContents()), whole);
    const ofCode = page.locator('.code-assembly .cell-self');
    assert.equal(sum(await ofCode.allTextContents().then((texts) => texts.slice(1))), whole);
  },

  async 'a split adds up to the whole, and a part is shown alone'(open) {
    const page = await open(`${AT}&view=split&group=comm`);
    const card = page.locator('.split-card').filter({ hasText: 'fixture' });
    await card.waitFor({ timeout: LONG_MS });
    const numbers = await page.locator('.split-numbers').allTextContents();
    const shares = numbers.map((text) => parseFloat(text.split(' · ')[1]));
    const sum = shares.reduce((all, share) => all + share, 0);
    assert.ok(Math.abs(sum - 100) < 1, `${sum} %`);
    await card.getByRole('button', { name: 'fixture' }).click();
    await page.waitForFunction(() => location.hash.includes('query='));
    assert.equal((await address(page)).get('query'), '{comm="fixture"}');
  },

  async 'a frame is dropped by its menu, and comes back by a key'(open) {
    const page = await open(`${AT}&query={comm="fixture"}`);
    await waitForPicture(page);
    await page.locator('#graph .twin').focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowDown');
    await page.locator('#details bdi').getByText('burn_three').waitFor();
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Drop stacks with it' }).click();
    await page.locator('.chip').getByText('drop burn_three').waitFor();
    assert.deepEqual((await address(page)).getAll('do'), ['drop:=burn_three']);
    await page.waitForFunction(
      () => !document.querySelector('#graph .twin')?.textContent.includes('burn_three'),
    );
    assert.ok((await rowsOfTwin(page)).includes('burn_one'));
    await page.locator('body').press('u');
    await page.locator('.chip').waitFor({ state: 'detached' });
    await page.waitForFunction(() =>
      document.querySelector('#graph .twin')?.textContent.includes('burn_three'),
    );
  },

  async 'what has the focus may not be in the next picture'(open) {
    const page = await open(AT, { reducedMotion: 'reduce' });
    await waitForPicture(page);
    await page.getByRole('treegrid').focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowDown');
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
    const buffer = Buffer.from('api;main 3\n');
    const file = { name: 'small.folded', mimeType: 'text/plain', buffer };
    await page.locator('#open-file-picker').setInputFiles(file);
    const rows = page.locator('#graph [role=row][id]');
    await rows.filter({ hasText: 'small.folded' }).waitFor({ state: 'attached' });
    const levels = await rows.evaluateAll((all) => all.map(({ ariaLevel }) => ariaLevel));
    assert.deepEqual(levels, ['1', '2', '3']);
    assert.ok(await page.locator('#message').isHidden(), 'there is nothing to be said');
    assert.match(await page.locator('.details-name').textContent(), /^small\.folded/);
  },

  async 'of more boxes than there are rows the widest have one'(open) {
    const page = await open(AT);
    await waitForPicture(page);
    const stacks = Array.from({ length: 12 }, (_, i) => {
      const frames = Array.from({ length: 70 }, (_, depth) => `f${i}_${depth}`);
      return `many;${frames.join(';')} 10\n`;
    });
    const buffer = Buffer.from(`${stacks.join('')}wide;wide_function 30\n`);
    const file = { name: 'many.folded', mimeType: 'text/plain', buffer };
    await page.locator('#open-file-picker').setInputFiles(file);
    const row = page.locator('#graph [role=row][id]').filter({ hasText: 'wide_function' });
    await row.waitFor({ state: 'attached' });
  },

  async 'a right click on a box opens its menu, and Escape gives the focus back'(open) {
    const page = await open(`${AT}&query={comm="fixture"}`);
    await waitForPicture(page);
    const box = await page.locator('#graph .twin [role=row][aria-level="4"]').first().boundingBox();
    await page.mouse.click(box.x + 20, box.y + 8, { button: 'right' });
    const menu = page.getByRole('menu');
    await menu.waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Escape');
    await menu.waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'twin');
  },

  async 'libraries are folded by a click, and a filter is typed'(open) {
    const page = await open(AT);
    await waitForPicture(page);
    await page.getByRole('button', { name: 'fold libraries' }).click();
    await page.waitForFunction(() =>
      document.querySelector('#graph .twin')?.textContent.includes('libz.so.1.2.13'),
    );
    await page.getByRole('button', { name: '+ filter' }).click();
    await page.keyboard.type('/^burn_one$/');
    await page.keyboard.press('Enter');
    await page.locator('.chip').nth(1).waitFor();
    assert.deepEqual((await address(page)).getAll('do'), ['fold:*', 'focus:/^burn_one$/']);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), '+ filter');
    await page.waitForFunction(
      () => !document.querySelector('#graph .twin')?.textContent.includes('nginx'),
    );
  },

  async 'colours by label have a legend of its values'(open) {
    const page = await open(`${AT}&colour=label:comm`);
    await waitForPicture(page);
    await page.locator('#legend').getByText('postgres').waitFor();
    await page.getByLabel('colours by').selectOption('share');
    await page.locator('#legend').getByText('20.0 % and more').waitFor();
    assert.equal((await address(page)).get('colour'), 'share');
  },
};

const [wanted = ''] = process.argv.slice(2);
const server = await serve(0);
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const chosen = Object.entries(tests).filter(([sentence]) => sentence.includes(wanted));
const failed = await runTests(Object.fromEntries(chosen), `http://127.0.0.1:${port}/`);
server.closeAllConnections();
server.close();
process.exitCode = failed ? 1 : 0;
