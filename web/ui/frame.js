// SPDX-License-Identifier: Apache-2.0

/**
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
  if (module === CUT_MODULE) return 'cut';
  if (module.startsWith('[') && !USER_BRACKETS.has(module) && !JIT_MODULE.test(module)) {
    return 'kernel';
  }
  if (NO_NAME.test(name) || name === UNKNOWN) return 'unnamed';
  if (!module) return unmapped;
  if (JIT_MODULE.test(module)) return 'jit';
  return 'native';
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
