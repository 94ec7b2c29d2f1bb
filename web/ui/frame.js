// SPDX-License-Identifier: Apache-2.0

/**
 * Frame: what one box of the flame graph stands for: a function in a module, or what holds stacks
 * together, the host and its processes.
 *
 *     Profile  --FrameTable-->  the frames of each location, innermost first
 *
 * A frame is known from one profile to the next by its `id`, a hash of all that makes it what it
 * is; ids make up the path of a zoom in a link.
 */

/** @typedef {import('./pprof.js').Profile} Profile */
/** @typedef {'host'|'process'|'native'|'kernel'|'jit'|'unnamed'|'cut'} FrameKind */

/**
 * @typedef {object} Frame
 * @property {string} name    as the server tells it; comes from strangers
 * @property {FrameKind} kind
 * @property {string} module  path or [name] of the mapping, or ''
 * @property {string} file    source file, or ''
 * @property {number} startLine
 * @property {boolean} inlined
 * @property {string} id
 */

const USER_BRACKETS = new Set(['[vdso]', '[vsyscall]', '[stack]', '[heap]', '[uprobes]']);
const JIT_MODULE =
  /^(\[(anon|jit)|\/\/anon|\/?anon_inode|\/memfd:.*jit)|perf-\d+\.map$|jit-\d+\.dump$|jitted-\d+/i;
const NO_NAME = /\+0x[0-9a-f]+$/;
const CUT_MODULE = '[truncated]';
const UNKNOWN = '(unknown function)';

/** Text → 53 bits in base 36 (cyrb53's idea: two multiplicative hashes side by side). */
export function hashText(/** @type {string} */ text) {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ (b >>> 13);
  b = Math.imul(b ^ (b >>> 16), 0xc2b2ae35) ^ (a >>> 13);
  return (b & 0x1fffff) * 2 ** 32 + (a >>> 0);
}

/** The last part of a path. @param {string} path */
export function baseName(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** @param {string} name @param {string} module @returns {FrameKind} */
export function kindOf(name, module) {
  if (module === CUT_MODULE) return 'cut';
  if (module.startsWith('[') && !USER_BRACKETS.has(module) && !JIT_MODULE.test(module)) {
    return 'kernel';
  }
  if (NO_NAME.test(name) || name === UNKNOWN) return 'unnamed';
  if (!module || JIT_MODULE.test(module)) return 'jit';
  return 'native';
}

/** The distinct frames of a profile. */
export class FrameTable {
  constructor() {
    /** @type {Frame[]} */
    this.frames = [];
    /** @type {Map<string, number>} */
    this.rows = new Map();
  }

  /**
   * The number of a frame, which is added if it is new.
   * @param {Omit<Frame, 'id'>} frame
   */
  add(frame) {
    const key = `${frame.kind}\0${frame.inlined ? 1 : 0}\0${frame.module}\0${frame.name}`;
    let row = this.rows.get(key);
    if (row === undefined) {
      row = this.frames.length;
      this.rows.set(key, row);
      this.frames.push({ ...frame, id: hashText(key).toString(36) });
    }
    return row;
  }

  /** @param {string} name @param {'host'|'process'} kind */
  addGroup(name, kind) {
    return this.add({ name, kind, module: '', file: '', startLine: 0, inlined: false });
  }

  /**
   * The frame of each line of a profile; the innermost of a location's lines are inlined into the
   * last one.
   * @param {Profile} profile
   */
  addLines(profile) {
    const { strings, locationLines, lineFunction } = profile;
    const frames = new Int32Array(lineFunction.length);
    for (let location = 0; location < profile.locationMapping.length; location++) {
      const mapping = profile.locationMapping[location];
      const module = mapping < 0 ? '' : strings[profile.mappingFile[mapping]];
      const end = locationLines[location + 1];
      for (let line = locationLines[location]; line < end; line++) {
        const fn = lineFunction[line];
        const name = fn < 0 ? UNKNOWN : strings[profile.functionName[fn]];
        frames[line] = this.add({
          name,
          kind: kindOf(name, module),
          module,
          file: fn < 0 ? '' : strings[profile.functionFile[fn]],
          startLine: fn < 0 ? 0 : profile.functionLine[fn],
          inlined: line + 1 < end,
        });
      }
    }
    return frames;
  }
}
