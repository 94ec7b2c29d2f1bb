// SPDX-License-Identifier: Apache-2.0

/**
 * The page is for everyone: axe-core finds nothing in any view, in light and dark; every control
 * is reached by keyboard and shows that it has the focus; forced colours, reduced motion, larger
 * text, a phone and a 4K screen.
 *
 *     node tests/browser/everyone.test.mjs [PART_OF_A_SENTENCE]
 *
 * Exit status 77: it cannot run here.
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { Engine } from '../../web/ui/engine.js';
import { VIEWS } from '../../web/ui/state.js';
import { skip } from './chromium.mjs';
import { runTests, waitForPicture } from './opened_page.mjs';
import { syntheticProfile } from './synthetic_profile.mjs';
import { serve } from './synthetic_server.mjs';

/** What can have the focus. */
const FOCUSABLE =
  'a[href], button, input, select, summary, [tabindex]:not([tabindex="-1"])';

async function axeSource() {
  try {
    return await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  } catch {
    return skip('axe-core is not installed: run npm ci in tests/browser');
  }
}

/** The id of a function's frame, as it stands in an address. @param {string} name */
async function idOf(name) {
  const engine = new Engine();
  await engine.open(syntheticProfile({ seed: 1, seconds: 30, endS: 1700000000 }));
  return engine.frames.id(engine.frames.names.indexOf(name));
}

const axe = await axeSource();

/** Each view, with what it needs to show something; and those of a function with one picked. */
const HASHES = Object.fromEntries(VIEWS.map((view) => [view, `#view=${view}&at=1700000000`]));
for (const view of ['sandwich', 'code']) {
  HASHES[`${view} of a function`] = `${HASHES[view]}&fn=${await idOf('burn_three')}`;
}
HASHES['a comparison'] = `${HASHES.icicle}&base-at=1699999000`;
HASHES['the heat map'] = `${HASHES.icicle}&heat=on`;

/** What axe-core finds, one line a finding. */
async function findings(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await window['axe'].run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${help}: ${html} ${any[0]?.message ?? ''}`),
    );
  });
}

/** Wait until nothing moves: colours in motion are no one's colours. */
async function settle(page) {
  await page.waitForFunction(() =>
    document.getAnimations().every(({ effect }) => {
      const { iterations } = effect?.getComputedTiming() ?? {};
      return iterations === Infinity;
    }),
  );
}

/** Nothing is wider than the screen, but what scrolls by itself. */
async function assertFits(page) {
  const { width, screen, out } = await page.evaluate(() => {
    const screen = document.documentElement.clientWidth;
    const isClipped = (element) => {
      for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
        if (getComputedStyle(at).overflowX !== 'visible') return true;
      }
      return false;
    };
    const out = [...document.body.querySelectorAll('*')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (right > screen + 1 || left < -1) && !isClipped(element);
    });
    const width = document.documentElement.scrollWidth;
    return { width, screen, out: out.map((element) => element.outerHTML.slice(0, 120)) };
  });
  assert.deepEqual(out, [], `beyond the screen's ${screen} pixels`);
  assert.ok(width <= screen, `${width} pixels on a screen of ${screen}`);
}

/** What the keyboard reaches, in its order; each with whether it shows that it has the focus. */
async function tabStops(page, most = 120) {
  const stops = [];
  await page.evaluate(() => document.activeElement?.blur());
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate((selector) => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const hasRing = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1;
      // The grid lies unseen over the canvas, which draws the ring of the row that has the focus.
      const isDrawn = element.getAttribute('role') === 'treegrid';
      const number = [...document.querySelectorAll(selector)].indexOf(element);
      return { number, hasRing: hasRing || isDrawn, html: element.outerHTML.slice(0, 120) };
    }, FOCUSABLE);
    if (!stop || stops.some(({ number }) => number === stop.number)) break;
    stops.push(stop);
  }
  return stops;
}

/** The controls that are there to be used. */
async function controls(page) {
  return page.evaluate((selector) => {
    const all = [...document.querySelectorAll(selector)];
    return all
      .map((element, number) => ({ element, number, html: element.outerHTML.slice(0, 120) }))
      .filter(({ element }) => element.checkVisibility({ visibilityProperty: true }))
      .filter(({ element }) => !element.matches(':disabled, dialog *, [tabindex="-1"]'))
      .map(({ number, html }) => ({ number, html }));
  }, FOCUSABLE);
}

async function assertReachable(page) {
  const stops = await tabStops(page);
  const numbers = stops.map(({ number }) => number);
  const missed = (await controls(page)).filter(({ number }) => !numbers.includes(number));
  assert.deepEqual(missed, [], 'what no Tab reaches');
  assert.deepEqual(stops.filter(({ hasRing }) => !hasRing), [], 'what shows no focus');
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b), 'in the order of the page');
  assert.ok(stops.length > 8, `${stops.length} controls`);
}

const tests = {};

for (const [view, hash] of Object.entries(HASHES)) {
  tests[`axe-core finds nothing in ${view}, light and dark`] = async (open) => {
    const page = await open(hash);
    await waitForPicture(page);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await settle(page);
      assert.deepEqual(await findings(page), [], colorScheme);
    }
  };

  tests[`Tab reaches all of ${view}, in order, and shows where it is`] = async (open) => {
    const page = await open(hash);
    await waitForPicture(page);
    await assertReachable(page);
  };

  tests[`${view} fits a phone, a 4K screen, and text of twice the size`] = async (open) => {
    for (const options of [
      { viewport: { width: 360, height: 740 }, deviceScaleFactor: 3, hasTouch: true },
      { viewport: { width: 740, height: 360 }, deviceScaleFactor: 3, hasTouch: true },
      { viewport: { width: 3840, height: 2160 } },
      { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }, // 1440 at 200 %
    ]) {
      const page = await open(hash, options);
      await waitForPicture(page);
      await assertFits(page);
      await page.context().close();
    }
  };
}

