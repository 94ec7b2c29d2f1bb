// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { applyTransform } from '../../../web/ui/stacks.js';
import { ProfileWriter } from '../../browser/synthetic_profile.mjs';
import { engineOf, layoutIn, synthetic } from './pictures.mjs';

/** @typedef {import('../../../web/ui/state.js').Transform} Transform */

const A = '/bin/a';
const LIBC = '/lib/libc.so.6';

/** A stack written as text: `main f libc:read`. @param {string} text */
function stackOf(text) {
  return text.split(' ').map((name) => {
    const [library, inner] = name.split(':');
    return inner ? [inner, `/lib/lib${library.slice(3)}.so.6`] : [name, A];
  });
}

/** @param {Record<string, number>} stacks with their counts */
async function engineWith(stacks) {
  const writer = new ProfileWriter();
  for (const [text, count] of Object.entries(stacks)) {
    writer.sample({ comm: 'a', pid: '1' }, stackOf(text), count);
  }
  return engineOf(writer.finish({ endS: 1700000030, seconds: 30, comments: [] }));
}

/** What a picture shows: each stack that has samples of its own. */
function stacksIn(engine, /** @type {Transform[]} */ transforms) {
  const { tree } = layoutIn(engine, { transforms });
  const stacks = /** @type {Record<string, number>} */ ({});
  for (let node = 0; node < tree.size; node++) {
    if (!tree.self[node]) continue;
    const names = tree.ancestors(node).map((at) => tree.frameOf(at).name);
    stacks[names.slice(1).join(' ')] = Math.round((tree.self[node] / 1e9) * 99);
  }
  return stacks;
}

/** @param {string} verb @param {string} what @returns {any} */
const one = (verb, what) => ({ verb, what });

const FIVE = {
  'main f g': 1,
  'main f f f h': 2,
  'main g libc:malloc libc:brk': 4,
  'main libc:malloc cb libc:free': 8,
  main: 16,
};

test('focus leaves stacks with a frame, and ignore those without', async () => {
  const engine = await engineWith(FIVE);
  assert.deepEqual(stacksIn(engine, [one('focus', '=g')]), {
    'a main f g': 1,
    'a main g malloc brk': 4,
  });
  const without = { 'a main': 16, 'a main f f f h': 2, 'a main malloc cb free': 8 };
  assert.deepEqual(stacksIn(engine, [one('ignore', '=g')]), without);
  assert.deepEqual(stacksIn(engine, [one('drop', '=g')]), without);
});

test('a module is meant by its path, by its file, by a text, by a regular expression', async () => {
  const engine = await engineWith(FIVE);
  for (const what of [`=${LIBC}`, '=libc.so.6', 'LIBC', '/^libc\\.so/']) {
    const stacks = stacksIn(engine, [one('focus', what)]);
    assert.deepEqual(Object.values(stacks), [4, 8], what);
  }
});

test('what is hidden or merged vanishes, and its time is the caller’s', async () => {
  const engine = await engineWith(FIVE);
  const expected = { 'a main': 16 + 1, 'a main h': 2, 'a main malloc brk': 4 };
  for (const verb of ['hide', 'merge']) {
    assert.deepEqual(stacksIn(engine, [one(verb, '/^(f|g)$/')]), {
      ...expected,
      'a main malloc cb free': 8,
    });
  }
  assert.deepEqual(stacksIn(engine, [one('hide', '/./')]), { a: 31 });
});

test('a root loses what leads to it, the process too', async () => {
  const engine = await engineWith(FIVE);
  assert.deepEqual(stacksIn(engine, [one('root', '=f')]), { 'f g': 1, 'f f f h': 2 });
  assert.deepEqual(stacksIn(engine, [one('root', '=nothing')]), {});
});

test('frames of a module that follow one another fold into one', async () => {
  const engine = await engineWith(FIVE);
  const folded = {
    'a main': 16,
    'a main f g': 1,
    'a main f f f h': 2,
    'a main g libc.so.6': 4,
    'a main libc.so.6 cb libc.so.6': 8,
  };
  assert.deepEqual(stacksIn(engine, [one('fold', `=${LIBC}`)]), folded);
  assert.deepEqual(stacksIn(engine, [one('fold', '*')]), folded, 'libraries, not the program');
});

