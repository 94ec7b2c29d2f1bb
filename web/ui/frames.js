// SPDX-License-Identifier: Apache-2.0

/**
 * Frames: the distinct frames of what is shown, in columns.
 *
 *     Profile  --framesOfLocations-->  the frames of each location, outermost first
 *
 * Rows are only ever added: what has been sent to another thread stays true, and what is new
 * follows it (`rowsFrom`, `append`). A `Frame` is made when somebody asks for it, and kept.
 */

import { grown } from './profile.js';

/** @typedef {import('./profile.js').Profile} Profile */

/** @typedef {Omit<Frame, 'id'>} FrameFacts */

/**
 * Rows of frames, as they are sent.
 * @typedef {object} FrameRows
 * @property {number} start          the number of the first
 * @property {string[]} names
 * @property {string[]} newTexts     modules and files that were not sent before
 * @property {Int32Array} module     texts
 * @property {Int32Array} file       texts
 * @property {Int32Array} startLine
 * @property {Uint8Array} kind       of KINDS
 * @property {Uint8Array} inlined
 */

export class Frames {
  constructor() {
    this.size = 0;
    /** @type {string[]} */
    this.names = [];
    /** @type {string[]} modules and files; 0 is '' */
    this.texts = [''];
    this.module = new Int32Array(256);
    this.file = new Int32Array(256);
    this.startLine = new Int32Array(256);
    this.kind = new Uint8Array(256);
    this.inlined = new Uint8Array(256);
    /** @type {Map<string, number>} */
    this.textRows = new Map([['', 0]]);
    /** @type {Map<number, Map<string, number>>} by their names, of each sort */
    this.rows = new Map();
    /** @type {Map<string, number>} by id, of the first of them */
    this.idRows = new Map();
    this.nIdRows = 0;
    /** @type {Frame[]} */
    this.made = [];
    this.ranked = new Int32Array(0);
  }

  /** @param {string} text @returns {number} of a module or a file */
  text(text) {
    let row = this.textRows.get(text);
    if (row === undefined) {
      row = this.texts.length;
      this.texts.push(text);
      this.textRows.set(text, row);
    }
    return row;
  }

  /**
   * The number of a frame, which is added if it is new.
   * @param {FrameFacts} frame
   */
  add(frame) {
    const module = this.text(frame.module);
    const kind = KINDS.indexOf(frame.kind);
    const inlined = frame.inlined ? 1 : 0;
    const sort = (module * KINDS.length + kind) * 2 + inlined;
    let rows = this.rows.get(sort);
    if (!rows) this.rows.set(sort, (rows = new Map()));
    const known = rows.get(frame.name);
    if (known !== undefined) return known;
    const row = this.size++;
    this.reserve(row + 1);
    rows.set(frame.name, row);
    this.names.push(frame.name);
    this.module[row] = module;
    this.file[row] = this.text(frame.file);
    this.startLine[row] = frame.startLine;
    this.kind[row] = kind;
    this.inlined[row] = inlined;
    return row;
  }

  /** @param {string} name @param {FrameKind} kind of what holds stacks together */
  addGroup(name, kind) {
    return this.add({ name, kind, module: '', file: '', startLine: 0, inlined: false });
  }

  /** @param {number} n */
  reserve(n) {
    if (n <= this.module.length) return;
    const room = Math.max(n, this.module.length * 2);
    this.module = grown(this.module, room);
    this.file = grown(this.file, room);
    this.startLine = grown(this.startLine, room);
    this.kind = grown(this.kind, room);
    this.inlined = grown(this.inlined, room);
  }

  /** @param {number} row @returns {Frame} */
  get(row) {
    const frames = this;
    return (this.made[row] ??= {
      name: this.names[row],
      kind: this.kindOf(row),
      module: this.texts[this.module[row]],
      file: this.texts[this.file[row]],
      startLine: this.startLine[row],
      inlined: this.inlined[row] === 1,
      // Few are asked for it.
      get id() {
        return frames.id(row);
      },
    });
  }

  /** @param {number} row @returns {FrameKind} */
  kindOf(row) {
    return KINDS[this.kind[row]];
  }

  /** @param {number} row @returns {string} path or [name] of its module, or '' */
  moduleOf(row) {
    return this.texts[this.module[row]];
  }

  /** What a frame is known by in links. @param {number} row */
  id(row) {
    const module = this.texts[this.module[row]];
    const inlined = this.inlined[row] === 1;
    const key = keyOf({ name: this.names[row], kind: this.kindOf(row), module, inlined });
    return hashText(key).toString(36);
  }

