// SPDX-License-Identifier: Apache-2.0

/**
 * Truth: how much of what happened is in the picture, what is missing and why, and what the
 * profiler itself costs.
 *
 *     CallTree  --measureTree-->  Measure ─┐
 *     Status, and an earlier one ──────────┴─truths─►  Truth[], those worth a warning marked
 */

import { MAX_NODES, ROOT } from './call_tree.js';
import { create } from './dom.js';
import { KINDS } from './frames.js';
import {
  countName,
  formatBytes,
  formatCount,
  formatRange,
  formatShare,
  formatValue,
  valueName,
} from './short_text.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./engine.js').Summary} Summary */
/** @typedef {import('./source.js').Status} Status */
/** @typedef {import('./state.js').State} State */

/** @typedef {{value: string, text: string}} Reason */
/** @typedef {{name: string, value: string, reasons: Reason[], isWarning: boolean}} Truth */

/**
 * What a picture holds; plain data, which a worker can hand over.
 * @typedef {object} Measure
 * @property {number} samples
 * @property {number} timeNs
 * @property {Record<string, number>} unnamedNs by module
 * @property {Record<string, number>} cutNs     by the mark at the stack's root
 * @property {number} tooMany  samples that stand at a caller, as a graph has that many boxes
 */

/** A loss beyond this is marked. */
const WORRYING_SHARE = 0.01;
const MOST_MODULES = 6;

/** @param {CallTree} tree @returns {Measure} */
export function measureTree({ size, frame, frames, total, self, samples, columns }) {
  const unnamed = new Map();
  const cut = new Map();
  const [isUnnamed, isCut] = [KINDS.indexOf('unnamed'), KINDS.indexOf('cut')];
  for (let node = 0; node < size; node++) {
    const row = frame[node];
    const kind = frames.kind[row];
    if (kind === isUnnamed) add(unnamed, frames.moduleOf(row), self[node]);
    else if (kind === isCut) add(cut, frames.names[row], total[node]);
  }
  return {
    samples: samples[ROOT],
    timeNs: total[ROOT],
    unnamedNs: Object.fromEntries(unnamed),
    cutNs: Object.fromEntries(cut),
    tooMany: columns.nCut,
  };
}

/** @param {Map<string, number>} sums @param {string} name @param {number} value */
function add(sums, name, value) {
  sums.set(name, (sums.get(name) ?? 0) + value);
}

/** @param {Record<string, number> | undefined} counts @returns {[string, number][]} the largest first */
function largest(counts) {
  return Object.entries(counts ?? {})
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
}

/** @param {[string, number][]} counts */
const sum = (counts) => counts.reduce((total, [, count]) => total + count, 0);

/** @param {string} name @param {string} value @param {Reason[]} reasons @returns {Truth} */
function plain(name, value, reasons, isWarning = false) {
  return { name, value, reasons, isWarning };
}

/** @param {[string, number][]} counts @param {(word: string) => string} sentence @returns {Reason[]} */
function counted(counts, sentence) {
  return counts.map(([word, count]) => ({ value: formatCount(count), text: sentence(word) }));
}

/** @param {string} text @returns {Reason} */
const said = (text) => ({ value: '', text });

const TICKS = 'ticks of busy CPUs that are in this picture';
const BOXES_LACKING = `samples that stand at a caller: a graph has ${formatCount(MAX_NODES)} boxes at most`;

/** @param {Measure} measure @returns {Truth[]} */
function ofPicture({ samples, timeNs, unnamedNs, cutNs, tooMany }) {
  const isTime = valueName() === 'CPU time';
  const share = (/** @type {number} */ ns) => formatShare(timeNs ? ns / timeNs : 0);
  const unnamed = largest(unnamedNs);
  const cut = largest(cutNs);
  const noSymbol = unnamed.slice(0, MOST_MODULES).map(([module, ns]) => ({
    value: share(ns),
    text: module
      ? `in functions of ${module} that have no symbol there`
      : 'in code that belongs to no file, and whose runtime tells no names',
  }));
  return [
    plain(countName(), formatCount(samples), [said(isTime ? TICKS : 'how often it was met')]),
    plain(valueName(), formatValue(timeNs), [said('what they stand for')]),
    plain('unnamed', share(sum(unnamed)), noSymbol.length ? noSymbol : [said('all has a name')]),
    plain(
      'callers lost',
      share(sum(cut)),
      cut.length
        ? cut.map(([mark, ns]) => ({ value: share(ns), text: reasonOfMark(mark) }))
        : [said('every stack reaches the entry of its thread')],
      sum(cut) > timeNs * WORRYING_SHARE,
    ),
    ...warning('boxes lacking', tooMany ? [['', tooMany]] : [], () => BOXES_LACKING),
  ];
}

