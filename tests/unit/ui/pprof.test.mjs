// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { decodeProfile, inflate } from '../../../web/ui/reader.js';
import { DecodeError, visible } from '../../../web/ui/profile.js';
import { ProfileWriter } from '../../browser/synthetic_profile.mjs';

const facts = { endS: 1700000030, seconds: 30, comments: ['host: h1', 'dropped: 3', 'no fact'] };

function written() {
  const writer = new ProfileWriter();
  const stack = [
    ['main', '/bin/a', 'a.c', 10],
    ['outer', '/bin/a', 'a.c', 20, ['middle', 'inner']],
  ];
  writer.sample({ comm: 'a', pid: '7' }, stack, 5);
  return writer.finish(facts);
}

test('a profile comes out as it went in', () => {
  const profile = decodeProfile(written());
  const text = (index) => profile.strings[index];
  assert.deepEqual(profile.sampleTypes[1], { type: 'cpu', unit: 'nanoseconds' });
  assert.equal(profile.defaultType, 'cpu');
  assert.deepEqual([...profile.values], [5, Math.round(5e9 / 99)]);
  assert.equal(profile.startNs / 1e9, 1700000000);
  assert.equal(profile.durationNs, 30e9);
  assert.deepEqual({ ...profile.facts }, { host: 'h1', dropped: '3' });
  assert.deepEqual([...profile.labelKey].map(text), ['comm', 'pid']);
  const names = [...profile.lineFunction].map((fn) => text(profile.functionName[fn]));
  assert.deepEqual(names, ['main', 'inner', 'middle', 'outer']);
  assert.deepEqual([...profile.frameLocation], [1, 0], 'leaf first');
});

test('what the daemon left out, and times that are not exact, are noted', () => {
  const writer = new ProfileWriter();
  const stack = [['main', '/bin/a']];
  writer.sample({ comm: 'a' }, stack, 3, 1700000001_500000000n, 1000000000);
  writer.sample({ comm: 'a' }, stack, 4, 1700000002_500000000n, 1000000000);
  writer.sample({ comm: 'b' }, stack, 9, 1700000003_000000001n);
  const comments = ['left out: the last 5 samples, of too many', 'host: h', 'left out: 2 more'];
  const { notes, sampleSet, labelKey } = decodeProfile(writer.finish({ ...facts, comments }));
  const coarse = 'samples of which only the second is known: 7; they stand in its middle';
  assert.deepEqual(notes, [comments[0], comments[2], coarse]);
  assert.deepEqual([...sampleSet], [0, 0, 1]);
  assert.equal(labelKey.length, 2, 'a precision is no label');
  assert.deepEqual(decodeProfile(written()).notes, []);
});

test('gzip is undone where there is gzip', async () => {
  const bytes = new Uint8Array(written());
  assert.deepEqual(await inflate(new Uint8Array(gzipSync(bytes))), bytes);
  assert.equal(await inflate(bytes), bytes);
});

test('a profile that is cut anywhere is an error, or whole rows', () => {
  const bytes = written();
  for (let length = 0; length < bytes.length; length++) {
    try {
      decodeProfile(bytes.subarray(0, length));
    } catch (error) {
      assert.ok(error instanceof DecodeError, `${length}: ${error}`);
    }
  }
});

test('changed bytes never do worse than an error', () => {
  const bytes = written();
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const damaged = bytes.slice();
      damaged[at] ^= flip;
      try {
        decodeProfile(damaged);
      } catch (error) {
        assert.ok(error instanceof DecodeError, `${at}: ${error}`);
      }
    }
  }
});

test('what is referred to but not there is -1', () => {
  // A sample of location 9, and one sample type; nothing else.
  const profile = decodeProfile(Uint8Array.from([10, 0, 18, 5, 10, 1, 9, 16, 4]));
  assert.deepEqual([...profile.frameLocation], [-1]);
  assert.deepEqual([...profile.values], [4]);
});

test('text which is no profile is an error', () => {
  assert.throws(() => decodeProfile(new TextEncoder().encode('<!doctype html>')), DecodeError);
  assert.throws(() => decodeProfile(new Uint8Array()), DecodeError);
});

test('what would not be seen in a text is made visible', () => {
  assert.equal(visible('plain::<b>&amp; ünï 漢字'), 'plain::<b>&amp; ünï 漢字');
  assert.equal(visible('nul\0 bell\x07 escape\x1b[31m\x7f'), 'nul␀ bell␇ escape␛[31m␡');
  assert.equal(visible('left\u202etfel \u2067never closed'), 'left�tfel �never closed');
  assert.equal(visible(`e${'\u0301'.repeat(500)}!`), `e${'\u0301'.repeat(4)}!`);
  const writer = new ProfileWriter();
  writer.sample({ comm: 'two\nlines' }, [['a\u202eb', '/bin/a\tb']], 1);
  const { strings } = decodeProfile(writer.finish({ endS: 1, seconds: 1, comments: [] }));
  for (const text of ['two␊lines', 'a�b', '/bin/a␉b']) assert.ok(strings.includes(text), text);
});
