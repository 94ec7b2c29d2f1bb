// SPDX-License-Identifier: Apache-2.0

/**
 * Hostile profiles in the page: a right picture, or a message that says what is wrong; the page
 * answers people all the while, and nothing in a name ever runs.
 *
 *     node tests/browser/hostile.test.mjs [PART_OF_A_SENTENCE]
 *
 * Exit status 77: it cannot run here.
 */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { VIEWS } from '../../web/ui/state.js';
import { danglingIds, deepStacks, EVIL_NAMES, manySamples, strangeNames } from './hostile_profile.mjs';
import { BusyError, runTests } from './opened_page.mjs';
import { serve } from './synthetic_server.mjs';

/** What the page may do without a pause. */
const LONGEST_TASK_MS = 1000;
const PATIENCE_MS = 60000;

const POLL_MS = 50;

/**
 * Note the most CPU time that the page's thread has taken without giving an answer: what the host
 * keeps from it is not the page's.
 */
async function watchThread(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  page.longestCpuMs = 0;
  for (let before = 0; ; ) {
    const { metrics } = await session.send('Performance.getMetrics');
    const taken = metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
    page.longestCpuMs = Math.max(page.longestCpuMs, taken - before);
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Note the longest time for which the page could not have answered. */
function watchTasks() {
  window['longest'] = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      window['longest'] = Math.max(window['longest'], duration);
    }
  }).observe({ entryTypes: ['longtask'] });
}

/** The page with a profile, when it shows a picture or a sentence about why there is none. */
async function show(open, bytes, hash = '#at=1700000000') {
  const server = await serve(0, bytes);
  const { port } = server.address();
  const page = await open('about:blank');
  page.context().once('close', () => {
    server.closeAllConnections();
    server.close();
  });
  await page.addInitScript(watchTasks);
  // It ends when the page is closed.
  watchThread(page).catch((error) => (page.watchFailure = error));
  await page.goto(`http://127.0.0.1:${port}/${hash}`);
  await page.waitForFunction(
    () =>
      document.querySelector('#truth > div') ||
      !document.getElementById('failure')?.hidden ||
      /cannot|too|than/.test(document.getElementById('message')?.textContent ?? ''),
    null,
    { timeout: PATIENCE_MS },
  );
  return page;
}

/** The page never kept people waiting. */
async function assertAlive(page) {
  if (page.watchFailure) throw page.watchFailure;
  const longest = await page.evaluate(() => window['longest']);
  const cpuMs = Math.round(page.longestCpuMs);
  assert.ok(cpuMs > 0, 'what the page takes is measured');
  if (Math.min(longest, cpuMs) > LONGEST_TASK_MS) {
    throw new BusyError(`the page did nothing else for ${longest} ms, ${cpuMs} ms of CPU`);
  }
}

/** @returns {Promise<string[]>} the cells of the first row of a function, once it is there */
async function cells(page, name) {
  const found = await page.waitForFunction((wanted) => {
    const rows = [...document.querySelectorAll('#graph .twin [role=row][id]')];
    const texts = rows.map((row) => [...row.children].map((cell) => cell.textContent));
    return texts.find(([text]) => text === wanted);
  }, name);
  return found.jsonValue();
}

async function truth(page, name) {
  return page.evaluate((wanted) => {
    const items = [...document.querySelectorAll('#truth > div')];
    const item = items.find((div) => div.querySelector('dt')?.textContent === wanted);
    return item?.querySelector('dd')?.textContent;
  }, name);
}

const failure = (page) => page.locator('#failure').textContent();

const tests = {
  async 'ten million samples are shown'(open) {
    const page = await show(open, manySamples(10_000_000));
    assert.equal(await truth(page, 'samples'), '10,000,000');
    assert.equal((await cells(page, 'function_0'))[3], '10,000,000');
    assert.equal((await cells(page, 'function_3'))[5], '10.0 %');
    await assertAlive(page);
  },

  async 'twenty thousand stacks of 512 frames are shown'(open) {
    const page = await show(open, deepStacks(20_000));
    assert.equal(await truth(page, 'samples'), '20,000');
    assert.equal((await cells(page, 'deep_0'))[5], '100 %');
    await page.getByRole('treegrid').focus();
    for (let i = 0; i < 300; i++) await page.keyboard.press('ArrowDown');
    const focused = await page.getByRole('treegrid').getAttribute('aria-activedescendant');
    const level = await page.locator(`#${focused}`).getAttribute('aria-level');
    assert.ok(Number(level) >= 300, `the keyboard is at depth ${level}`);
    await assertAlive(page);
  },

  async 'circles and ids that lead nowhere give a picture or a sentence'(open) {
    const page = await show(open, danglingIds());
    const sentence = await failure(page);
    if (!sentence) {
      assert.equal(await truth(page, 'samples'), '58');
      assert.equal((await cells(page, 'main'))[3], '57');
    } else {
      assert.match(sentence, /^This profile cannot be shown: .{10,}/);
    }
    await assertAlive(page);
  },

  async 'bytes that are no profile give a sentence'(open) {
    const whole = strangeNames(3);
    const hostile = [
      randomBytes(4096),
      whole.subarray(0, whole.length - 7),
      gzipSync(whole).subarray(0, 400),
      gzipSync(randomBytes(4096)),
      Buffer.from('<!doctype html><script>alert(1)</script>'),
    ];
    for (const bytes of hostile) {
      const page = await show(open, bytes);
      assert.match((await failure(page)) ?? '', /^This profile cannot be shown: .{10,}/);
      await assertAlive(page);
    }
  },

  async 'a few kilobytes that unpack to gigabytes give a sentence'(open) {
    const half = Buffer.alloc(1 << 29);
    const gzipped = gzipSync(half, { level: 9 });
    const page = await show(open, Buffer.concat([gzipped, gzipped, gzipped]));
    assert.match((await failure(page)) ?? '', /^This profile cannot be shown: .{10,}/);
    await assertAlive(page);
  },
};

for (const view of VIEWS) {
  tests[`names of 10 KB, of markup and of control characters are texts in ${view}`] = async (open) => {
    const page = await show(open, strangeNames(2000), `#at=1700000000&view=${view}`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    const strange = await page.evaluate(() => ({
      scripts: document.scripts.length,
      images: document.querySelectorAll('img:not([src="favicon.svg"]), svg script').length,
      handlers: document.querySelectorAll('[onerror], [onload]').length,
      texts: document.body.innerText.split('\n'),
    }));
    assert.deepEqual([strange.scripts, strange.images, strange.handlers], [1, 0, 0]);
    if (view === 'icicle') {
      const [markup] = EVIL_NAMES;
      assert.equal((await cells(page, markup))[3], '100');
    }
    const unseen = strange.texts.filter((text) => /[\u202A-\u202E\u2066-\u2069\0\x07\x1b]/.test(text));
    assert.deepEqual(unseen, []);
    await page.keyboard.press('/');
    await page.keyboard.type('alert', { delay: 20 });
    await page.keyboard.press('Enter');
    await assertAlive(page);
  };
}

const [part = ''] = process.argv.slice(2);
const chosen = Object.entries(tests).filter(([sentence]) => sentence.includes(part));
process.exitCode = (await runTests(Object.fromEntries(chosen), '')) ? 1 : 0;