  /** @param {string} id @returns {number} row, or −1 */
  rowOf(id) {
    for (; this.nIdRows < this.size; this.nIdRows++) {
      const known = this.id(this.nIdRows);
      if (!this.idRows.has(known)) this.idRows.set(known, this.nIdRows);
    }
    return this.idRows.get(id) ?? -1;
  }

  /** The place of each frame among all of them by name; names are compared once a frame. */
  ranks() {
    if (this.ranked.length === this.size) return this.ranked;
    const { names } = this;
    const sorted = names.map((_, row) => row);
    sorted.sort((a, b) => (names[a] < names[b] ? -1 : names[a] === names[b] ? this.tie(a, b) : 1));
    this.ranked = new Int32Array(this.size);
    for (let rank = 0; rank < sorted.length; rank++) this.ranked[sorted[rank]] = rank;
    return this.ranked;
  }

  /** Frames of one name have an order, too. @param {number} a @param {number} b */
  tie(a, b) {
    const [one, other] = [this.id(a), this.id(b)];
    return one < other ? -1 : one > other ? 1 : a - b;
  }

  /** What was added after the first @start rows and @nTexts texts. @returns {FrameRows} */
  rowsFrom(/** @type {number} */ start, /** @type {number} */ nTexts) {
    const { size } = this;
    return {
      start,
      names: this.names.slice(start),
      newTexts: this.texts.slice(nTexts),
      module: this.module.slice(start, size),
      file: this.file.slice(start, size),
      startLine: this.startLine.slice(start, size),
      kind: this.kind.slice(start, size),
      inlined: this.inlined.slice(start, size),
    };
  }

  /** Add what another thread has added. @param {FrameRows} rows */
  append({ start, names, newTexts, module, file, startLine, kind, inlined }) {
    const size = start + names.length;
    this.reserve(size);
    for (const name of names) this.names.push(name);
    for (const text of newTexts) this.texts.push(text);
    this.module.set(module, start);
    this.file.set(file, start);
    this.startLine.set(startLine, start);
    this.kind.set(kind, start);
    this.inlined.set(inlined, start);
    this.size = size;
  }
}

/** @param {Pick<Frame, 'kind' | 'inlined' | 'module' | 'name'>} frame */
function keyOf({ kind, inlined, module, name }) {
  return `${kind}\0${inlined ? 1 : 0}\0${module}\0${name}`;
}

/** @param {string} module @param {number} address */
function nameOfAddress(module, address) {
  return `${baseName(module) || '?'}+0x${address.toString(16)}`;
}

/** Adds the frames of a profile's functions, most of which are met in many lines. */
class FunctionFrames {
  /** @param {Frames} frames @param {Profile} profile */
  constructor(frames, profile) {
    this.frames = frames;
    this.profile = profile;
    const { strings, mappingFile, unmapped } = profile;
    const texts = Array.from(mappingFile, (text) => strings[text]);
    /** Of each mapping, after that of none. */
    this.modules = ['', ...texts].map((module) => ({ module, kind: kindOfModule(module, unmapped) }));
    const n = 2 * profile.functionName.length;
    this.mapping = new Int32Array(n).fill(-2);
    this.row = new Int32Array(n);
  }

  /** @param {number} fn @param {number} mapping @param {boolean} inlined */
  rowOf(fn, mapping, inlined) {
    const place = 2 * fn + (inlined ? 1 : 0);
    if (fn >= 0 && this.mapping[place] === mapping) return this.row[place];
    const { strings, functionName, functionFile, functionLine } = this.profile;
    const { module, kind } = this.modules[mapping + 1];
    const name = strings[functionName[fn]] || UNKNOWN;
    const row = this.frames.add({
      name,
      kind: kindIn(kind, name),
      module,
      file: fn < 0 ? '' : strings[functionFile[fn]],
      startLine: fn < 0 ? 0 : functionLine[fn],
      inlined,
    });
    if (fn < 0) return row;
    this.mapping[place] = mapping;
    this.row[place] = row;
    return row;
  }

  /** Of a location of which no more is known. @param {number} location */
  addressRow(location) {
    const { locationMapping, locationAddress } = this.profile;
    const { module, kind: inModule } = this.modules[locationMapping[location] + 1];
    const name = nameOfAddress(module, locationAddress[location]);
    const kind = kindIn(inModule, name);
    return this.frames.add({ name, kind, module, file: '', startLine: 0, inlined: false });
  }
}

/**
 * The frames of each location, outermost first; all but that are inlined into the one before.
 * @param {Frames} frames to which they are added
 * @param {Profile} profile
 * @returns {{first: Int32Array, frame: Int32Array, line: Int32Array}}
 */
