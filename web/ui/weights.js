// SPDX-License-Identifier: Apache-2.0

/**
 * Weights: what the selected samples add up to, of each stack in each group, such as a process.
 *
 *     Stacks, selection, groups  --weigh-->  WeighedStacks
 *
 * Many samples have one stack; a tree needs to walk it once.
 *
 * The stacks with a function can be cut in two at its outermost call:
 *
 *     WeighedStacks, frame  --callersOf-->  what led to it, the nearest caller first
 *                           --calleesOf-->  what it has called
 *
 * The process at the top of a stack is its outermost caller. Both halves of all stacks weigh what
 * the stacks do, so either tree's total is the function's.
 */

import { ROOT } from './call_tree.js';
import { baseName } from './frames.js';
import { Numbers } from './profile.js';
import { labelColumn } from './search.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./call_tree.js').NodeLabels} NodeLabels */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./stacks.js').Stacks} Stacks */

/**
 * @typedef {object} WeighedStacks
 * @property {Stacks} stacks
 * @property {Int32Array | Uint32Array} stack
 * @property {Int32Array} group   the frame at the top of the stack, or −1 for none
 * @property {Float64Array} time
 * @property {Float64Array} count
 * @property {number} scale       that makes the time comparable with that of others
 */

/**
 * @param {Stacks} stacks
 * @param {Uint8Array} selected   1 for each set of labels that is wanted
 * @param {Int32Array | null} groups a frame for each set of labels, or −1
 * @returns {WeighedStacks}
 */
export function weigh(stacks, selected, groups = null) {
  const nStacks = stacks.first.length - 1;
  return groups ? weighPairs(stacks, selected, groups) : weighStacks(stacks, selected, nStacks);
}

/** Of memory that is in use, most samples say that there is none. */
function isNothing(/** @type {Stacks} */ { time, count }, /** @type {number} */ sample) {
  return !time[sample] && !count[sample];
}

/** @param {Stacks} stacks @param {Uint8Array} selected @param {number} nStacks */
function weighStacks(stacks, selected, nStacks) {
  const { gone, stack, set } = stacks;
  const time = new Float64Array(nStacks);
  const count = new Float64Array(nStacks);
  const isThere = new Uint8Array(nStacks);
  for (let i = 0; i < stack.length; i++) {
    if (!selected[set[i]] || gone?.[stack[i]] || isNothing(stacks, i)) continue;
    isThere[stack[i]] = 1;
    time[stack[i]] += stacks.time[i];
    count[stack[i]] += stacks.count[i];
  }
  const rows = Uint32Array.from({ length: nStacks }, (_, i) => i).filter((i) => isThere[i]);
  return {
    stacks,
    stack: rows,
    group: new Int32Array(rows.length).fill(-1),
    time: Float64Array.from(rows, (row) => time[row]),
    count: Float64Array.from(rows, (row) => count[row]),
    scale: 1,
  };
}

/**
 * Nearly all samples of a stack are in one group: what else there is, is in a map.
 * @param {Stacks} stacks @param {Uint8Array} selected @param {Int32Array} groups
 */
function weighPairs(stacks, selected, groups) {
  const { gone, stack, set } = stacks;
  const nStacks = stacks.first.length - 1;
  const rows = new Int32Array(nStacks).fill(-1);
  /** @type {Map<number, number>} */
  const others = new Map();
  const group = new Numbers(new Int32Array(1024));
  const stackOf = new Numbers(new Int32Array(1024));
  const time = new Numbers(new Float64Array(1024));
  const count = new Numbers(new Float64Array(1024));
  for (let i = 0; i < stack.length; i++) {
    if (!selected[set[i]] || gone?.[stack[i]] || isNothing(stacks, i)) continue;
    const wanted = groups[set[i]];
    let row = rows[stack[i]];
    const isFirst = row < 0 || group.data[row] === wanted;
    const key = wanted * nStacks + stack[i];
    if (!isFirst) row = others.get(key) ?? -1;
    if (row >= 0) {
      time.data[row] += stacks.time[i];
      count.data[row] += stacks.count[i];
      continue;
    }
    if (isFirst) rows[stack[i]] = group.size;
    else others.set(key, group.size);
    group.push(wanted);
    stackOf.push(stack[i]);
    time.push(stacks.time[i]);
    count.push(stacks.count[i]);
  }
  const { data, size } = group;
  const columns = { stack: stackOf.data.subarray(0, size), group: data.subarray(0, size) };
  return { stacks, ...columns, time: time.data, count: count.data, scale: 1 };
}

