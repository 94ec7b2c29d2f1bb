// SPDX-License-Identifier: Apache-2.0

/**
 * Stacks: the distinct stacks of a profile, root first, with inlined functions as frames of their
 * own, and its samples, each of which has one of them.
 *
 *     Profile, Frames  --makeStacks-->  Stacks  --transforms-->  Stacks  --buildTree-->  CallTree
 */

import { baseName, framesOfLocations } from './frames.js';
import { grown, LIMITS, refuseBeyond } from './profile.js';
import { compileSearch } from './search.js';

/** @typedef {import('./frames.js').Frames} Frames */
/** @typedef {import('./profile.js').Profile} Profile */
/** @typedef {import('./state.js').Transform} Transform */

/** @typedef {Pick<Profile, 'strings' | 'setLabels' | 'labelKey' | 'labelValue'>} Labels */

/**
 * @typedef {object} Stacks
 * @property {Int32Array} first   into frame and line, of each stack; one more than stacks
 * @property {Int32Array} frame   root first
 * @property {Int32Array} line    or 0
 * @property {Uint8Array | null} gone 1 for each stack that is left out, with its samples
 * @property {Int32Array} stack   of each sample
 * @property {Int32Array} set     labels of each sample
 * @property {Float64Array} time  of each sample
 * @property {Float64Array} count
 * @property {Float64Array | null} atNs when each sample was taken
 * @property {Labels} labels
 * @property {number} nDeep       stacks that were cut, since they are deeper than MAX_DEPTH
 */

/** Frames of a stack; beyond, those nearest to the leaf are left out. */
const MAX_DEPTH = 4096;

/**
 * Which of a sample's values is shown, and which counts: samples, else the last count up to it, for
 * that of objects stands before their bytes. Where no type is the default the last is, as pprof
 * has it.
 * @param {Pick<Profile, 'sampleTypes' | 'defaultType'>} profile
 * @param {string} wanted a type, or '' for the default
 */
export function valueColumns({ sampleTypes, defaultType }, wanted) {
  const find = (/** @type {(t: {type: string, unit: string}) => boolean} */ test) =>
    sampleTypes.findIndex(test);
  const byName = wanted ? find((t) => t.type === wanted) : -1;
  const byDefault = find((t) => t.type === defaultType);
  const value = [byName, byDefault].find((column) => column >= 0) ?? sampleTypes.length - 1;
  let count = find((t) => t.type === 'samples');
  for (let i = value; i >= 0 && count < 0; i--) if (sampleTypes[i].unit === 'count') count = i;
  return { value, count: count >= 0 ? count : value };
}

/** One value of each sample. @param {Profile} profile @param {number} column */
export function valuesOf({ values, sampleTypes, sampleStack }, column) {
  const width = sampleTypes.length;
  const taken = new Float64Array(sampleStack.length);
  for (let i = 0; i < taken.length; i++) taken[i] = values[i * width + column];
  return taken;
}

/**
 * Root first, with the frames of each location.
 * @param {Profile} profile @param {{first: Int32Array, frame: Int32Array, line: Int32Array}} of
 */
function expand({ stackFrames, frameLocation }, of) {
  const { first: firstOf, frame: frameOf, line: lineOf } = of;
  const n = stackFrames.length - 1;
  const first = new Int32Array(n + 1);
  let frame = new Int32Array(frameLocation.length + MAX_DEPTH + 1);
  let line = new Int32Array(frame.length);
  let nDeep = 0;
  let at = 0;
  for (let stack = 0; stack < n; stack++) {
    const most = at + MAX_DEPTH;
    if (most >= frame.length) {
      frame = grown(frame, 2 * most);
      line = grown(line, 2 * most);
    }
    for (let i = stackFrames[stack + 1] - 1; i >= stackFrames[stack] && at <= most; i--) {
      const location = frameLocation[i];
      if (location < 0) continue;
      // It has one at least, and mostly no more.
      let f = firstOf[location];
      const stop = firstOf[location + 1];
      do {
        frame[at] = frameOf[f];
        line[at++] = lineOf[f];
      } while (++f < stop && at <= most);
    }
    if (at > most) nDeep++;
    at = Math.min(at, most);
    first[stack + 1] = at;
    refuseBeyond(at, LIMITS.frames, 'frames in its stacks');
  }
  return { first, frame: frame.subarray(0, at), line: line.subarray(0, at), nDeep };
}

