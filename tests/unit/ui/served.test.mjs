// SPDX-License-Identifier: Apache-2.0

/**
 * The page as it is served, without comments and needless spaces, passes the same tests: those of
 * modules with strings, templates and regular expressions of all sorts.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const UI = join(ROOT, 'web/ui');
const names = readdirSync(UI);
const TESTS = ['state', 'layout', 'transforms', 'frame_deeds', 'timeline_data'];

/** A tree in which web/ui has what is served, and all else is this tree's. */
function servedTree() {
  const folder = mkdtempSync(join(tmpdir(), 'served-'));
  const ui = join(folder, 'web/ui');
  mkdirSync(ui, { recursive: true });
  const paths = names.map((name) => join(UI, name));
  const run = spawnSync('python3', [join(ROOT, 'web/page_text.py'), ui, ...paths]);
  assert.equal(run.status, 0, String(run.stderr));
  for (const name of ['tests', 'profiler', 'bpf', 'docs']) {
    symlinkSync(join(ROOT, name), join(folder, name));
  }
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  return folder;
}

test('what is served passes the tests of what is in the tree', () => {
  const folder = servedTree();
  try {
    const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const failed = TESTS.filter((name) => {
      const file = join(folder, 'tests/unit/ui', `${name}.test.mjs`);
      return spawnSync(process.execPath, [...flags, file], { env }).status !== 0;
    });
    assert.deepEqual(failed, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a line that is served has the number that it has in the tree', () => {
  const folder = servedTree();
  try {
    for (const name of names.filter((name) => /\.(js|css)$/.test(name))) {
      const served = readFileSync(join(folder, 'web/ui', name), 'utf8').split('\n');
      const lines = readFileSync(join(UI, name), 'utf8').split('\n');
      assert.equal(served.length, lines.length, name);
      const word = (/** @type {string} */ line) => /^\s*([A-Za-z]+)/.exec(line)?.[1];
      served.forEach((line, i) => {
        const known = word(lines[i].replace(/^\s*\/\*\*.*?\*\//, ''));
        if (word(line)) assert.equal(word(line), known, `${name}:${i + 1}`);
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