/** Where a frame is in each row's stack, at its outermost call; −1 where it is not. */
function placesOf(/** @type {WeighedStacks} */ { stacks, stack }, /** @type {number} */ wanted) {
  const { first, frame } = stacks;
  return Int32Array.from(stack, (at) => {
    for (let i = first[at]; i < first[at + 1]; i++) if (frame[i] === wanted) return i;
    return -1;
  });
}

/**
 * Rows of one half each, which @half writes.
 * @param {WeighedStacks} input @param {Int32Array} places
 * @param {(row: number, put: (frame: number, line: number) => void) => void} half
 * @returns {WeighedStacks}
 */
function cut({ stacks, time, count, scale }, places, half) {
  const rows = Int32Array.from(places.keys()).filter((row) => places[row] >= 0);
  const first = new Int32Array(rows.length + 1);
  const frame = /** @type {number[]} */ ([]);
  const line = /** @type {number[]} */ ([]);
  rows.forEach((row, i) => {
    half(row, (one, at) => {
      frame.push(one);
      line.push(at);
    });
    first[i + 1] = frame.length;
  });
  return {
    stacks: { ...stacks, first, frame: Int32Array.from(frame), line: Int32Array.from(line) },
    stack: Int32Array.from(rows.keys()),
    group: new Int32Array(rows.length).fill(-1),
    time: Float64Array.from(rows, (row) => time[row]),
    count: Float64Array.from(rows, (row) => count[row]),
    scale,
  };
}

/** @param {WeighedStacks} input @param {number} wanted a frame @returns {WeighedStacks} */
export function calleesOf(input, wanted) {
  const { stacks, stack } = input;
  const places = placesOf(input, wanted);
  return cut(input, places, (row, put) => {
    const end = stacks.first[stack[row] + 1];
    for (let i = places[row] + 1; i < end; i++) put(stacks.frame[i], stacks.line[i]);
  });
}

/** @param {WeighedStacks} input @param {number} wanted a frame @returns {WeighedStacks} */
export function callersOf(input, wanted) {
  const { stacks, stack, group } = input;
  const places = placesOf(input, wanted);
  return cut(input, places, (row, put) => {
    const start = stacks.first[stack[row]];
    for (let i = places[row] - 1; i >= start; i--) put(stacks.frame[i], stacks.line[i]);
    if (group[row] >= 0) put(group[row], 0);
  });
}

/*
 * Processes: who used the CPU, by name and then by pid.
 *
 *     Stacks  --sumProcesses-->  ProcessGroup[], the largest first
 */

/** @typedef {{pid: string, exe: string, timeNs: number}} ProcessEntry */
/** @typedef {{comm: string, timeNs: number, pids: ProcessEntry[]}} ProcessGroup */

/** Larger times first; equal ones stay in an order of their own. */
function compare(
  /** @type {{timeNs: number}} */ a,
  /** @type {{timeNs: number}} */ b,
  /** @type {string} */ nameA,
  /** @type {string} */ nameB,
) {
  return b.timeNs - a.timeNs || (nameA < nameB ? -1 : 1);
}

/** The value of each set of labels. @param {Stacks} stacks */
export function sumSets({ labels, set, time }) {
  const sums = new Float64Array(labels.setLabels.length - 1);
  for (let i = 0; i < set.length; i++) sums[set[i]] += time[i];
  return sums;
}

