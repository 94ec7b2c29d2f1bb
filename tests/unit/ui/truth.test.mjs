// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
  BUILDS,
  CUTS,
  describeEmptiness,
  DROPS,
  earliest,
  HISTORY,
  reasonOfMark,
  remarks,
  truths,
} from '../../../web/ui/truth.js';
import { parseState } from '../../../web/ui/state.js';
import { ProfileWriter } from '../../browser/synthetic_profile.mjs';
import { layoutOf } from './pictures.mjs';

const STATUS = {
  frequency_hz: 99,
  event: 'cpu-clock',
  cpus: 4,
  uptime_seconds: 1000,
  ticks: 2000,
  idle: 1000,
  dropped: { ring_full: 40, no_stack: 0 },
  stacks: { whole: 900, truncated_depth: 5, pending: 1 },
  files: { pending: 2 },
  queued: { symbol_builds: 1, unwind_tables: 0 },
  symbol_builds: { ok: 7, crashed: 1 },
  roles: {
    sampler: { cpu_seconds: 2, resident_bytes: 3 << 20 },
    resolver: { restarts: 1, cpu_seconds: 3, resident_bytes: 5 << 20 },
  },
  bpf: { run_seconds: 0, runs: 0, map_bytes: 8 << 20 },
  history_errors: { full: 3, io: 0 },
  debuginfod: { queued: 3, found: 9 },
};

/** By its name. @param {import('../../../web/ui/truth.js').Truth[]} items */
const byName = (items) => Object.fromEntries(items.map((item) => [item.name, item]));

/** @param {import('../../../web/ui/truth.js').Truth} truth @param {RegExp} text */
const reason = (truth, text) => truth.reasons.find((one) => text.test(one.text))?.value;

/** The enum's names as the daemon tells them. @param {string} file @param {string} table */
function namesIn(file, table) {
  const source = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
  const [, body] = new RegExp(`${table}\\[\\w+\\] = \\{([^}]*)\\}`).exec(source) ?? ['', ''];
  return [...body.matchAll(/"([^"]*)"/g)].map(([, name]) => name);
}

test('what was lost is named, with its share of what was due, and why', () => {
  const { dropped, restarts, ...by } = byName(truths(null, STATUS));
  assert.equal(dropped.value, '40 (4.00 %)');
  assert.equal(reason(dropped, /the sampler got too little CPU/), '40');
  assert.ok(dropped.isWarning);
  assert.equal(by['stacks cut'].value, '6 (0.66 %)');
  assert.equal(reason(by['stacks cut'], /deeper than 512 frames/), '5');
  assert.ok(!by['stacks cut'].isWarning);
  assert.equal(reason(restarts, /resolver/), '1');
  assert.equal(reason(by['history errors'], /the disk was full/), '3');
});

test('what is still to come is named', () => {
  const { pending, ...by } = byName(truths(null, STATUS));
  assert.equal(pending.value, '5 files');
  assert.equal(reason(pending, /symbols are being read/), '2');
  assert.equal(reason(pending, /servers are asked/), '3');
  assert.equal(by['files unnamed'].value, '1');
  assert.equal(reason(by['files unnamed'], /made the reader crash/), '1');
});

test('the rate is told with its clock and its CPUs', () => {
  const { rate } = byName(truths(null, STATUS));
  assert.equal(rate.value, '99 Hz');
  assert.match(rate.reasons[0].text, /by a timer on each of 4 CPUs/);
});

test('overhead is that of all roles, since the start or since an earlier status', () => {
  const { overhead } = byName(truths(null, STATUS));
  assert.equal(overhead.value, '0.50 % of a CPU');
  assert.equal(reason(overhead, /^the sampler/), '0.20 % of a CPU');
  assert.equal(reason(overhead, /kernel half/), 'not known');
  assert.equal(reason(overhead, /memory of all/), '8.0 MB');
  const later = {
    ...STATUS,
    uptime_seconds: 1100,
    roles: { sampler: { cpu_seconds: 3 }, resolver: { cpu_seconds: 3 } },
    bpf: { run_seconds: 1, runs: 5 },
  };
  const now = byName(truths(null, later, STATUS)).overhead;
  assert.equal(now.value, '2.00 % of a CPU');
  assert.equal(reason(now, /since the start/), '0.64 % of a CPU');
});

test('a status is compared with none of a daemon before', () => {
  const [old, restarted] = [{ uptime_seconds: 500 }, { uptime_seconds: 3 }];
  assert.equal(earliest(null, old), old);
  assert.equal(earliest(old, { uptime_seconds: 502 }), old);
  assert.equal(earliest(old, restarted), restarted);
});

test('a status in which everything is missing is no error', () => {
  assert.deepEqual(truths(null, {}), []);
});

test('words of a newer daemon are shown as they are', () => {
  const { dropped } = byName(truths(null, { ticks: 10, dropped: { new_reason: 1 } }));
  assert.match(dropped.reasons[0].text, /^new reason/);
});

test('what has no names, and what lost its callers, is measured in the picture', async () => {
  const writer = new ProfileWriter();
  const main = ['main', '/bin/a'];
  writer.sample({ comm: 'a', pid: '1' }, [main, ['libz.so+0x1b2c', '/lib/libz.so']], 30);
  writer.sample({ comm: 'a', pid: '1' }, [['[truncated: too deep]', '[truncated]'], main], 10);
  writer.sample({ comm: 'a', pid: '1' }, [main], 60);
  const bytes = writer.finish({ endS: 1700000030, seconds: 30, comments: [] });
  const { measure } = await layoutOf(bytes);
  assert.equal(measure.samples, 100);
  const by = byName(truths(measure, {}));
  assert.equal(by.unnamed.value, '30.0 %');
  assert.equal(reason(by.unnamed, /\/lib\/libz.so/), '30.0 %');
  assert.equal(by['callers lost'].value, '10.0 %');
  assert.equal(reason(by['callers lost'], /deeper than 512 frames/), '10.0 %');
  assert.ok(by['callers lost'].isWarning);
});

test('every reason that the daemon has is a sentence here', () => {
  const tables = /** @type {[string, string, Record<string, unknown>][]} */ ([
    ['profiler/status.c', 'drop_reason_names', DROPS],
    ['profiler/status.c', 'build_outcome_names', { ok: 1, ...BUILDS }],
    ['profiler/history.c', 'history_error_names', HISTORY],
  ]);
  for (const [file, table, sentences] of tables) {
    const names = namesIn(file, table);
    assert.ok(names.length > 3, `${table} is not in ${file}`);
    assert.deepEqual(names.sort(), Object.keys(sentences).sort());
  }
  const marks = namesIn('profiler/status.c', 'stack_cut_reasons');
  assert.deepEqual(Object.values(CUTS).map(([mark]) => mark), marks);
  assert.equal(reasonOfMark('[truncated: too deep]'), 'deeper than 512 frames');
});

test('an empty picture says why it is empty', () => {
  const none = { nSamples: 0 };
  const some = { nSamples: 2 };
  assert.match(describeEmptiness(none, parseState('')), /^Waiting/);
  assert.equal(describeEmptiness(none, parseState('#at=5')), 'No samples are from these 30 s.');
  const queried = describeEmptiness(some, parseState('#query={a="b"}'));
  assert.equal(queried, '{a="b"} used no CPU in these 30 s.');
});

test('what could not be shown as it is, is said in its own words', () => {
  const [remark] = remarks(['3 stacks are too deep to be shown whole']);
  assert.equal(remark.value, '3 stacks are too deep to be shown whole');
  assert.ok(remark.isWarning);
  assert.deepEqual(remarks([]), []);
});