/**
 * @param {Frames} frames to which the profile's are added
 * @param {Profile} profile @param {string} [type] of value, or '' for the profile's default
 * @returns {Stacks}
 */
export function makeStacks(frames, profile, type = '') {
  const { value, count } = valueColumns(profile, type);
  const { strings, setLabels, labelKey, labelValue } = profile;
  return {
    ...expand(profile, framesOfLocations(frames, profile)),
    gone: null,
    stack: profile.sampleStack,
    set: profile.sampleSet,
    time: valuesOf(profile, value),
    count: valuesOf(profile, count),
    atNs: profile.sampleAtNs,
    labels: { strings, setLabels, labelKey, labelValue },
  };
}

/*
 * Transforms: what people do to stacks. Each makes new stacks of old ones and changes nothing, so
 * they can be done one after the other, and any of them can be left out again.
 *
 *     Stacks, Transform  --applyTransform-->  Stacks
 *
 * focus, ignore   only stacks with, or without, such a frame; drop is ignore, of a function
 * hide, merge     such frames vanish; their time is their caller's
 * root            what leads to the outermost such frame is cut away
 * fold            frames of such a module that follow one another become one
 * recursion       a frame that calls itself becomes one
 *
 * What they are done to is said by a text in the name or in the module's, a /regular expression/,
 * or an =exact name; `*` is all libraries.
 */

/** @typedef {(text: string) => boolean} TextTest */

/** All that is not the program itself. */
const LIBRARIES = '*';
const IS_LIBRARY = /\.(so|dylib|dll)(\.[\d.]+)?( \(deleted\))?$|^\[vdso\]$/i;

/** @param {string} what @returns {TextTest} @throws {SyntaxError} a regular expression is malformed */
function compileWhat(what) {
  if (what.startsWith('=')) return (text) => text === what.slice(1);
  return compileSearch(what) ?? (() => false);
}

/** @param {Frames} frames @param {TextTest} test @returns {Uint8Array} 1 for each text that passes */
function testModules({ texts }, test) {
  return Uint8Array.from(texts, (text) => (text && (test(text) || test(baseName(text))) ? 1 : 0));
}

/**
 * Which frames a transform is about.
 * @param {Frames} frames @param {string} what
 * @returns {Uint8Array} 1 for each of them
 */
function framesOfWhat(frames, what) {
  const test = compileWhat(what);
  const modules = testModules(frames, test);
  const found = new Uint8Array(frames.size);
  for (let row = 0; row < found.length; row++) {
    found[row] = modules[frames.module[row]] || test(frames.names[row]) ? 1 : 0;
  }
  return found;
}

/** Writes stacks of their own. */
class StackWriter {
  /** @param {Stacks} stacks */
  constructor(stacks) {
    this.stacks = stacks;
    this.first = new Int32Array(stacks.first.length);
    this.frame = new Int32Array(stacks.frame.length);
    this.line = new Int32Array(stacks.frame.length);
    this.end = 0;
  }

  /** @param {number} frame @param {number} line */
  put(frame, line) {
    this.frame[this.end] = frame;
    this.line[this.end++] = line;
  }

  /** @param {(start: number, end: number) => void} write what is left of a stack */
  each(write) {
    const { first } = this.stacks;
    for (let stack = 0; stack + 1 < first.length; stack++) {
      write(first[stack], first[stack + 1]);
      this.first[stack + 1] = this.end;
    }
    const { end } = this;
    const columns = { frame: this.frame.slice(0, end), line: this.line.slice(0, end) };
    return { ...this.stacks, first: this.first, ...columns };
  }
}

/** @param {Stacks} stacks @param {Uint8Array} found @returns {Uint8Array} 1 for each stack with one */
function stacksWith({ first, frame }, found) {
  const has = new Uint8Array(first.length - 1);
  for (let stack = 0; stack < has.length; stack++) {
    for (let i = first[stack]; i < first[stack + 1]; i++) {
      if (!found[frame[i]]) continue;
      has[stack] = 1;
      break;
    }
  }
  return has;
}

