// SPDX-License-Identifier: Apache-2.0

/**
 * Engine: answers questions about the profile that is open, and about what it is compared with.
 *
 *     bytes  --open-->  Profile ─► Stacks      Question  --picture, …-->  typed arrays
 *
 * It knows neither page nor network, and runs in a worker (worker.js), so that no profile, however
 * large, keeps the page from moving. What it answers is given away: nothing of it is used again.
 */

import { buildTree, CallTree } from './call_tree.js';
import { Frames } from './frames.js';
import { gatherChildren, layOut, orderByTime, threadsOf } from './layout.js';
import { readProfile } from './reader.js';
import {
  compileSearch,
  labelColumn,
  matchFrames,
  parseSelector,
  selectSets,
  splitByLabel,
} from './search.js';
import { parseColouring } from './state.js';
import { applyTransforms, makeStacks, valueColumns, valuesOf } from './stacks.js';
import { measureTree } from './truth.js';
import {
  calleesOf,
  callersOf,
  labelNodes,
  sumFunctions,
  sumProcesses,
  sumSets,
  weigh,
} from './weights.js';

/** @typedef {import('./call_tree.js').TreeColumns} TreeColumns */
/** @typedef {import('./layout.js').Order} Order */
/** @typedef {import('./profile.js').Profile} Profile */
/** @typedef {import('./stacks.js').Stacks} Stacks */
/** @typedef {import('./state.js').Transform} Transform */
/** @typedef {import('./weights.js').WeighedStacks} WeighedStacks */

/**
 * @typedef {object} Question
 * @property {string} query        a selector, or ''
 * @property {Transform[]} transforms
 * @property {Order} order
 * @property {string} host         what the root is called
 * @property {string} [type]       of value, or '' for the default
 * @property {string} [fn]         id of a frame
 * @property {string} [group]      label to split by
 * @property {number} [nPictures]  of the largest parts of a split
 * @property {string} [thread]     tid; the largest by default
 * @property {string} [colour]     label:NAME, if boxes are coloured by it
 * @property {{query: string} | null} [base] what of the base is compared with
 * @property {'duration'|'total'} [scale]
 */

/**
 * What is told of a profile when it is opened.
 * @typedef {object} Summary
 * @property {string} format        pprof, folded or perf script
 * @property {{type: string, unit: string}[]} types
 * @property {string} type          that is shown unless a question wants another
 * @property {string} unit          of that type
 * @property {{name: string, values: string[], nValues: number}[]} labels values: the largest first
 * @property {Record<string, string>} facts
 * @property {number} startNs       unix time
 * @property {number} durationNs
 * @property {number} nSamples
 * @property {number} nStacks       distinct ones
 * @property {number} nFrames       distinct ones
 * @property {boolean} hasTimes     each sample knows when it was taken
 * @property {Record<string, string>} buildIds of modules
 * @property {string[]} notes       sentences about what could not be shown as it is
 */

/**
 * A tree and where its nodes lie.
 * @typedef {object} Picture
 * @property {TreeColumns} tree
 * @property {Float64Array} start
 * @property {Float64Array} end
 * @property {Int32Array} firstChild
 * @property {Int32Array} children
 * @property {import('./truth.js').Measure} measure
 * @property {number} scale      by which the base's values were made comparable
 * @property {number} countScale and its counts are to be
 * @property {import('./call_tree.js').NodeLabels | null} labels of nodes, if they are coloured by it
 */

/** What a picture has that is neither compared nor coloured by a label. */
const PLAIN = { scale: 1, countScale: 1, labels: null };
/** How many values of a label are told. */
const MAX_VALUES = 1000;

/** A profile that is open. */
class Side {
  /** @param {Profile} profile @param {string} format @param {Frames} frames */
  constructor(profile, format, frames) {
    this.profile = profile;
    this.format = format;
    this.frames = frames;
    this.stacks = makeStacks(frames, profile);
    this.type = '';
    /** What was done to the stacks last; it is mostly done again. */
    this.done = { key: '', stacks: this.stacks };
  }

  /** Its stacks, with values of a type, after all that is done to them. */
  stacksAfter(/** @type {Transform[]} */ transforms, /** @type {string} */ type) {
    if (type !== this.type) {
      const { value, count } = valueColumns(this.profile, type);
      const [time, n] = [value, count].map((column) => valuesOf(this.profile, column));
      this.stacks = { ...this.stacks, time, count: n };
      this.type = type;
    }
    const key = transforms.map(({ verb, what }) => `${verb}:${what}`).join('\0');
    if (key !== this.done.key) {
      this.done = { key, stacks: applyTransforms(this.stacks, this.frames, transforms) };
    }
    const { time, count } = this.stacks;
    return { ...this.done.stacks, time, count };
  }

