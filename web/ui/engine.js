// SPDX-License-Identifier: Apache-2.0

/**
 * Engine: answers questions about the profile that is open, and about what it is compared with.
 *
 *     bytes  --open-->  Profile ─► Stacks      Question  --picture, …-->  typed arrays
 *
 * It knows neither page nor network, and runs in a worker (worker.js), so that no profile, however
 * large, keeps the page from moving; in a page that is a file it runs there. What it answers is
 * given away: nothing of it is used again.
 */

import { buildTree, CallTree } from './call_tree.js';
import { Frames } from './frames.js';
import { layOut } from './layout.js';
import { readProfile } from './reader.js';
import { labelColumn, parseSelector, selectSets } from './selector.js';
import { makeStacks, valueColumns, valuesOf } from './stacks.js';
import { sumProcesses, sumSets } from './processes.js';
import { applyTransforms } from './transforms.js';
import { measureTree } from './truth.js';
import { weigh } from './weights.js';

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
 * @property {string} [thread]
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
 */

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
      const time = valuesOf(this.profile, valueColumns(this.profile, type).value);
      this.stacks = { ...this.stacks, time };
      this.type = type;
    }
    const key = transforms.map(({ verb, what }) => `${verb}:${what}`).join('\0');
    if (key !== this.done.key) {
      this.done = { key, stacks: applyTransforms(this.stacks, this.frames, transforms) };
    }
    return { ...this.done.stacks, time: this.stacks.time };
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
    const { value } = valueColumns(profile, '');
    return {
      format,
      types: profile.sampleTypes,
      type: profile.sampleTypes[value].type,
      unit: profile.sampleTypes[value].unit,
      labels: this.labels(),
      facts: profile.facts,
      startNs: profile.startNs,
      durationNs: profile.durationNs,
      nSamples: profile.sampleStack.length,
      nStacks: stacks.first.length - 1,
      nFrames,
      hasTimes: profile.sampleAtNs !== null,
      notes: stacks.nDeep ? [`${stacks.nDeep} stacks are too deep to be shown whole`] : [],
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
    return { ...this.lay(tree, question), ...scalesOf(input, base) };
  }

  /** Who used the CPU, whatever the question selects. */
  processes() {
    return sumProcesses(this.opened.stacks);
  }

  get opened() {
    if (!this.side) throw new Error('no profile is open');
    return this.side;
  }

  /**
   * What a question selects of a profile.
   * @param {Side} side @param {Question} question @param {string} query
   */
  weighed(side, { type = '', transforms }, query) {
    const stacks = side.stacksAfter(transforms, type);
    const selected = selectSets(stacks.labels, parseSelector(query));
    const isCut = transforms.some(({ verb }) => verb === 'root');
    return weigh(stacks, selected, isCut ? null : this.groups(stacks));
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

  /** @param {TreeColumns} columns @param {Question} question */
  lay(columns, { order }) {
    const layout = layOut(new CallTree(this.frames, columns), order);
    const { tree, start, end, firstChild, children } = layout;
    return { tree: columns, start, end, firstChild, children, measure: measureTree(tree) };
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

/** @param {Float64Array} values */
function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