/** Leave stacks out. @param {Stacks} stacks @param {Uint8Array} which of them */
function without(stacks, which) {
  const { gone } = stacks;
  if (!gone) return { ...stacks, gone: which };
  return { ...stacks, gone: which.map((out, stack) => out | gone[stack]) };
}

/** @param {Stacks} stacks @param {Uint8Array} found */
function focus(stacks, found) {
  return without(
    stacks,
    stacksWith(stacks, found).map((has) => 1 - has),
  );
}

/** @param {Stacks} stacks @param {Uint8Array} found */
function ignore(stacks, found) {
  return without(stacks, stacksWith(stacks, found));
}

/** @param {Stacks} stacks @param {Uint8Array} found */
function hide(stacks, found) {
  const writer = new StackWriter(stacks);
  const { frame, line } = stacks;
  return writer.each((start, end) => {
    for (let i = start; i < end; i++) if (!found[frame[i]]) writer.put(frame[i], line[i]);
  });
}

/** @param {Stacks} stacks @param {Uint8Array} found */
function root(stacks, found) {
  const writer = new StackWriter(stacks);
  const { frame, line } = stacks;
  const cut = writer.each((start, end) => {
    let i = start;
    while (i < end && !found[frame[i]]) i++;
    for (; i < end; i++) writer.put(frame[i], line[i]);
  });
  return focus(cut, found);
}

/** @param {Stacks} stacks @param {Uint8Array | null} found null: every frame */
function collapseRecursion(stacks, found) {
  const writer = new StackWriter(stacks);
  const { frame, line } = stacks;
  return writer.each((start, end) => {
    for (let i = start; i < end; i++) {
      const isRepeated = i > start && frame[i] === frame[i - 1];
      if (!isRepeated || (found && !found[frame[i]])) writer.put(frame[i], line[i]);
    }
  });
}

/**
 * The frame that each frame becomes, its own unless its module is folded.
 * @param {Frames} frames to which those of modules are added @param {string} what
 */
function foldedRows(frames, what) {
  const isLibrary = (/** @type {string} */ text) => IS_LIBRARY.test(text);
  const modules = testModules(frames, what === LIBRARIES ? isLibrary : compileWhat(what));
  const rows = new Int32Array(modules.length);
  modules.forEach((isFolded, text) => {
    const module = frames.texts[text];
    const facts = { module, file: '', startLine: 0, inlined: false };
    rows[text] = isFolded ? frames.add({ name: baseName(module), kind: 'module', ...facts }) : -1;
  });
  return Int32Array.from({ length: frames.size }, (_, row) => {
    const folded = rows[frames.module[row]];
    return folded < 0 ? row : folded;
  });
}

/** @param {Stacks} stacks @param {Int32Array} rows what each frame becomes */
function fold(stacks, rows) {
  const writer = new StackWriter(stacks);
  const { frame, line } = stacks;
  return writer.each((start, end) => {
    for (let i = start; i < end; i++) {
      const row = rows[frame[i]];
      const isFolded = row !== frame[i];
      if (isFolded && i > start && rows[frame[i - 1]] === row) continue;
      writer.put(row, isFolded ? 0 : line[i]);
    }
  });
}

/**
 * @param {Stacks} stacks @param {Frames} frames to which folded ones are added
 * @param {Transform} transform
 * @returns {Stacks}
 * @throws {SyntaxError} a regular expression is malformed
 */
export function applyTransform(stacks, frames, { verb, what }) {
  if (verb === 'fold') return fold(stacks, foldedRows(frames, what));
  if (verb === 'recursion' && !what) return collapseRecursion(stacks, null);
  const found = framesOfWhat(frames, what);
  switch (verb) {
    case 'focus':
      return focus(stacks, found);
    case 'ignore':
    case 'drop':
      return ignore(stacks, found);
    case 'hide':
    case 'merge':
      return hide(stacks, found);
    case 'root':
      return root(stacks, found);
    default:
      return collapseRecursion(stacks, found);
  }
}

/** All of them, in their order. @param {Stacks} stacks @param {Frames} frames */
export function applyTransforms(stacks, frames, /** @type {Transform[]} */ transforms) {
  return transforms.reduce((before, one) => applyTransform(before, frames, one), stacks);
}