/** @param {Stacks} stacks @returns {ProcessGroup[]} */
export function sumProcesses(stacks) {
  const { labels } = stacks;
  const sums = sumSets(stacks);
  const [comms, pids, exes] = ['comm', 'pid', 'exe'].map((name) => labelColumn(labels, name));
  /** @type {Map<string, {comm: string, timeNs: number, byPid: Map<string, ProcessEntry>}>} */
  const groups = new Map();
  sums.forEach((time, set) => {
    const comm = labels.strings[comms[set]] || '?';
    const pid = labels.strings[pids[set]];
    const group = groups.get(comm) ?? { comm, timeNs: 0, byPid: new Map() };
    const entry = group.byPid.get(pid) ?? { pid, exe: labels.strings[exes[set]], timeNs: 0 };
    group.timeNs += time;
    entry.timeNs += time;
    group.byPid.set(pid, entry);
    groups.set(comm, group);
  });
  return [...groups.values()]
    .map(({ comm, timeNs, byPid }) => ({
      comm,
      timeNs,
      pids: [...byPid.values()].sort((a, b) => compare(a, b, a.pid, b.pid)),
    }))
    .sort((a, b) => compare(a, b, a.comm, b.comm));
}

/*
 * Function table: the functions of a selection as rows, sorted and searched.
 *
 *     WeighedStacks  --sumFunctions-->  Sums
 *     Table, order, what was found  --sortFunctions-->  row numbers
 *
 * A stack counts once for a function, however often it is in it.
 */

/**
 * What the engine tells of each function that has samples.
 * @typedef {object} Table
 * @property {{get: (row: number) => Frame}} frames
 * @property {Int32Array} frame   of each row
 * @property {Float64Array} self  ns
 * @property {Float64Array} total ns; what a function calls itself with counts once
 * @property {Float64Array} count samples with it
 * @property {number} whole       ns of the selection
 * @property {Float64Array} [baseTotal] of what it is compared with
 * @property {number} [baseWhole]
 */

/** @typedef {Omit<Table, 'frames'>} Sums */
/** @typedef {'self'|'total'|'name'|'module'} SortKey */
/** @typedef {{by: SortKey, isDown: boolean}} Sorting */

/** @type {SortKey[]} */
const SORT_KEYS = ['self', 'total', 'name', 'module'];

/** Numbers begin with the largest, texts with A. @param {SortKey} by */
function isDownAtFirst(by) {
  return by === 'self' || by === 'total';
}

/** As it stands in the address: `total`, or `-total` the other way round. @param {string} text */
export function parseSorting(text) {
  const by = SORT_KEYS.find((key) => key === text.replace(/^-/, '')) ?? 'self';
  return { by, isDown: isDownAtFirst(by) !== text.startsWith('-') };
}

/** @param {Sorting} sorting */
export function formatSorting({ by, isDown }) {
  return isDown === isDownAtFirst(by) ? by : `-${by}`;
}

/** What a click on a column's head makes of the order. @param {Sorting} sorting @param {string} key */
export function sortBy(sorting, key) {
  const by = SORT_KEYS.find((known) => known === key) ?? sorting.by;
  return { by, isDown: by === sorting.by ? !sorting.isDown : isDownAtFirst(by) };
}

/** The numbers of a row. @param {Table} table @param {number} row */
export function factsOfRow({ self, total, count, whole, frame, frames }, row) {
  const { file, startLine } = frames.get(frame[row]);
  const place = file && startLine ? `${file}:${startLine}` : file;
  return { self: self[row], total: total[row], samples: count[row], whole, place };
}

/** Ranks of rows by a text, each text compared once. @param {string[]} texts */
function rank(texts) {
  const distinct = [...new Set(texts)].sort();
  const ranks = new Map(distinct.map((text, i) => [text, i]));
  return Float64Array.from(texts, (text) => ranks.get(text) ?? 0);
}

/** What rows are sorted by, as numbers. @param {Table} table @param {SortKey} by */
function keysOf(table, by) {
  if (by === 'self' || by === 'total') return table[by];
  const frames = Array.from(table.frame, (frame) => table.frames.get(frame));
  return rank(frames.map((f) => (by === 'name' ? f.name : baseName(f.module))));
}

/**
 * @param {Table} table @param {Sorting} sorting
 * @param {Uint8Array | null} found 1 for each frame that is wanted; null for all
 * @returns {Int32Array} rows, in order; equal ones by total and then as they were
 */
export function sortFunctions(table, { by, isDown }, found) {
  const keys = keysOf(table, by);
  const { total, frame } = table;
  const rows = /** @type {number[]} */ ([]);
  for (let row = 0; row < frame.length; row++) {
    if (!found || found[frame[row]] === 1) rows.push(row);
  }
  const sign = isDown ? -1 : 1;
  return Int32Array.from(rows).sort(
    (a, b) => sign * (keys[a] - keys[b]) || total[b] - total[a] || a - b,
  );
}

