// SPDX-License-Identifier: Apache-2.0

/**
 * A profile as one file of HTML, opened from the disk, without a network:
 *
 *     node tests/browser/html_file.test.mjs ENCODE_KNOWN_PROFILE
 *
 * Exit status 77: it cannot run here.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { launch } from './chromium.mjs';

const [program] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'html-file-'));
const complaints = [];
const requests = [];

/** The numbers in the row of a function. */
async function cells(page, name) {
  const row = page
    .getByRole('row')
    .filter({ has: page.getByRole('gridcell', { name, exact: true }) })
    .first();
  await row.waitFor({ state: 'attached', timeout: 20000 });
  const [, module, , samples, , share] = await row.getByRole('gridcell').allTextContents();
  return { module, samples, share };
}

/** What is said of the search, once it has these words. */
async function found(page, words) {
  const output = page.locator('#found').filter({ hasText: words });
  await output.waitFor({ timeout: 20000 });
  return output.textContent();
}

const tests = {
  async 'shows numbers'(page) {
    assert.deepEqual(await cells(page, 'main'), {
      module: '/usr/bin/api',
      samples: '56',
      share: '91.8 %',
    });
    const total = page.locator('#truth > div').filter({ hasText: 'samples' }).locator('dd').first();
    assert.equal(await total.textContent(), '61');
  },

  async 'shows a hostile name as text'(page) {
    const hostile = page.getByRole('gridcell').filter({ hasText: 'alert("1")' }).first();
    await hostile.waitFor({ state: 'attached' });
    assert.match(await hostile.textContent(), /<script>alert\("1"\)<\/script>;/);
  },

  async 'zooms and searches'(page) {
    await page.keyboard.press('/');
    await page.keyboard.type('memcpy');
    await page.waitForFunction(() => document.getElementById('found').textContent.includes('%'));
    assert.match(page.url(), /search=memcpy/);
  },

  async 'offers nothing that a server would have to do'(page) {
    for (const id of ['pause', 'range', 'save-svg']) {
      assert.equal(await page.locator(`#${id}`).isVisible(), false, id);
    }
  },

  async 'gives up a search without an end, and stays usable'(page) {
    const name = `${'a'.repeat(40)}!`;
    const file = { name: 'evil.folded', mimeType: 'text/plain', buffer: Buffer.from(`api;${name} 7`) };
    await page.locator('#open-file-picker').setInputFiles(file);
    assert.equal((await cells(page, name)).samples, '7');
    const search = page.locator('#search');
    await search.fill('/(a+)+$/');
    assert.doesNotMatch(await found(page, 'takes too long, and was given up'), /%/);
    await search.fill('aaa');
    assert.equal(await found(page, '%'), '100 % in 1 function');
  },

  async 'gives up a transform without an end, and shows what is asked for next'(page) {
    await page.evaluate(() => (location.hash = 'do=ignore:/(a%2B)%2B$/'));
    const message = page.locator('#message').filter({ hasText: 'it takes too long, and was given up' });
    await message.waitFor({ timeout: 40000 });
    await page.evaluate(() => (location.hash = 'do=ignore:nobody'));
    await message.waitFor({ state: 'hidden' });
    await page.locator('#file').click();
    assert.equal((await cells(page, 'main')).samples, '56');
  },

  async 'asks nobody for anything'() {
    assert.deepEqual(
      requests.filter((url) => !/^(file|data|blob):/.test(url)),
      [],
    );
    assert.equal(requests.filter((url) => url.startsWith('file:')).length, 1, requests.join());
    assert.deepEqual(complaints, []);
  },

  async 'lets nothing run but its own script'(page) {
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.strangerRan = true';
      const isForbidden = new Promise((resolve) =>
        document.addEventListener('securitypolicyviolation', resolve, { once: true }),
      );
      document.body.append(script);
      await isForbidden;
      return window.strangerRan === true;
    });
    assert.equal(ran, false);
  },
};

const browser = await launch();
const context = await browser.newContext({ offline: true, viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
page.on('request', (request) => requests.push(request.url()));
page.on('pageerror', (error) => complaints.push(error.stack));
page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
page.on('console', (message) => {
  if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
});
try {
  const path = join(folder, 'known.html');
  writeFileSync(path, execFileSync(program, ['html', 'timed'], { maxBuffer: 1 << 30 }));
  await page.goto(pathToFileURL(path).href);
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test(page);
      console.log(`ok: a file of HTML ${name}`);
    } catch (error) {
      console.log(`not ok: a file of HTML ${name}: ${error.stack}`);
      process.exitCode = 1;
    }
  }
  if (process.exitCode) console.log(complaints.join('\n'));
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
