// SPDX-License-Identifier: Apache-2.0

/**
 * Language: what a function was most likely written in, by its source file's ending, or else by
 * how its name looks. It colours boxes; nothing is decided by it.
 */

import { baseName } from './frame.js';

/** @typedef {import('./frame.js').Frame} Frame */

/** @type {Record<string, string>} */
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

/** @param {Frame} frame @returns {string} its name, or '' where nothing tells */
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
