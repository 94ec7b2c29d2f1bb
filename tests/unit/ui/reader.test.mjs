// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { ROOT } from '../../../web/ui/call_tree.js';
import { eachLine, isPerfScript, parseEvent, parseFrame } from '../../../web/ui/text_formats.js';
import { DecodeError } from '../../../web/ui/profile.js';
import { readProfile } from '../../../web/ui/reader.js';
import { engineOf, layoutIn, layoutOf, synthetic } from './pictures.mjs';

const bytesOf = (/** @type {string} */ text) => new TextEncoder().encode(text);
const golden = (/** @type {string} */ name) =>
  new Uint8Array(readFileSync(new URL(`../../golden/${name}`, import.meta.url)));

/** Each stack that has samples of its own, with how many. */
function stacksIn({ tree }) {
  const own = tree.samples.slice(0, tree.size);
  for (let node = 1; node < tree.size; node++) own[tree.parent[node]] -= tree.samples[node];
  const stacks = /** @type {Record<string, number>} */ ({});
  for (let node = 1; node < tree.size; node++) {
    if (!own[node]) continue;
    const names = tree.ancestors(node).map((at) => tree.frameOf(at).name);
    stacks[names.slice(1).join(';')] = own[node];
  }
  return stacks;
}

test('a function whose name is empty is an unknown one', async () => {
  const layout = await layoutOf(bytesOf('a;main;;f 3\n'));
  assert.deepEqual(stacksIn(layout), { 'a;main;(unknown function);f': 3 });
  assert.equal(layout.tree.frameOf(3).kind, 'unnamed');
});

test('folded lines become stacks beneath their process', async () => {
  const text = '# what\na;main;f 3\na;main 2\n\nb;main;f;g_[i];h_[i] 4\na;main;f 1\r\n';
  const layout = await layoutOf(bytesOf(text));
  assert.deepEqual(stacksIn(layout), { 'a;main;f': 4, 'a;main': 2, 'b;main;f;g;h': 4 });
  const frames = Array.from({ length: layout.tree.frames.size }, (_, row) =>
    layout.tree.frames.get(row),
  );
  const of = Object.fromEntries(frames.map((frame) => [frame.name, frame]));
  assert.equal(of.main.kind, 'native');
  assert.deepEqual([of.f.inlined, of.g.inlined, of.h.inlined], [false, true, true]);
});

test('marks of folded lines tell kinds, and what was escaped is itself', async () => {
  const layout = await layoutOf(bytesOf('a;f\\x3bg\\x0a;x_[j];y_[k] 1\na;[truncated: too deep];z 1\n'));
  const kinds = Array.from({ length: layout.tree.size }, (_, node) => {
    const { name, kind } = layout.tree.frameOf(node);
    return [name, kind];
  });
  assert.deepEqual(kinds.slice(2), [
    ['f;g␊', 'native'],
    ['x', 'jit'],
    ['y', 'kernel'],
    ['[truncated: too deep]', 'cut'],
    ['z', 'native'],
  ]);
});

test('what would not be seen in names of a text is made visible', async () => {
  const name = 'a\u202eb\x1b[31m\\x00';
  const perf = `${name} 1 1.0: 5 cyc\x07les: \n\t10 ${name} (/bin/${name})\n\n`;
  for (const text of [`${name};${name} 1\n`, perf]) {
    // Of a text, the beginning has no control characters.
    const { profile } = await readProfile(bytesOf(`# ${'-'.repeat(4096)}\n${text}`));
    const { strings, sampleTypes, labelValue, functionName, mappingFile } = profile;
    assert.equal(strings[labelValue[0]], 'a�b␛[31m␀');
    assert.equal(strings[functionName[0]], 'a�b␛[31m␀');
    assert.ok([...mappingFile].every((file) => strings[file] === '/bin/a�b␛[31m␀'));
    assert.match(sampleTypes.at(-1).type, /^(samples|cyc␇les)$/);
  }
});

test('a folded line without a count is named', async () => {
  for (const text of ['a;b 1\na;b', 'no count\n', 'a;b -1\n', 'a;b 1e3\n']) {
    await assert.rejects(readProfile(bytesOf(text)), (error) => {
      assert.ok(error instanceof DecodeError);
      assert.match(error.message, /^line [12]: /);
      return true;
    });
  }
});