Object.assign(tests, {
  async 'axe-core finds nothing in the dialogs'(open) {
    const page = await open(HASHES.icicle);
    await waitForPicture(page);
    for (const key of ['?', 'i']) {
      await page.keyboard.press(key);
      await page.locator('dialog[open]').waitFor();
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await settle(page);
        assert.deepEqual(await findings(page), [], `${key} ${colorScheme}`);
      }
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
    }
  },

  async 'axe-core finds nothing in the menu of a frame, and around it'(open) {
    const page = await open(HASHES.icicle);
    await waitForPicture(page);
    await page.getByRole('treegrid').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'Shift+F10'])
      await page.keyboard.press(key);
    await page.getByRole('menu').waitFor();
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await settle(page);
      assert.deepEqual(await findings(page), [], colorScheme);
    }
  },

  async 'the keys are listed, and one that is named elsewhere is among them'(open) {
    const page = await open(HASHES.icicle, { viewport: { width: 1440, height: 500 } });
    await waitForPicture(page);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    assert.equal(await page.locator('#help').evaluate(({ scrollTop }) => scrollTop), 0);
    const caps = await page.locator('#keys kbd').allTextContents();
    assert.ok(caps.length >= 14, `${caps.length} keys`);
    assert.deepEqual(caps.filter((cap, i) => caps.indexOf(cap) !== i), [], 'listed twice');
    const named = await page.evaluate(() =>
      [...document.querySelectorAll('[aria-keyshortcuts]')].flatMap((element) =>
        element.getAttribute('aria-keyshortcuts').split(' '),
      ),
    );
    const text = await page.locator('#keys').textContent();
    assert.deepEqual(named.filter((key) => !caps.includes(key) && !text.includes(key)), []);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  },

  async 'without motion nothing moves, and zooming is at once'(open) {
    const page = await open(HASHES.icicle, { reducedMotion: 'reduce' });
    await waitForPicture(page);
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    await page.getByRole('treegrid').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    const widths = await page.evaluate(async () => {
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      const row = document.querySelector('[role=row][aria-selected=true]');
      return [row?.getBoundingClientRect().width, document.getElementById('graph')?.clientWidth];
    });
    assert.ok(widths[0] > 0.95 * widths[1], `${widths[0]} of ${widths[1]} pixels`);
  },

  async 'with forced colours the controls and the focus can be told apart'(open) {
    const page = await open(HASHES.icicle, { forcedColors: 'active' });
    await waitForPicture(page);
    await assertReachable(page);
    await assertFits(page);
    const { fills, texts } = await page.evaluate(() => {
      const canvas = document.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const counts = new Map();
      for (let i = 0; i < data.length; i += 4) {
        const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
      }
      const system = (name) => {
        const probe = document.createElement('span');
        probe.style.color = name;
        document.body.append(probe);
        const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
        probe.remove();
        return (r << 16) | (g << 8) | b;
      };
      return {
        fills: counts.get(system('Canvas')) ?? 0,
        texts: counts.get(system('CanvasText')) ?? 0,
      };
    });
    assert.ok(fills > 0 && texts > 100, `${fills} and ${texts} pixels of the system's colours`);
  },

  async 'text of twice the size grows the controls and is not cut off'(open) {
    const page = await open(HASHES.icicle, { viewport: { width: 1280, height: 900 } });
    const heights = async () => {
      await waitForPicture(page);
      const boxes = [page.locator('#show-help'), page.locator('#graph .twin [role=row][id]').first()];
      return Promise.all(boxes.map(async (box) => (await box.boundingBox()).height));
    };
    const before = await heights();
    await page.addInitScript(() =>
      document.addEventListener('readystatechange', () => {
        // The page's own size is 87.5 % of what the browser is set to.
        document.documentElement.style.fontSize = '175%';
      }),
    );
    await page.reload();
    const after = await heights();
    after.forEach((height, i) => assert.ok(height >= 1.8 * before[i], `${before} → ${after} pixels`));
    await assertFits(page);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll('button, dt, dd, label, h1, h2')]
        .filter((element) => element.checkVisibility() && !element.closest('dialog'))
        .filter(({ scrollHeight, clientHeight }) => clientHeight && scrollHeight > clientHeight + 2)
        .map((element) => element.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(cut, []);
  },

  async 'a screen of 4K is filled'(open) {
    const page = await open(HASHES.icicle, { viewport: { width: 3840, height: 2160 } });
    await waitForPicture(page);
    const box = await page.locator('#graph canvas').boundingBox();
    assert.ok(box.width > 0.85 * 3840, `${box.width} pixels`);
  },
});

const [part = ''] = process.argv.slice(2);
const server = await serve(0);
const chosen = Object.entries(tests).filter(([sentence]) => sentence.includes(part));
const url = `http://127.0.0.1:${server.address().port}/`;
process.exitCode = (await runTests(Object.fromEntries(chosen), url)) ? 1 : 0;
server.closeAllConnections();
server.close();