/**
 * What is counted, if anything is; that there is any is worth a warning.
 * @param {string} name @param {[string, number][]} counts @param {(word: string) => string} sentence
 */
function warning(name, counts, sentence) {
  const reasons = counted(counts, sentence);
  return counts.length ? [plain(name, formatCount(sum(counts)), reasons, true)] : [];
}

/**
 * Counts of what was lost since the daemon started, out of @of.
 * @param {string} name @param {Record<string, number>} counts
 * @param {(word: string) => string} sentence @param {number} of
 * @returns {Truth}
 */
function losses(name, counts, sentence, of) {
  const lost = largest(counts);
  const total = sum(lost);
  const share = of && total ? ` (${formatShare(total / of)})` : '';
  const reasons = total
    ? counted(lost, (word) => `${sentence(word)}, since the start`)
    : [said('nothing was, since the start')];
  return plain(name, formatCount(total) + share, reasons, total > of * WORRYING_SHARE);
}

/** @param {string} word of a reason that is not known here */
const spoken = (word) => word.replaceAll('_', ' ');

/** @param {Status} status @returns {Truth[]} */
function ofSamples({ frequency_hz, event, cpus, ticks, idle, dropped, stacks }) {
  const items = /** @type {Truth[]} */ ([]);
  if (frequency_hz) {
    const how = event === 'cpu-cycles' ? 'by the hardware counter of cycles' : 'by a timer';
    const where = cpus ? ` on each of ${formatCount(cpus)} CPUs` : '';
    const reasons = event || cpus ? [said(`${how}${where}`)] : [];
    items.push(plain('rate', `${formatCount(frequency_hz)} Hz`, reasons));
  }
  if (dropped) {
    const due = (ticks ?? 0) - (idle ?? 0);
    items.push(losses('dropped', dropped, (word) => DROPS[word] ?? spoken(word), due));
  }
  if (stacks) {
    const cut = Object.fromEntries(Object.entries(stacks).filter(([word]) => word in CUTS));
    const all = sum(largest(stacks));
    items.push(losses('stacks cut', cut, (word) => CUTS[word][1], all));
  }
  return items;
}

/** What will still come. @param {Status} status @returns {Truth[]} */
function ofNames({ files, queued, debuginfod, symbol_builds }) {
  const items = /** @type {Truth[]} */ ([]);
  const pending = /** @type {Reason[]} */ ([]);
  const add = (/** @type {number | undefined} */ count, /** @type {string} */ text) => {
    if (count) pending.push({ value: formatCount(count), text });
  };
  add(files?.pending, 'files whose symbols are being read; their names appear by themselves');
  add(queued?.symbol_builds, 'files that wait to be read for names and lines');
  add(queued?.unwind_tables, 'files that wait for their unwind table; stacks there may be cut');
  add(debuginfod?.queued, 'debug files that servers are asked for; lines appear by themselves');
  if (pending.length) {
    const most = Math.max(files?.pending ?? 0, queued?.symbol_builds ?? 0);
    const count = Math.max(most, queued?.unwind_tables ?? 0) + (debuginfod?.queued ?? 0);
    items.push(plain('pending', `${formatCount(count)} ${count === 1 ? 'file' : 'files'}`, pending));
  }
  const failed = largest(symbol_builds).filter(([word]) => word !== 'ok');
  if (failed.length) {
    const reasons = counted(
      failed,
      (word) => `files without names: ${BUILDS[word] ?? spoken(word)}`,
    );
    items.push(plain('files unnamed', formatCount(sum(failed)), reasons));
  }
  return items;
}

/** CPU seconds of all roles, and of the kernel half if it is measured. @param {Status} status */
function cpuSeconds({ roles, bpf }) {
  const ofRoles = Object.values(roles ?? {}).reduce((s, role) => s + (role.cpu_seconds ?? 0), 0);
  return ofRoles + (bpf?.run_seconds ?? 0);
}

