// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatSelector, parseSelector } from '../../../web/ui/search.js';
import { formatState, parseState, profileUrl } from '../../../web/ui/state.js';
import {
  formatCores,
  formatCount,
  formatRange,
  formatSamples,
  formatShare,
  formatTime,
  formatValue,
  setValueType,
  valueName,
} from '../../../web/ui/short_text.js';

test('a state survives its address', () => {
  /** @type {import('../../../web/ui/state.js').State} */
  const state = {
    rangeS: 0.25,
    at: 1700000000.125,
    query: '{comm="a b\\"c",pid!~"1.*"}',
    zoom: ['a1', 'b2'],
    search: '/x+&#/',
    order: 'size',
    view: 'sandwich',
    transforms: [
      { verb: 'focus', what: '/a:b&do=c#/' },
      { verb: 'recursion', what: '' },
      { verb: 'hide', what: '=std::vector<int>::push_back(int&&)' },
      { verb: 'focus', what: 'x' },
    ],
    fn: 'c3',
    group: 'service_name',
    thread: '12',
    open: '0.a1.b2--c3',
    cards: 36,
    colour: 'label:pod',
    type: 'alloc_space',
    sort: '-name',
    file: 'src/pool.cc',
    span: [1700000000125.5, 1700000000250],
    base: { query: '', rangeS: 60, at: 1600000000 },
    timelineS: 86400,
    heat: 1700000000,
    scale: 'total',
  };
  assert.deepEqual(parseState(formatState(state)), state);
});

test('the default state needs no address, and nonsense gives the default', () => {
  const state = parseState('');
  assert.equal(formatState(state), '');
  const nonsense =
    '#range=-7&at=x&order=%00&zoom=&view=attic&do=explode:x&do=&colour=label:&scale=2&fn=&span=9_8&cards=x&open=../x';
  assert.deepEqual(parseState(nonsense), state);
  assert.deepEqual(parseState('#range=Infinity&at=-1'), state);
});

test('what a base does not say is as in what it is compared with', () => {
  const at = (hash) => parseState(hash).base;
  assert.equal(at('#range=60&at=1000'), null);
  assert.deepEqual(at('#range=60&at=1000&query={a="b"}&base-at=500'), {
    query: '{a="b"}',
    rangeS: 60,
    at: 500,
  });
  assert.deepEqual(at('#base={a="c"}'), { query: '{a="c"}', rangeS: 30, at: null });
  assert.deepEqual(at('#query={a="b"}&base='), { query: '', rangeS: 30, at: null });
});

test('a base that is what it is compared with stands in the address, too', () => {
  const state = parseState('#query={a="b"}&range=60&at=1000&base={a="b"}');
  assert.deepEqual(parseState(formatState(state)), state);
  assert.deepEqual(state.base, { query: '{a="b"}', rangeS: 60, at: 1000 });
});

test('what is live can be compared with what was', () => {
  const state = { ...parseState('#at=1000'), base: { query: '', rangeS: 30, at: null } };
  assert.equal(formatState(state), '#at=1000&base-at=now');
  assert.deepEqual(parseState(formatState(state)), state);
});

test('values are shown in the unit of the profile', () => {
  const shown = (/** @type {string} */ type, /** @type {string} */ unit, count = 'samples') => {
    setValueType({ type, unit }, count);
    return [formatValue(2e6), valueName(), formatSamples(1), formatSamples(2000)];
  };
  const samples = ['1 sample', '2,000 samples'];
  assert.deepEqual(shown('cycles', 'count'), ['2,000,000', 'cycles', ...samples]);
  const objects = ['1 inuse object', '2,000 inuse objects'];
  const inUse = shown('inuse_space', 'bytes', 'inuse_objects');
  assert.deepEqual(inUse, ['1.9 MB', 'inuse space', ...objects]);
  assert.deepEqual(shown('wall', 'nanoseconds'), ['2.00 ms', 'wall', ...samples]);
  assert.deepEqual(shown('cpu', 'nanoseconds'), ['2.00 ms', 'CPU time', ...samples]);
});

test('no more transforms are taken than can be meant', () => {
  const hash = `#${'do=hide:x&'.repeat(5000)}`;
  assert.equal(parseState(hash).transforms.length, 100);
});

test('links to other formats select what is shown', () => {
  const live = profileUrl(parseState('#range=60'), 'folded');
  assert.equal(live, '/api/v1/profile?format=folded&from=now-60s&to=now');
  const paused = profileUrl(parseState('#at=1000&query={comm="a"}'), 'svg');
  assert.equal(paused, '/api/v1/profile?format=svg&from=970&to=1000&query=%7Bcomm%3D%22a%22%7D');
});

test('a selector comes out as it went in', () => {
  for (const text of ['', '{a="b"}', '{a="b",c!="d",e=~"f.*",g!~"h"}', '{comm="a\\"b\\\\c"}']) {
    assert.equal(formatSelector(parseSelector(text)), text);
  }
  assert.deepEqual(parseSelector('{ a = "b" , c=~"" }').length, 2);
});

test('a selector that is malformed is named', () => {
  for (const text of ['a="b"', '{a}', '{a="b"', '{a="b" c="d"}', '{a=b}', '{a<"b"}']) {
    assert.throws(() => parseSelector(text), { name: 'SyntaxError', message: /^query: / });
  }
});

test('numbers are short, and never 0 when there is something', () => {
  assert.equal(formatShare(0), '0 %');
  assert.equal(formatShare(0.00001), '<0.01 %');
  assert.equal(formatShare(0.0423), '4.23 %');
  assert.equal(formatShare(1), '100 %');
  assert.equal(formatTime(0), '0 s');
  assert.equal(formatTime(10101010), '10.1 ms');
  assert.equal(formatTime(77.4e9), '77.4 s');
  assert.equal(formatTime(1200e9), '20.0 min');
  assert.equal(formatCores(0.001), '<0.01');
  assert.equal(formatCount(1234567), '1,234,567');
  assert.equal(formatRange(300), '5 min');
  assert.equal(formatRange(30), '30 s');
  assert.equal(formatRange(0.25), '250 ms');
  assert.equal(formatRange(90), '1.5 min');
  assert.equal(formatRange(100000), '1.16 d');
});