  /** What values are. @param {string} [type] '' for the default */
  valueType(type = '') {
    return this.profile.sampleTypes[valueColumns(this.profile, type).value];
  }

  /** @returns {Summary['labels']} */
  labels() {
    const { strings, labelKey } = this.profile;
    const sums = sumSets(this.stacks);
    return [...new Set(labelKey)].map((key) => {
      const name = strings[key];
      /** @type {Map<number, number>} */
      const values = new Map();
      labelColumn(this.stacks.labels, name).forEach((value, set) => {
        if (value) values.set(value, (values.get(value) ?? 0) + sums[set]);
      });
      const sorted = [...values].sort(([, a], [, b]) => b - a).slice(0, MAX_VALUES);
      return { name, values: sorted.map(([value]) => strings[value]), nValues: values.size };
    });
  }

  /** @param {number} nFrames @returns {Summary} */
  summary(nFrames) {
    const { profile, stacks, format } = this;
    return {
      format,
      types: profile.sampleTypes,
      ...this.valueType(),
      labels: this.labels(),
      facts: profile.facts,
      startNs: profile.startNs,
      durationNs: profile.durationNs,
      nSamples: profile.sampleStack.length,
      nStacks: stacks.first.length - 1,
      nFrames,
      hasTimes: profile.sampleAtNs !== null,
      buildIds: buildIdsOf(profile),
      notes: [...profile.notes, ...notesOf(profile, stacks)],
    };
  }
}

export class Engine {
  constructor() {
    this.frames = new Frames();
    /** @type {Side | null} */
    this.side = null;
    /** @type {Side | null} */
    this.base = null;
  }

  /**
   * Show another profile; what it is compared with stays open.
   * @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Summary>}
   */
  async open(bytes) {
    const { profile, format } = await readProfile(bytes);
    const { base } = this;
    this.frames = new Frames();
    this.side = new Side(profile, format, this.frames);
    if (base) this.base = new Side(base.profile, base.format, this.frames);
    return this.side.summary(this.frames.size);
  }

  /**
   * Compare with another profile, or with none.
   * @param {Uint8Array<ArrayBuffer> | null} bytes @returns {Promise<Summary | null>}
   */
  async openBase(bytes) {
    this.base = null;
    if (!bytes) return null;
    const { profile, format } = await readProfile(bytes);
    this.base = new Side(profile, format, this.frames);
    return this.base.summary(this.frames.size);
  }

  /** @param {Question} question @returns {Picture} */
  picture(question) {
    const input = this.weighed(this.opened, question, question.query);
    const base = this.weighedBase(question, input);
    const tree = buildTree(input, this.frames.addGroup(question.host, 'host'), base);
    const picture = { ...this.lay(tree, question), ...scalesOf(input, base) };
    return { ...picture, labels: this.labelsOf(tree, question) };
  }

  /** The functions of a selection. @param {Question} question */
  table(question) {
    const input = this.weighed(this.opened, question, question.query);
    return sumFunctions(input, this.weighedBase(question, input), this.frames.size);
  }

  /** What has called a function, and what it has called. @param {Question} question */
  sandwich(question) {
    const input = this.weighed(this.opened, question, question.query);
    const base = this.weighedBase(question, input);
    const fn = this.frames.rowOf(question.fn ?? '');
    if (fn < 0) return null;
    const half = (/** @type {typeof callersOf} */ cut) => ({
      ...this.lay(buildTree(cut(input, fn), fn, base && cut(base, fn)), question),
      ...scalesOf(input, base),
    });
    return { callers: half(callersOf), callees: half(calleesOf) };
  }

  /** The samples of a thread, as they followed one another. @param {Question} question */
  inOrder(question) {
    const { stacks, selected } = this.selection(this.opened, question, question.query);
    const threads = threadsOf(stacks, selected);
    const picked = threads.find(({ key }) => key === question.thread) ?? threads[0];
    const none = { picture: null, threads, thread: picked?.key ?? '', startNs: 0, endNs: 0 };
    if (!stacks.atNs || !picked) return none;
    const root = this.frames.addGroup(picked.text, 'process');
    const { unit } = this.opened.valueType(question.type);
    const order = orderByTime(stacks, selected, picked.key, root, unit);
    const { tree, startNs, endNs, ...places } = order;
    const columns = new CallTree(this.frames, tree);
    const layout = { ...places, ...gatherChildren(columns), measure: measureTree(columns) };
    return { ...none, startNs, endNs, picture: { tree, ...layout, ...PLAIN } };
  }

