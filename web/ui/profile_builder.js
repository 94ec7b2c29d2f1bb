// SPDX-License-Identifier: Apache-2.0

/**
 * Profile builder: a profile put together from names alone, as texts give them.
 *
 *     location, frames, sample…  --finish-->  Profile
 */

import { Numbers, Rows } from './numbers.js';
import { LIMITS, refuseBeyond, timesOf, tooMany } from './profile.js';
import { visible } from './strings.js';

/** @typedef {import('./profile.js').Profile} Profile */
/** @typedef {{type: string, unit: string}} ValueType */

const numbers = () => new Numbers(new Float64Array(1024));
const toInt32Array = (/** @type {Numbers<Float64Array>} */ { data, size }) =>
  Int32Array.from(data.subarray(0, size));

export class ProfileBuilder {
  constructor() {
    /** @type {Map<string, number>} */
    this.texts = new Map([['', 0]]);
    /** Of each, all of it to be seen. */
    this.strings = [''];
    /** @type {Map<string, number>} by name */
    this.functions = new Map();
    /** @type {Map<string, number>} by path */
    this.mappings = new Map();
    /** @type {Map<string, number>} by whatever a reader knows them by */
    this.locations = new Map();
    this.locationMapping = numbers();
    this.locationLines = numbers();
    this.locationLines.push(0);
    this.lineFunction = numbers();
    this.stacks = new Rows(LIMITS.frames, tooMany(LIMITS.frames, 'frames in its stacks'));
    this.sets = new Rows(LIMITS.labels, tooMany(LIMITS.labels, 'labels'));
    this.sampleStack = numbers();
    this.sampleSet = numbers();
    this.values = numbers();
    this.atNs = numbers();
  }

  /** @param {string} text @returns {number} of the string */
  text(text) {
    const number = numberOf(this.texts, text);
    if (number === this.strings.length) this.strings.push(visible(text));
    return number;
  }

  /**
   * A place in code, which is added if @key is new.
   * @param {string} key @param {string[]} names innermost first, those before the last are inlined
   * @param {string} module or ''
   */
  location(key, names, module) {
    const known = this.locations.get(key);
    if (known !== undefined) return known;
    for (const name of names) {
      this.text(name);
      this.lineFunction.push(numberOf(this.functions, name));
    }
    this.locationLines.push(this.lineFunction.size);
    this.locationMapping.push(module ? numberOf(this.mappings, module) : -1);
    this.text(module);
    return numberOf(this.locations, key);
  }

  /** The next frame, nearer to the root, of the sample to come. @param {number} location */
  frame(location) {
    this.stacks.push(location);
  }

  /**
   * @param {Record<string, string>} labels @param {number[]} values one of each type
   * @param {number} [atNs] when it was taken
   */
  sample(labels, values, atNs = 0) {
    this.sampleStack.push(this.stacks.endRow());
    for (const [key, value] of Object.entries(labels)) {
      this.sets.push(this.text(key));
      this.sets.push(this.text(value));
    }
    this.sampleSet.push(this.sets.endRow());
    refuseBeyond(this.sampleStack.size, LIMITS.samples, 'samples');
    for (const value of values) this.values.push(value);
    this.atNs.push(atNs);
  }

  /** @param {ValueType[]} sampleTypes the last one is the default @returns {Profile} */
  finish(sampleTypes) {
    const n = this.locationMapping.size;
    const stacks = this.stacks.finish();
    const sets = this.sets.finish();
    const functionName = Int32Array.from(this.functions.keys(), (name) => this.text(name));
    const atNs = this.atNs.data.slice(0, this.atNs.size);
    const times = atNs.filter((ns) => ns > 0).sort();
    return {
      strings: this.strings,
      sampleTypes,
      defaultType: sampleTypes[sampleTypes.length - 1].type,
      functionName,
      functionFile: new Int32Array(functionName.length),
      functionLine: new Int32Array(functionName.length),
      mappingFile: Int32Array.from(this.mappings.keys(), (path) => this.text(path)),
      locationMapping: toInt32Array(this.locationMapping),
      locationAddress: new Float64Array(n),
      locationLines: toInt32Array(this.locationLines),
      lineFunction: toInt32Array(this.lineFunction),
      lineNumber: new Int32Array(this.lineFunction.size),
      unmapped: 'native',
      stackFrames: stacks.first,
      frameLocation: stacks.data,
      setLabels: sets.first.map((at) => at / 2),
      labelKey: sets.data.filter((_, i) => i % 2 === 0),
      labelValue: sets.data.filter((_, i) => i % 2 === 1),
      sampleStack: toInt32Array(this.sampleStack),
      sampleSet: toInt32Array(this.sampleSet),
      values: this.values.data.slice(0, this.values.size),
      ...timesOf(atNs),
      facts: {},
      notes: [],
      startNs: times[0] ?? 0,
      durationNs: times.length ? times[times.length - 1] - times[0] : 0,
    };
  }
}

/** The number of a key, which is added if it is new. @param {Map<string, number>} map */
function numberOf(map, /** @type {string} */ key) {
  let number = map.get(key);
  if (number === undefined) {
    number = map.size;
    map.set(key, number);
  }
  return number;
}
