// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { baseName, hashText, kindOf } from '../../../web/ui/frames.js';
import { labelForms, lastPart, withoutParameters } from '../../../web/ui/short_text.js';

test('the kind of a frame follows from its module and name', () => {
  assert.equal(kindOf('do_syscall_64', '[kernel.kallsyms]'), 'kernel');
  assert.equal(kindOf('ext4_read', '[ext4]'), 'kernel');
  assert.equal(kindOf('__vdso_gettimeofday', '[vdso]'), 'native');
  assert.equal(kindOf('main', '/bin/a'), 'native');
  assert.equal(kindOf('libz.so+0x12f', '/lib/libz.so'), 'unnamed');
  assert.equal(kindOf('handle', '//anon'), 'jit');
  assert.equal(kindOf('handle', '/tmp/perf-12.map'), 'jit');
  assert.equal(kindOf('handle', '/srv/app/jit-12.dump'), 'jit');
  assert.equal(kindOf('handle', ''), 'jit');
  assert.equal(kindOf('[truncated: too deep]', '[truncated]'), 'cut');
});

test('a hash is stable and tells texts apart', () => {
  const texts = Array.from({ length: 20000 }, (_, i) => `function_${i}`);
  assert.equal(new Set(texts.map(hashText)).size, texts.length);
  assert.equal(hashText('main'), hashText('main'));
});

test('a label loses parameters first, then what encloses the function', () => {
  assert.deepEqual(labelForms('a::b<int>::c(int, d<e>)'), [
    'a::b<int>::c(int, d<e>)',
    'a::b<int>::c',
    'c',
  ]);
  assert.equal(withoutParameters('f(int) const'), 'f');
  assert.equal(withoutParameters('main.(*T).Run'), 'main.(*T).Run');
  assert.equal(withoutParameters('x::operator()'), 'x::operator()');
  assert.equal(lastPart('encoding/json.(*Decoder).Decode'), 'json.(*Decoder).Decode');
  assert.equal(lastPart('<a::B as c::D>::e'), 'e');
  assert.equal(lastPart('main'), 'main');
  assert.equal(baseName('/usr/lib/libc.so.6'), 'libc.so.6');
});