export function framesOfLocations(frames, profile) {
  const { locationLines, lineFunction, lineNumber, locationMapping } = profile;
  const functions = new FunctionFrames(frames, profile);
  const n = locationMapping.length;
  const first = new Int32Array(n + 1);
  const frame = new Int32Array(lineFunction.length + n);
  const line = new Int32Array(frame.length);
  let at = 0;
  for (let location = 0; location < n; location++) {
    const start = locationLines[location];
    const end = locationLines[location + 1];
    if (start === end) frame[at++] = functions.addressRow(location);
    for (let l = end - 1; l >= start; l--) {
      line[at] = lineNumber[l];
      frame[at++] = functions.rowOf(lineFunction[l], locationMapping[location], l + 1 < end);
    }
    first[location + 1] = at;
  }
  return { first, frame, line };
}

/*
 * Frame: what one box of the flame graph stands for: a function in a module, or what holds stacks
 * together, the host and its processes.
 *
 * A frame is known from one profile to the next by its `id`, a hash of all that makes it what it
 * is; ids make up the path of a zoom in a link.
 */

/** @typedef {typeof KINDS[number]} FrameKind */

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

/** A group is what stacks are split by; a module stands for its frames, folded into one. */
export const KINDS = /** @type {const} */ ([
  'host',
  'process',
  'group',
  'native',
  'kernel',
  'jit',
  'unnamed',
  'cut',
  'module',
]);

const USER_BRACKETS = new Set(['[vdso]', '[vsyscall]', '[stack]', '[heap]', '[uprobes]']);
const JIT_MODULE =
  /^(\[(anon|jit)|\/\/anon|\/?anon_inode|\/memfd:.*jit)|perf-\d+\.map$|jit-\d+\.dump$|jitted-\d+/i;
const NO_NAME = /\+0x[0-9a-f]+$/;
const CUT_MODULE = '[truncated]';
export const UNKNOWN = '(unknown function)';

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

/**
 * @param {string} name @param {string} module @param {'jit' | 'native'} [unmapped]
 * @returns {FrameKind}
 */
export function kindOf(name, module, unmapped = 'jit') {
  return kindIn(kindOfModule(module, unmapped), name);
}

/**
 * What the functions of a module are if they have names.
 * @param {string} module @param {'jit' | 'native'} unmapped @returns {FrameKind}
 */
function kindOfModule(module, unmapped) {
  if (module === CUT_MODULE) return 'cut';
  if (!module) return unmapped;
  if (JIT_MODULE.test(module)) return 'jit';
  return module.startsWith('[') && !USER_BRACKETS.has(module) ? 'kernel' : 'native';
}

/** @param {FrameKind} kind of its module @param {string} name @returns {FrameKind} */
function kindIn(kind, name) {
  if (kind === 'cut' || kind === 'kernel') return kind;
  return NO_NAME.test(name) || name === UNKNOWN ? 'unnamed' : kind;
}

/** What source files of an ending are written in. @type {Record<string, string>} */
const BY_ENDING = {
  c: 'C',
  h: 'C',
  cc: 'C++',
  cpp: 'C++',
  cxx: 'C++',
  hh: 'C++',
  hpp: 'C++',
  hxx: 'C++',
  tcc: 'C++',
  inl: 'C++',
  rs: 'Rust',
  go: 'Go',
  s: 'assembly',
  asm: 'assembly',
  d: 'D',
  zig: 'Zig',
  f90: 'Fortran',
  adb: 'Ada',
  py: 'Python',
  js: 'JavaScript',
  ts: 'JavaScript',
  java: 'Java',
};

const RUST_NAME = /^<.* as .*>::|::\{\{closure\}\}|^(core|alloc|std|tokio)::.*::|::h[0-9a-f]{16}$/;
const GO_NAME = /^runtime\.\w|\.\(\*?\w+\)\.|\/[\w.-]+\.\w+(\.func\d+)?$/;

/**
 * What a function was most likely written in, by its source file's ending, or else by how its name
 * looks. It colours boxes; nothing is decided by it.
 * @param {Frame} frame @returns {string} '' where nothing tells
 */
export function languageOf({ name, file }) {
  const source = baseName(file);
  const ending = source.slice(source.lastIndexOf('.') + 1);
  // The standard library of C++ has headers without an ending.
  if (file && ending === source && file.includes('/c++/')) return 'C++';
  const known = BY_ENDING[ending.toLowerCase()];
  if (known === 'C' && name.includes('::')) return 'C++';
  if (known) return known;
  if (RUST_NAME.test(name)) return 'Rust';
  if (GO_NAME.test(name)) return 'Go';
  return /::|^operator\b|\) const$/.test(name) ? 'C++' : '';
}