test('recursion becomes one frame, of all functions or of one', async () => {
  const engine = await engineWith({ 'main f f g g f f': 3 });
  assert.deepEqual(stacksIn(engine, [one('recursion', '')]), { 'a main f g f': 3 });
  assert.deepEqual(stacksIn(engine, [one('recursion', '=g')]), { 'a main f f g f f': 3 });
});

test('transforms stack up in their order', async () => {
  const engine = await engineWith({ 'main f g': 1, 'main g': 2 });
  const hideF = one('hide', '=f');
  const focusF = one('focus', '=f');
  assert.deepEqual(stacksIn(engine, [focusF, hideF]), { 'a main g': 1 });
  assert.deepEqual(stacksIn(engine, [hideF, focusF]), {}, 'there is no f any more');
});

test('a malformed regular expression is an error that names it', async () => {
  const engine = await engineWith({ main: 1 });
  assert.throws(() => stacksIn(engine, [one('focus', '/(/')]), SyntaxError);
});

// --- properties ----------------------------------------------------------------------------------

/** @param {number} seed @returns {() => number} from [0, 1) */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const SEQUENCES = 60;
const WHATS = ['malloc', '/^[a-m]/', '=main', '=libc.so.6', 'nginx', '/_/', 'kernel', '*', 'zzz', ''];
const VERBS = ['focus', 'ignore', 'hide', 'root', 'merge', 'drop', 'fold', 'recursion'];

/** @param {() => number} random @param {number} n */
function randomTransforms(random, n) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  return Array.from({ length: n }, () => one(pick(VERBS), pick(WHATS)));
}

/** Everything that a picture consists of. */
function outline({ tree, start, end, children }) {
  const names = Array.from({ length: tree.size }, (_, node) => tree.frameOf(node).id);
  const { size, total, self, samples, parent } = tree;
  const columns = [total, self, samples, parent].map((column) => [...column.subarray(0, size)]);
  return JSON.stringify([names, columns, [...start], [...end], [...children]]);
}

test('widths add up to the value of the stacks that are left', async () => {
  const engine = await engineOf(synthetic(3));
  const random = randomFrom(7);
  const { time, stack } = engine.opened.stacks;
  for (let i = 0; i < SEQUENCES; i++) {
    const transforms = randomTransforms(random, 1 + Math.floor(random() * 4));
    const { tree, start, end } = layoutIn(engine, { transforms });
    const { gone } = engine.opened.done.stacks;
    const left = time.reduce((sum, ns, sample) => sum + (gone?.[stack[sample]] ? 0 : ns), 0);
    const words = JSON.stringify(transforms);
    assert.equal(tree.total[ROOT], left, words);
    for (let node = 1; node < tree.size; node++) {
      const share = tree.total[node] / tree.total[ROOT];
      assert.ok(Math.abs(end[node] - start[node] - share) < 1e-9, words);
    }
  }
});

test('a transform that is undone leaves the picture as it was before', async () => {
  const engine = await engineOf(synthetic(3));
  const random = randomFrom(11);
  for (let i = 0; i < SEQUENCES; i++) {
    const transforms = randomTransforms(random, 4);
    const without = Math.floor(random() * 4);
    const fewer = transforms.filter((_, at) => at !== without);
    const before = outline(layoutIn(engine, { transforms: fewer }));
    layoutIn(engine, { transforms });
    assert.equal(outline(layoutIn(engine, { transforms: fewer })), before);
  }
});

test('a transform changes nothing of what it is given, and twice is once', async () => {
  const engine = await engineOf(synthetic(3));
  const { stacks } = engine.opened;
  const before = JSON.stringify(stacks);
  for (const verb of VERBS) {
    for (const what of WHATS) {
      const once = applyTransform(stacks, engine.frames, one(verb, what));
      const twice = applyTransform(once, engine.frames, one(verb, what));
      assert.deepEqual(twice, once, `${verb} ${what}`);
    }
  }
  assert.equal(JSON.stringify(stacks), before);
});

test('focus and ignore part the whole', async () => {
  const engine = await engineOf(synthetic(3));
  const total = (/** @type {Transform[]} */ transforms) =>
    layoutIn(engine, { transforms }).tree.total[ROOT];
  for (const what of WHATS) {
    const parts = total([one('focus', what)]) + total([one('ignore', what)]);
    assert.ok(Math.abs(parts - total([])) < 1, what);
  }
});