test('the lines of perf script are taken apart', () => {
  assert.deepEqual(
    parseEvent('Web Content  17/18  [001] 1700000000.020000:   10000000 cpu-clock:u: '),
    {
      comm: 'Web Content',
      pid: '17',
      tid: '18',
      atNs: 1700000000.02e9,
      period: 10000000,
      hasPeriod: true,
      name: 'cpu-clock:u',
    },
  );
  assert.equal(parseEvent('swapper 0 [000] 5.000000001: cycles: ').tid, '0');
  assert.equal(parseEvent('\t  400200 main (/bin/a)'), null);
  const frames = /** @type {[string, string, string][]} */ ([
    ['\t400200 main+0x1f (/bin/a)', 'main', '/bin/a'],
    ['  400200 f(int, char) const (/bin/a)', 'f(int, char) const', '/bin/a'],
    ['\t400200 std::less<int> (inlined)', 'std::less<int>', 'inlined'],
    ['\t7f00 [unknown] (/lib/libz.so.1)', 'libz.so.1+0x7f00', '/lib/libz.so.1'],
    ['\t7f00 [unknown] ([unknown])', '[unknown]+0x7f00', '[unknown]'],
    ['\t7f00 run (/srv/a b (deleted))', 'run', '/srv/a b (deleted)'],
    ['\t7f00 main', 'main', ''],
  ]);
  for (const [line, symbol, path] of frames) assert.deepEqual(parseFrame(line), { symbol, path });
  assert.equal(parseFrame('main (/bin/a)'), null);
  assert.equal(parseFrame('\tnothing of the kind'), null);
});

test('perf script gives each sample with its thread and time', async () => {
  const bytes = golden('known.perf');
  const engine = await engineOf(bytes);
  const layout = layoutIn(engine);
  const folded = stacksIn(await layoutOf(golden('known.folded')));
  const stacks = stacksIn(layout);
  const sum = (/** @type {Record<string, number>} */ counts) =>
    Object.values(counts).reduce((a, b) => a + b, 0);
  assert.equal(sum(stacks), sum(folded));
  assert.equal(stacks['api;__libc_start_main;main;serve;parse<std::string>'], 27);
  assert.equal(layout.tree.total[ROOT], 10000000 * sum(folded));
  const { side } = engine;
  const summary = side.summary(engine.frames.size);
  assert.ok(summary.hasTimes);
  assert.equal(summary.unit, 'nanoseconds');
  assert.equal(summary.startNs, 1700000000.01e9);
  assert.deepEqual(
    summary.labels.map(({ name }) => name),
    ['comm', 'pid', 'tid'],
  );
});

test('samples of other events than the first are left out, and counted', async () => {
  const text =
    'a 1 1.0: 5 cycles: \n\t10 f (/bin/a)\n\na 1 1.5: 7 faults: \n\t10 g (/bin/a)\n\n' +
    'a 1 2.0: 6 cycles: \n\t10 f (/bin/a)\n';
  const { profile, format } = await readProfile(bytesOf(text));
  assert.equal(format, 'perf script');
  assert.equal(profile.sampleStack.length, 2);
  assert.deepEqual(profile.sampleTypes[1], { type: 'cycles', unit: 'count' });
  assert.deepEqual(profile.notes, ['left out: 1 samples of other events than cycles']);
});

test('lines of perf script that are of neither kind are left out, and counted', async () => {
  const text =
    '# a header\n\t10 of_no_event (/bin/a)\na 1 1.0: 5 cycles: \n\t10 f (/bin/a)\n' +
    'Warning: 3 events were lost\n\n\t10 late (/bin/a)\n\n' +
    'a 1 1.5: 7 faults: \n\t10 g (/bin/a)\nnonsense\n\na 1 2.0: 6 cycles: \n\t10 f (/bin/a)\n';
  const engine = await engineOf(bytesOf(text));
  assert.deepEqual(engine.opened.summary(0).notes, [
    'left out: 1 samples of other events than cycles',
    'left out: 4 lines that are neither an event nor a frame of one',
  ]);
  assert.deepEqual(stacksIn(layoutIn(engine)), { 'a;f': 2 });
});

test('a format is known by its bytes, packed or not', async () => {
  const files = /** @type {[Uint8Array, string][]} */ ([
    [synthetic(1), 'pprof'],
    [golden('known.folded'), 'folded'],
    [golden('known.perf'), 'perf script'],
  ]);
  for (const [bytes, expected] of files) {
    for (const packed of [bytes, new Uint8Array(gzipSync(bytes))]) {
      const { format } = await readProfile(/** @type {any} */ (packed));
      assert.equal(format, expected);
    }
  }
  assert.equal(isPerfScript(golden('known.folded')), false);
});

test('what is damaged, empty or of another kind is an error with a sentence', async () => {
  const packed = new Uint8Array(gzipSync(synthetic(1)));
  for (const bytes of [
    packed.slice(0, packed.length / 2),
    new Uint8Array(0),
    bytesOf('<!doctype html>\n<p>404'),
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1, 2),
  ]) {
    await assert.rejects(readProfile(bytes), (error) => error instanceof DecodeError);
  }
});

test('a line that is longer than what is decoded at once is one line', () => {
  const long = 'x'.repeat(9 << 20);
  const lines = /** @type {number[]} */ ([]);
  eachLine(bytesOf(`${long}\nshort\n${long} 1`), (line) => void lines.push(line.length));
  assert.deepEqual(lines, [long.length, 5, long.length + 2]);
});
