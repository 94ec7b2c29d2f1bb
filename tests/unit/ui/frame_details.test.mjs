// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deedsOf, itemAfter, oneAfter } from '../../../web/ui/frame_details.js';
import { queryOfPart } from '../../../web/ui/graph_views.js';
import { formatState, parseState } from '../../../web/ui/state.js';
import { formatChange } from '../../../web/ui/table_views.js';
import { describeTransform, foldsLibraries, toggleLibraries } from '../../../web/ui/workbench.js';

/** @type {import('../../../web/ui/frames.js').Frame} */
const take = {
  name: 'Pool::take(int)',
  kind: 'native',
  module: '/usr/lib/libpool.so.1',
  file: 'pool.cc',
  startLine: 8,
  inlined: false,
  id: 'f1',
};
const state = parseState('#do=focus:main&zoom=a.b&query={comm="api"}');

function deed(text, frame = take, path = undefined) {
  const deeds = deedsOf(frame, state, path).flatMap((group) => group.deeds);
  return deeds.find((one) => one.text === text) ?? assert.fail(`there is no ${text}`);
}

test('each deed of a function adds one transform, and keeps those before it', () => {
  for (const [text, verb] of [
    ['Root here', 'root'],
    ['Merge into its callers', 'merge'],
    ['Collapse its recursion', 'recursion'],
    ['Drop stacks with it', 'drop'],
  ]) {
    const { transforms, zoom } = deed(text).change;
    assert.deepEqual(transforms, [
      { verb: 'focus', what: 'main' },
      { verb, what: '=Pool::take(int)' },
    ]);
    assert.deepEqual(zoom, []);
    const changed = { ...state, ...deed(text).change };
    assert.deepEqual(parseState(formatState(changed)), changed, 'the address says so');
  }
});

test('deeds of a module are of the whole module', () => {
  const groups = deedsOf(take, state);
  const ofModule = groups.find(({ title }) => title === 'libpool.so.1');
  assert.deepEqual(
    ofModule.deeds.map(({ change }) => change.transforms.at(-1)),
    ['fold', 'focus', 'hide', 'ignore'].map((verb) => ({ verb, what: '=/usr/lib/libpool.so.1' })),
  );
  assert.ok(
    !deedsOf({ ...take, module: '' }, state).some(
      ({ title }) => title === ''.concat('libpool.so.1'),
    ),
  );
});

test('a function leads to the views about it', () => {
  assert.deepEqual(deed('Callers and callees').change, { view: 'sandwich', fn: 'f1' });
  assert.deepEqual(deed('Source and assembly').change, { view: 'code', fn: 'f1' });
  assert.equal(deed('Copy the name').copy, 'Pool::take(int)');
  assert.deepEqual(deed('Zoom in', take, ['a', 'c']).change, { zoom: ['a', 'c'] });
});

test('a process can be shown alone, and the host offers nothing that changes', () => {
  const process = { ...take, kind: /** @type {const} */ ('process'), name: 'a "b"', module: '' };
  assert.deepEqual(deed('Only this process', process).change, {
    query: '{comm="a \\"b\\""}',
    zoom: [],
  });
  const alone = { ...process, name: 'api' };
  const texts = deedsOf(alone, state).flatMap(({ deeds }) => deeds.map(({ text }) => text));
  assert.deepEqual(texts, ['Copy the name'], 'it is alone already');
  assert.ok(deedsOf({ ...take, kind: 'host' }, state).every(({ deeds }) => deeds[0].copy));
});

test('chips say what was done in short', () => {
  assert.equal(describeTransform({ verb: 'fold', what: '*' }), 'fold libraries');
  assert.equal(describeTransform({ verb: 'hide', what: '=/usr/lib/libc.so.6' }), 'hide libc.so.6');
  assert.equal(describeTransform({ verb: 'focus', what: '/a|b/' }), 'focus /a|b/');
  assert.equal(describeTransform({ verb: 'recursion', what: '*' }), 'recursion');
  assert.equal(describeTransform({ verb: 'drop', what: `=${'x'.repeat(500)}` }).length, 53);
});

test('libraries are folded and unfolded, and the rest stays', () => {
  const rest = /** @type {any[]} */ ([{ verb: 'focus', what: 'x' }]);
  const folded = toggleLibraries(rest);
  assert.ok(foldsLibraries(folded) && !foldsLibraries(rest));
  assert.deepEqual(toggleLibraries(folded), rest);
});

test('a part alone is one more matcher, in the place of an older one', () => {
  assert.equal(queryOfPart('', 'unit', 'a.service'), '{unit="a.service"}');
  assert.equal(
    queryOfPart('{comm=~"x.*",unit="b.service"}', 'unit', 'a.service'),
    '{comm=~"x.*",unit="a.service"}',
  );
  assert.equal(queryOfPart('nonsense', 'unit', ''), '{unit=""}');
});

test('keys lead through tabs and menus, and round their ends', () => {
  assert.equal(oneAfter('ArrowRight', 7, 8), 0);
  assert.equal(oneAfter('ArrowLeft', 0, 8), 7);
  assert.equal(oneAfter('End', 3, 8), 7);
  assert.equal(oneAfter('x', 3, 8), -1);
  const texts = ['Focus on it', 'Root here', 'Fold it'];
  assert.equal(itemAfter('ArrowDown', 2, texts), 0);
  assert.equal(itemAfter('f', 0, texts), 2);
  assert.equal(itemAfter('F', 2, texts), 0);
  assert.equal(itemAfter('x', 2, texts), -1);
  assert.equal(itemAfter(' ', 2, texts), -1);
});

test('a change of share has a sign', () => {
  assert.equal(formatChange(0.0123), '+1.23 pt');
  assert.equal(formatChange(-0.25), '−25.0 pt');
  assert.equal(formatChange(0.00001), '±0');
});
