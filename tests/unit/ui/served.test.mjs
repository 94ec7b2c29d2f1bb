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
const TESTS = ['state', 'layout', 'transforms', 'frame_details', 'timeline_data'];

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
    const modules = names.filter((name) => name.endsWith('.js'));
    const check = (/** @type {string} */ name) =>
      spawnSync(process.execPath, ['--check', join(folder, 'web/ui', name)]).status;
    assert.deepEqual(modules.filter((name) => check(name) !== 0), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A module, in the tree and as it is served. */
async function served(/** @type {string} */ text) {
  const folder = mkdtempSync(join(tmpdir(), 'served-'));
  try {
    const [tree, out] = [join(folder, 'text.js'), join(folder, 'out')];
    mkdirSync(out);
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    writeFileSync(tree, text);
    const run = spawnSync('python3', [join(ROOT, 'web/page_text.py'), out, tree]);
    assert.equal(run.status, 0, String(run.stderr));
    const path = join(out, 'text.js');
    const [first, second] = [await import(tree), await import(path)];
    return { text: readFileSync(path, 'utf8'), first, second };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('statements end where they ended, if objects have semicolons', async () => {
  const { text, first, second } = await served(`
import { join } from 'node:path';
import { tmpdir } from 'node:os';
export function all(x) {
  let y = x
  ++y
  const list = [1, 2,
    3,]
  const holes = [, 1, , 2];
  const { a, ...others } = { a: 1, b: 2, };
  // Only a remark, with an apostrophe's sign.
  do { y-- } while (y > x)
  while (y++ < 9);
  if (y) { for (; y < 20; y++); }
  const text = \`a
  b\`
  const lines = 'c' +
    'd'
  return [y, list, holes, a, others, text, lines, new Late().z(), join('a', 'b'), !tmpdir()]
}
class Late {
  static y = { of: 1 };
  x = 1
  z() { return this.x + Late.y.of }
  get w() { return 2; }
}
export const other = 1
`.replaceAll('\\`', '`'));
  assert.deepEqual(second.all(3), first.all(3));
  assert.equal(second.other, 1);
  assert.equal(text.match(/^import\b/gm)?.length, 2);
  assert.equal(text.match(/^export\b/gm)?.length, 2);
  assert.ok(text.split('\n').length < 20, text);
});

test('signs keep the spaces without which they would be others', async () => {
  const expressions = [
    ['x + y - 1', 'x+y-1'],
    ['x + +y', 'x + +y'],
    ['x - -y', 'x - -y'],
    ['x++ + y', 'x++ + y'],
    ['x - --y', 'x - --y'],
    ['x - /* y */ -1', 'x - -1'],
    ['x / y / 2', 'x/y/2'],
    ['x / 1 + / [/] + 1/.source.length', 'x/1 + / [/] + 1/.source.length'],
    ["`${x + y} + ${' + '}` + ' + ' + /[ ]/g", "`${x + y} + ${' + '}`+' + '+ /[ ]/g"],
    ["typeof 'x' + (typeof `x` in { y })", "typeof'x'+(typeof`x`in{y})"],
    ['typeof /x/g in { object: x }', 'typeof /x/g in{object:x}'],
    ["x > 10.05 ? 0.25 : '0.5'", "x>10.05?.25:'0.5'"],
  ];
  const moduleOf = (/** @type {string[]} */ texts) =>
    texts.map((text, i) => `export let f${i}=(x,y)=>${text};\n`).join('');
  const { text, first, second } = await served(moduleOf(expressions.map(([text]) => text)));
  assert.equal(text, moduleOf(expressions.map(([, text]) => text)).trimEnd());
  for (const name of Object.keys(first)) assert.equal(second[name](7, 3), first[name](7, 3), name);
});

test('a style sheet has what it imports, and keeps the spaces that mean something', () => {
  const folder = mkdtempSync(join(tmpdir(), 'served-'));
  const [tree, out] = [join(folder, 'style.css'), join(folder, 'out')];
  const text = [
    '/* Idea. */',
    '@import "first.css";',
    'a :hover, b > c {',
    '  content: "x: y; { z, > }";',
    "  margin: calc(1px + 0.2px) 0; font: 10.5rem 'A, B', serif;",
    '}',
    '@media (min-width: 2em) and (pointer: fine) { a:is(b, c) ~ d { color: red } }',
    '',
  ];
  const served =
    'p{margin:0}' +
    'a :hover,b>c{content:"x: y; { z, > }";' +
    "margin:calc(1px + .2px) 0;font:10.5rem 'A, B',serif;}" +
    '@media (min-width:2em) and (pointer:fine){a:is(b,c) ~ d{color:red}}';
  try {
    mkdirSync(out);
    writeFileSync(tree, text.join('\n'));
    writeFileSync(join(folder, 'first.css'), '/* One. */\np { margin: 0 }\n');
    const run = spawnSync('python3', [join(ROOT, 'web/page_text.py'), out, tree]);
    assert.equal(run.status, 0, String(run.stderr));
    assert.equal(readFileSync(join(out, 'style.css'), 'utf8').trim(), served);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