/** @param {Status} status @param {Status | null} earlier @returns {Truth[]} */
function ofDaemon(status, earlier) {
  const { roles, bpf, uptime_seconds: uptimeS = 0 } = status;
  const elapsedS = uptimeS - (earlier?.uptime_seconds ?? uptimeS);
  const isKnown = Object.values(roles ?? {}).some((role) => role.cpu_seconds !== undefined);
  if (!isKnown || uptimeS <= 0) return [];
  const ofCpu = (/** @type {number} */ s) => `${formatShare(s / uptimeS)} of a CPU`;
  const reasons = Object.entries(roles ?? {})
    .filter(([, role]) => role.cpu_seconds)
    .map(([name, role]) => ({ value: ofCpu(role.cpu_seconds ?? 0), text: `the ${name}` }));
  const kernelHalf = bpf?.runs
    ? { value: ofCpu(bpf.run_seconds ?? 0), text: 'the kernel half' }
    : {
        value: 'not known',
        text: 'the kernel half: it is measured while sysctl kernel.bpf_stats_enabled is 1',
      };
  const bytes = Object.values(roles ?? {}).reduce((all, r) => all + (r.resident_bytes ?? 0), 0);
  reasons.push(kernelHalf, { value: formatBytes(bytes), text: 'memory of all of these' });
  if (bpf?.map_bytes) reasons.push({ value: formatBytes(bpf.map_bytes), text: 'memory of BPF maps' });
  let overhead = cpuSeconds(status) / uptimeS;
  if (earlier && elapsedS >= 1) {
    reasons.unshift({ value: ofCpu(cpuSeconds(status)), text: 'all of it, since the start' });
    overhead = (cpuSeconds(status) - cpuSeconds(earlier)) / elapsedS;
  }
  return [plain('overhead', `${formatShare(overhead)} of a CPU`, reasons)];
}

/** @param {Status} status @returns {Truth[]} */
function ofAccidents({ roles, history_errors }) {
  const restarts = largest(
    Object.fromEntries(Object.entries(roles ?? {}).map(([name, r]) => [name, r.restarts ?? 0])),
  );
  const ofHistory = (/** @type {string} */ word) =>
    `times history was not written: ${HISTORY[word] ?? spoken(word)}`;
  return [
    ...warning('restarts', restarts, (name) => `of the ${name}`),
    ...warning('history errors', largest(history_errors), ofHistory),
  ];
}

/**
 * @param {Measure | null} measure of the picture, if there is one
 * @param {Status} status @param {Status | null} [earlier] what the same daemon told before
 * @returns {Truth[]}
 */
export function truths(measure, status, earlier = null) {
  return [
    ...(measure ? ofPicture(measure) : []),
    ...ofSamples(status),
    ...ofNames(status),
    ...ofDaemon(status, earlier),
    ...ofAccidents(status),
  ];
}

/** What could not be shown as it is. @param {string[]} notes sentences @returns {Truth[]} */
export function remarks(notes) {
  return notes.map((note) => plain('not as it is', note, [said(note)], true));
}

/** The status to compare later ones with: the first that this daemon told. */
export function earliest(/** @type {Status | null} */ earlier, /** @type {Status} */ status) {
  const isOlder = (earlier?.uptime_seconds ?? Infinity) <= (status.uptime_seconds ?? 0);
  return isOlder ? earlier : status;
}

/**
 * Why there is no picture.
 * @param {Pick<Summary, 'nSamples'>} summary @param {State} state
 */
export function describeEmptiness({ nSamples }, { at, query, rangeS }) {
  const isFirst = nSamples === 0 && at === null;
  if (isFirst) return 'Waiting for the first samples…';
  const range = formatRange(rangeS);
  return query ? `${query} used no CPU in these ${range}.` : `No samples are from these ${range}.`;
}

/** In one line. @param {HTMLElement} list a <dl> @param {Truth[]} items */
export function showTruths(list, items) {
  list.replaceChildren(
    ...items.map(({ name, value, reasons, isWarning }) => {
      const item = create('div', isWarning ? { class: 'warning' } : {});
      item.append(create('dt', {}, name), create('dd', {}, value));
      const why = reasons.map((reason) => `${reason.value} ${reason.text}`.trim()).join('\n');
      if (why) item.title = why;
      if (isWarning && reasons.length) {
        item.append(create('dd', { class: 'why' }, reasons[0].text));
      }
      return item;
    }),
  );
}

