// SPDX-License-Identifier: Apache-2.0

/**
 * The Firefox Profiler's own command line, which upgrades and reads a profile as its page does:
 *
 *     node tests/browser/firefox.test.mjs ENCODE_KNOWN_PROFILE
 *
 * What it finds in each thread is what the folded format says. Exit status 77: it cannot run here.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { skip } from './chromium.mjs';

const CLIENT = fileURLToPath(
  new URL('node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js', import.meta.url),
);
const PATIENCE_MS = 30000;
const [program] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'firefox-'));

/** @param {string[]} parameters */
function encoded(...parameters) {
  return execFileSync(program, parameters, { maxBuffer: 1 << 30 });
}

/** What it prints, with its sessions in the test's folder. @param {string[]} parameters */
function ask(...parameters) {
  const options = { env: { ...process.env, HOME: folder }, encoding: 'utf8', stdio: 'pipe' };
  return execFileSync(process.execPath, [CLIENT, ...parameters], options);
}

/** Have it load a file. It gives its daemon half a second, which takes longer on a busy host. */
async function load(path) {
  try {
    ask('load', path);
  } catch (error) {
    if (!/did not become ready/.test(error.stderr)) throw error;
  }
  return asked('thread', 'list', '--json');
}

/** As ask(), as often as it takes until it is answered. @param {string[]} parameters */
async function asked(...parameters) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return ask(...parameters);
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(100);
    }
  }
}

/** Samples by stack, without the process and the marks of kinds; none for no stack. */
function folded() {
  const counts = {};
  for (const line of encoded('folded', 'timed').toString().trimEnd().split('\n')) {
    const [, text, count] = /^(.*) (\d+)$/.exec(line);
    const names = text.split(';').slice(1);
    const stack = names.map((name) => unescaped(name.replace(/_\[[ikj]\]$/, ''))).join(';');
    if (stack) counts[stack] = (counts[stack] ?? 0) + Number(count);
  }
  return counts;
}

/** @param {string} name */
function unescaped(name) {
  return name.replace(/\\x3b/g, '%').replace(/\\x0a/g, '\n');
}

/** Add the samples of @p node and what it called to @p counts. */
function addNode(node, callers, counts) {
  const stack = node.originalDepth < 0 ? [] : [...callers, node.name.replace(/;/g, '%')];
  if (node.selfSamples && stack.length)
    counts[stack.join(';')] = (counts[stack.join(';')] ?? 0) + node.selfSamples;
  for (const child of node.children ?? []) addNode(child, stack, counts);
}

/** What it finds in all threads of what @p parameters encode. */
async function found(...parameters) {
  const path = join(folder, 'known.firefox.json');
  const counts = {};
  writeFileSync(path, encoded('firefox', ...parameters));
  try {
    const { threads } = JSON.parse(await load(path));
    for (const { threadHandle } of threads) {
      await asked('thread', 'select', threadHandle);
      const samples = await asked('thread', 'samples-top-down', '--json', '--include-idle');
      addNode(JSON.parse(samples).regularCallTree, [], counts);
    }
    return { counts, threads, info: await asked('profile', 'info') };
  } finally {
    ask('stop', '--all');
  }
}

const tests = {
  'finds every sample, with inlined functions': async () => {
    const { counts, threads } = await found('timed');
    assert.deepEqual(counts, folded());
    assert.deepEqual(threads.map(({ tid }) => tid).slice(0, 3), ['17', '18', '66']);
  },
  'knows when they were': async () => {
    const { info } = await found('timed');
    assert.match(info, /Full: 61\dms/);
  },
  'reads profiles without times': async () => {
    const { counts } = await found();
    assert.deepEqual(counts, folded());
  },
};

if (!existsSync(CLIENT)) skip('the Firefox Profiler is not installed: run npm ci in tests/browser');
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok: the Firefox Profiler ${name}`);
  } catch (error) {
    console.log(`not ok: the Firefox Profiler ${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}
rmSync(folder, { recursive: true });