/** @param {WeighedStacks} input @param {number} nFrames */
function sumFrames({ stacks, stack, time, count, scale }, nFrames) {
  const { first, frame } = stacks;
  const self = new Float64Array(nFrames);
  const total = new Float64Array(nFrames);
  const samples = new Float64Array(nFrames);
  const lastRow = new Int32Array(nFrames).fill(-1);
  let whole = 0;
  for (let row = 0; row < stack.length; row++) {
    const value = time[row] * scale;
    const end = first[stack[row] + 1];
    whole += value;
    for (let i = first[stack[row]]; i < end; i++) {
      const at = frame[i];
      if (lastRow[at] === row) continue;
      lastRow[at] = row;
      total[at] += value;
      samples[at] += count[row];
    }
    if (end > first[stack[row]]) self[frame[end - 1]] += value;
  }
  return { self, total, samples, whole };
}

/**
 * @param {WeighedStacks} input @param {WeighedStacks | null} base what it is compared with
 * @param {number} nFrames
 * @returns {Sums}
 */
export function sumFunctions(input, base, nFrames) {
  const { self, total, samples, whole } = sumFrames(input, nFrames);
  const before = base && sumFrames(base, nFrames);
  const rows = /** @type {number[]} */ ([]);
  for (let row = 0; row < nFrames; row++) {
    if (samples[row] || before?.samples[row]) rows.push(row);
  }
  const frame = Int32Array.from(rows);
  const pick = (/** @type {Float64Array} */ column) =>
    Float64Array.from(frame, (row) => column[row]);
  const sums = { frame, self: pick(self), total: pick(total), count: pick(samples), whole };
  return before ? { ...sums, baseTotal: pick(before.total), baseWhole: before.whole } : sums;
}

const UNKNOWN = -2;
const SEVERAL = -1;

/** Sets of labels that have the group and the value in common. */
class Pairs {
  /** @param {Int32Array | null} groups of each set @param {Int32Array} column value of each set */
  constructor(groups, column) {
    this.group = /** @type {number[]} */ ([]);
    this.value = /** @type {number[]} */ ([]);
    const known = new Map();
    this.ofSet = Int32Array.from(column, (value, set) => {
      const group = groups ? groups[set] : -1;
      const key = `${group} ${value}`;
      let pair = known.get(key);
      if (pair === undefined) {
        pair = this.group.length;
        known.set(key, pair);
        this.group.push(group);
        this.value.push(value);
      }
      return pair;
    });
  }
}

/**
 * The value of a label that all samples of a node have.
 * @param {CallTree} tree of these stacks
 * @param {Stacks} stacks
 * @param {{selected: Uint8Array, groups: Int32Array | null, label: string}} of as the tree was built
 * @returns {NodeLabels}
 */
export function labelNodes(tree, stacks, { selected, groups, label }) {
  const pairs = new Pairs(groups, labelColumn(stacks.labels, label));
  const { stack, group: pairOf } = weigh(stacks, selected, pairs.ofSet);
  const texts = new Map();
  const ofNode = new Int32Array(tree.size).fill(UNKNOWN);
  const { first, frame } = stacks;
  for (let row = 0; row < stack.length; row++) {
    const text = pairs.value[pairOf[row]];
    if (!texts.has(text)) texts.set(text, texts.size);
    const value = texts.get(text);
    const mark = (/** @type {number} */ node) => {
      ofNode[node] = ofNode[node] === UNKNOWN || ofNode[node] === value ? value : SEVERAL;
    };
    const group = pairs.group[pairOf[row]];
    let node = group < 0 ? ROOT : tree.find(ROOT, group);
    mark(ROOT);
    if (node > ROOT) mark(node);
    for (let i = first[stack[row]]; i < first[stack[row] + 1] && node >= 0; i++) {
      node = tree.find(node, frame[i]);
      if (node > ROOT) mark(node);
    }
  }
  const values = Array.from(texts.keys(), (text) => stacks.labels.strings[text]);
  return { values, ofNode };
}
