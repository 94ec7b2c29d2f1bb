// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../../../web/ui/call_tree.js';
import { valueColumns } from '../../../web/ui/stacks.js';
import { HEAP_SUMS, heapProfile } from '../../browser/heap_profile.mjs';
import { engineOf, layoutIn, QUESTION } from './pictures.mjs';

const TYPES = Object.keys(HEAP_SUMS);

/** Name → [value, count] of a function with all that it calls. */
function tableOf(engine, type) {
  const { frame, total, count } = engine.table({ ...QUESTION, type });
  return Object.fromEntries(
    Array.from(frame, (row, i) => [engine.frames.names[row], [total[i], count[i]]]),
  );
}

test('each type of a profile of memory has its sums, and counts what it is of', async () => {
  const engine = await engineOf(heapProfile());
  for (const type of TYPES) {
    const { tree } = layoutIn(engine, { type });
    assert.equal(tree.total[ROOT], HEAP_SUMS[type], type);
    const objects = type.replace('space', 'objects');
    assert.equal(tree.samples[ROOT], HEAP_SUMS[objects], type);
  }
  assert.deepEqual(tableOf(engine, 'alloc_space')['main.serve'], [48 << 20, 2500]);
  assert.deepEqual(tableOf(engine, 'inuse_space')['main.serve'], [1 << 20, 1]);
  assert.deepEqual(tableOf(engine, 'alloc_objects')['main.serve'], [2500, 2500]);
});

test('of a type that is not there, the default is shown, and what has nothing of it is not', async () => {
  const engine = await engineOf(heapProfile());
  assert.equal(layoutIn(engine, { type: 'cpu' }).tree.total[ROOT], HEAP_SUMS.inuse_space);
  assert.equal(tableOf(engine, 'inuse_space')['main.parse'], undefined);
  assert.ok(tableOf(engine, 'alloc_space')['main.parse']);
});

test('a transform keeps to the type that is shown', async () => {
  const engine = await engineOf(heapProfile());
  const transforms = [{ verb: 'focus', what: 'main.serve' }];
  const total = (type) => layoutIn(engine, { type, transforms }).tree.total[ROOT];
  assert.deepEqual([total('alloc_space'), total('inuse_space')], [48 << 20, 1 << 20]);
  assert.equal(layoutIn(engine, { type: 'alloc_space' }).tree.total[ROOT], HEAP_SUMS.alloc_space);
});

test('samples are what counts, where there are any, and the last type is the default', () => {
  const columns = (names, wanted = '', defaultType = '') => {
    const sampleTypes = names.split(' ').map((name) => {
      const [type, unit] = name.split('/');
      return { type, unit };
    });
    const { value, count } = valueColumns({ sampleTypes, defaultType }, wanted);
    return [value, count];
  };
  const cpu = 'samples/count cpu/nanoseconds';
  assert.deepEqual(columns(cpu), [1, 0]);
  assert.deepEqual(columns(cpu, 'samples'), [0, 0]);
  assert.deepEqual(columns('samples/count cycles/count', 'cycles'), [1, 0]);
  assert.deepEqual(columns('contentions/count delay/nanoseconds'), [1, 0]);
  assert.deepEqual(columns('a/bytes b/bytes', 'x', 'a'), [0, 0]);
});

test("go's own tool has the same sums", (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heap-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'heap.pb');
  writeFileSync(path, heapProfile());
  for (const type of TYPES) {
    const isSpace = type.endsWith('space');
    const options = ['-top', `-sample_index=${type}`, ...(isSpace ? ['-unit=B'] : [])];
    const run = spawnSync('go', ['tool', 'pprof', ...options, path], { encoding: 'utf8' });
    if (run.error) return context.skip('there is no go');
    const [, total] = /of ([\d.]+)B? total/.exec(run.stdout) ?? [];
    assert.equal(Number(total), HEAP_SUMS[type], run.stdout + run.stderr);
  }
});
