// SPDX-License-Identifier: Apache-2.0

/**
 * Speedscope, as it is released, reads what the encoders write:
 *
 *     node tests/browser/speedscope.test.mjs ENCODE_KNOWN_PROFILE
 *
 * A file is opened in speedscope's own page, and saved again: what comes out is what its importer
 * understood. Exit status 77: it cannot run here.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { launch, skip } from './chromium.mjs';

const RELEASE = fileURLToPath(
  new URL('node_modules/speedscope/dist/release/index.html', import.meta.url),
);
const [program] = process.argv.slice(2);
const TICK_S = 0.01;
const NANO = 1e-9;

/** @param {string[]} parameters */
function encoded(...parameters) {
  return execFileSync(program, parameters, { maxBuffer: 1 << 30 });
}

/** What the folded format says: seconds by stack, without the process and the marks of kinds. */
function folded() {
  const seconds = new Map();
  for (const line of encoded('folded', 'timed').toString().trimEnd().split('\n')) {
    const [, text, count] = /^(.*) (\d+)$/.exec(line);
    const stack = text
      .split(';')
      .slice(1)
      .map((name) => name.replace(/_\[[ikj]\]$/, ''))
      .join(';');
    seconds.set(stack, (seconds.get(stack) ?? 0) + count * TICK_S);
  }
  return seconds;
}

/** Have speedscope read @p bytes, and say what it made of them. */
async function understood(page, name, bytes) {
  const folder = mkdtempSync(join(tmpdir(), 'speedscope-'));
  const path = join(folder, name);
  try {
    writeFileSync(path, bytes);
    await page.goto(pathToFileURL(RELEASE).href);
    await page.setInputFiles('input[type=file]', path);
    await page.locator('canvas').first().waitFor({ timeout: 20000 });
    const saved = page.waitForEvent('download');
    await page.keyboard.press('Control+s');
    return JSON.parse(readFileSync(await (await saved).path(), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Seconds by stack, and the bars of each profile: what was open, from when to when. */
function barsOf(file, unit) {
  const profiles = [];
  for (const { name, events, samples, weights, startValue } of file.profiles) {
    const bars = [];
    const open = [];
    let last = 0;
    const close = (at) => {
      if (at > last && open.length) bars.push({ stack: [...open], start: last, end: at });
      last = at;
    };
    if (events) {
      for (const { type, frame, at } of events) {
        close(at * unit);
        if (type === 'O') open.push(file.shared.frames[frame].name);
        else open.pop();
      }
    } else {
      samples.forEach((sample, i) => {
        const end = last + weights[i] * unit;
        open.splice(0, Infinity, ...sample.map((frame) => file.shared.frames[frame].name));
        close(end);
      });
    }
    profiles.push({ name, startValue, bars });
  }
  return profiles;
}

function secondsByStack(profiles, nameOf = (name) => name) {
  const seconds = new Map();
  for (const { stack, start, end } of profiles.flatMap(({ bars }) => bars)) {
    const text = stack.map(nameOf).join(';');
    seconds.set(text, (seconds.get(text) ?? 0) + end - start);
  }
  return seconds;
}

function assertSame(found, expected) {
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
  for (const [stack, seconds] of expected) {
    assert.ok(Math.abs(found.get(stack) - seconds) < 1e-6, `${stack}: ${found.get(stack)}`);
  }
}

/** As the folded format has names: what could break a line is escaped there. */
function escaped(name) {
  return name.replace(/;/g, '\\x3b').replace(/\n/g, '\\x0a');
}

const tests = {
  async 'reads the speedscope format'(page) {
    const file = await understood(page, 'known.speedscope.json', encoded('speedscope', 'timed'));
    const profiles = barsOf(file, NANO);
    const expected = folded();
    expected.set('[unknown]', expected.get(''));
    expected.delete('');
    assertSame(secondsByStack(profiles, escaped), expected);
    assert.deepEqual(profiles.map(({ name }) => name).sort(), [
      '[unknown]',
      'api, thread 17',
      'api, thread 18',
      'evil;\n, thread 66',
    ]);
  },

  async 'shows when a sample was taken'(page) {
    const file = await understood(page, 'known.speedscope.json', encoded('speedscope', 'timed'));
    const evil = barsOf(file, NANO).find(({ name }) => name.startsWith('evil'));
    const ends = evil.bars.map(({ end }) => Math.round(end / TICK_S));
    assert.deepEqual(ends, [6, 14, 20]);
  },

  async 'reads profiles without times'(page) {
    const file = await understood(page, 'known.speedscope.json', encoded('speedscope'));
    const expected = folded();
    expected.set('[unknown]', expected.get(''));
    expected.delete('');
    assertSame(secondsByStack(barsOf(file, NANO), escaped), expected);
  },

  async 'reads the output of perf script'(page) {
    const file = await understood(page, 'known.perf', encoded('perf', 'timed'));
    const names = file.profiles.map(({ name }) => name).sort();
    assert.deepEqual(names, [
      '[unknown]',
      'api pid: 17 tid: 17',
      'api pid: 18 tid: 18',
      'evil;\\x0a pid: 66 tid: 66',
    ]);
    // It knows no end of the last sample of a thread, so it does not show that.
    const shown = new Set(secondsByStack(barsOf(file, 1), escaped).keys());
    const expected = [...folded().keys()]
      .filter((stack) => stack)
      .map((stack) => stack.replace(/[^;]*\+0x[0-9a-f]+$/, '??? ([unknown])'));
    for (const stack of shown) assert.ok(expected.includes(stack), stack);
    assert.ok(shown.size >= expected.length - 1, `${shown.size} of ${expected.length} stacks`);
  },
};

if (!existsSync(RELEASE)) skip('speedscope is not installed: run npm ci in tests/browser');
const browser = await launch();
const page = await browser.newPage();
const complaints = [];
page.on('pageerror', (error) => complaints.push(error.stack));
for (const [name, test] of Object.entries(tests)) {
  try {
    await test(page);
    assert.deepEqual(complaints.splice(0), []);
    console.log(`ok: speedscope ${name}`);
  } catch (error) {
    console.log(`not ok: speedscope ${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}
await browser.close();