  /** The same picture for each value of a label. @param {Question} question */
  split(question) {
    const { stacks, selected, groups } = this.selection(this.opened, question, question.query);
    const root = this.frames.addGroup(question.host, 'host');
    const parts = splitByLabel(stacks, selected, question.group ?? '');
    const whole = parts.reduce((all, { total }) => all + total, 0);
    const pictures = parts.map(({ value, total, count, selected: ofPart }, i) => {
      if (i >= (question.nPictures ?? parts.length)) return { value, total, count, picture: null };
      const tree = buildTree(weigh(stacks, ofPart, groups), root);
      return { value, total, count, picture: this.lay(tree, question) };
    });
    return { parts: pictures, whole };
  }

  /** Who used the CPU, whatever the question selects. */
  processes() {
    return sumProcesses(this.opened.stacks);
  }

  /** Which frames a text finds; null for an empty one. @param {{search: string}} question */
  search({ search }) {
    const test = compileSearch(search);
    return test && matchFrames(this.frames, test);
  }

  get opened() {
    if (!this.side) throw new Error('no profile is open');
    return this.side;
  }

  /**
   * What a question selects of a profile.
   * @param {Side} side @param {Question} question @param {string} query
   */
  weighed(side, question, query) {
    const { stacks, selected, groups } = this.selection(side, question, query);
    return weigh(stacks, selected, groups);
  }

  /**
   * The stacks that a question is about, which sets of labels it wants, and the process of each;
   * none where callers are cut away.
   * @param {Side} side @param {Question} question @param {string} query
   */
  selection(side, { type = '', transforms }, query) {
    const stacks = side.stacksAfter(transforms, type);
    const selected = selectSets(stacks.labels, parseSelector(query));
    const isCut = transforms.some(({ verb }) => verb === 'root');
    return { stacks, selected, groups: isCut ? null : this.groups(stacks) };
  }

  /** @param {Question} question @param {WeighedStacks} input */
  weighedBase(question, input) {
    const { base } = this;
    if (!base || !question.base) return null;
    const weighed = this.weighed(base, question, question.base.query);
    const ofTotals = sum(input.time) / sum(weighed.time);
    const ofDurations = this.opened.profile.durationNs / base.profile.durationNs;
    const scale = question.scale === 'total' ? ofTotals : ofDurations;
    return { ...weighed, scale: Number.isFinite(scale) && scale > 0 ? scale : 1 };
  }

  /** The process of each set of labels; null if the profile names none. @param {Stacks} stacks */
  groups({ labels }) {
    const comm = labelColumn(labels, 'comm');
    if (!comm.some(Boolean)) return null;
    return comm.map((text) => this.frames.addGroup(labels.strings[text] || '?', 'process'));
  }

  /** The label's value of each node, if boxes are coloured by one. */
  labelsOf(/** @type {TreeColumns} */ columns, /** @type {Question} */ question) {
    const { label } = parseColouring(question.colour ?? '');
    if (!label) return null;
    const { stacks, selected, groups } = this.selection(this.opened, question, question.query);
    return labelNodes(new CallTree(this.frames, columns), stacks, { selected, groups, label });
  }

  /** @param {TreeColumns} columns @param {Question} question */
  lay(columns, { order }) {
    const layout = layOut(new CallTree(this.frames, columns), order);
    const { tree, start, end, firstChild, children } = layout;
    const measure = measureTree(tree);
    return { tree: columns, start, end, firstChild, children, measure, ...PLAIN };
  }
}

/**
 * Counts are taken more or less often: they are as comparable as values of the same rate.
 * @param {WeighedStacks} input @param {WeighedStacks | null} base
 */
function scalesOf(input, base) {
  if (!base) return { scale: 1, countScale: 1 };
  const rate = sum(input.count) / sum(input.time);
  const countScale = (base.scale * rate * sum(base.time)) / sum(base.count);
  return { scale: base.scale, countScale: countScale > 0 ? countScale : base.scale };
}

/** What could not be shown as it is. @param {Profile} profile @param {Stacks} stacks */
function notesOf({ nUntimed }, { nDeep }) {
  return [
    nDeep ? `stacks that are too deep to be shown whole: ${nDeep}` : '',
    nUntimed ? `samples without a time: ${nUntimed}, so none is shown in its order` : '',
  ].filter(Boolean);
}

/** Of each module; of one that was replaced, the last. @param {Profile} profile */
function buildIdsOf({ strings, mappingFile, mappingBuildId }) {
  /** @type {Record<string, string>} */
  const ids = Object.create(null);
  mappingBuildId?.forEach((id, mapping) => {
    if (id) ids[strings[mappingFile[mapping]]] = strings[id];
  });
  return ids;
}

/** @param {Float64Array} values */
function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