/** Each with its reasons. @param {HTMLElement} list a <dl> @param {Truth[]} items */
export function showReasons(list, items) {
  list.replaceChildren(
    ...items.map(({ name, value, reasons, isWarning }) =>
      create(
        'div',
        isWarning ? { class: 'warning' } : {},
        create('dt', {}, `${name} `, create('b', {}, value)),
        ...reasons.map(describeReason),
      ),
    ),
  );
}

/** @param {Reason} reason */
function describeReason({ value, text }) {
  return create('dd', {}, ...(value ? [create('b', {}, value), ' '] : []), text);
}

/*
 * Reasons: why something is lost, cut or not named, in a sentence each. The keys are the daemon's
 * words, of /metrics and docs/metrics.md; what is not known here is shown as it is.
 */

/** Why a sample was lost. @type {Record<string, string>} */
export const DROPS = {
  ring_full: 'the sampler got too little CPU to read what the kernel handed over',
  no_scratch: 'a tick came while another sample was being taken on the same CPU',
  not_selected: 'of a process that is not followed',
  bad_record: 'what the kernel half handed over is no record: a bug',
  no_stack: 'of a stack that the sampler had forgotten',
  no_memory: 'there was no memory',
  table_full: 'more processes, threads or stacks at once than the tables hold',
  server_busy: 'the server was too busy to take it',
  server_lost: 'the server ended before it was stored',
  label_rule: 'a rule of the configuration leaves its process out',
  store_full: 'it did not fit into the memory that the store may use (--memory)',
};

/**
 * Why a stack lacks callers: [what the mark in the picture says, the sentence].
 * @type {Record<string, [string, string]>}
 */
export const CUTS = {
  pending: ['unwind table pending', 'the unwind table of a file did not come in time'],
  truncated_depth: ['too deep', 'deeper than 512 frames'],
  truncated_read: ['stack not readable', 'memory of the stack was swapped out, or not there'],
  truncated_no_mapping: ['pc in no mapping', 'code in a mapping that was just being changed'],
  truncated_no_rule: ['no unwind rule', 'assembler that has no unwind rule and no frame pointer'],
  truncated_no_table: ['no unwind table', 'a file that no unwind table can be made of'],
  truncated_jit: [
    'JIT without frame pointers',
    'code made at run time without frame pointers; the runtime has an option to keep them',
  ],
  truncated_register: [
    'register of a caller not known',
    'a rule needs a register of a caller that was not kept',
  ],
  truncated_unsupported: ['unwind rule not supported', 'a rule that a table cannot say'],
  truncated_astray: ['stack went astray', 'a caller would lie below its callee'],
};

/** Why a file has no names. @type {Record<string, string>} */
export const BUILDS = {
  no_names: 'it is stripped, and no debug file of it was found',
  damaged: 'it could not be read as ELF or DWARF',
  no_memory: 'reading it took more memory than is allowed',
  too_large: 'its symbols would be larger than is allowed',
  timed_out: 'reading it took longer than is allowed',
  crashed: 'reading it made the reader crash; it is left alone',
  gone: 'it had been deleted when it was to be read',
};

/** Why history was not written. @type {Record<string, string>} */
export const HISTORY = {
  full: 'the disk was full',
  read_only: 'the disk, or the file, is read-only',
  damaged: 'the database was damaged, and has been put aside',
  busy: 'another process has the database open',
  version: 'a newer Pilotlight has written the database; it is left alone',
  no_memory: 'there was no memory',
  io: 'the disk reported an error',
};

/**
 * What an answer may lack, '' if nothing: of groups too many, others are in it, and of samples too
 * many, a profile says so itself.
 * @param {Response} response
 */
export function lackOf({ headers }) {
  if (!headers.get('X-Pilotlight-Limits')?.includes('match')) return '';
  return 'may lack some: a regular expression has too many ways to match';
}

/** The sentence for what the mark of a cut stack says. @param {string} mark */
export function reasonOfMark(mark) {
  const words = mark.replace(/^\[truncated: (.*)\]$/, '$1');
  return Object.values(CUTS).find(([known]) => known === words)?.[1] ?? words;
}
