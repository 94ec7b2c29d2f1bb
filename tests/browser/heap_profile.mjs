// SPDX-License-Identifier: Apache-2.0

/** A profile of memory, with the types of value that Go's have, whose sums are known. */

import { ProfileWriter } from './synthetic_profile.mjs';

/** @type {[string, string][]} */
const TYPES = [
  ['alloc_objects', 'count'],
  ['alloc_space', 'bytes'],
  ['inuse_objects', 'count'],
  ['inuse_space', 'bytes'],
];

/** Functions from the root, and what they have of each type. @type {[string, number[]][]} */
const STACKS = [
  ['main.main main.serve main.readBody', [2000, 40 << 20, 1, 1 << 20]],
  ['main.main main.serve main.parse', [500, 8 << 20, 0, 0]],
  ['main.main main.loadCache', [3, 24 << 20, 3, 24 << 20]],
  ['runtime.doInit main.init', [1, 4096, 1, 4096]],
];

/** By type, the sum of all. */
export const HEAP_SUMS = Object.fromEntries(
  TYPES.map(([type], i) => [type, STACKS.reduce((sum, [, values]) => sum + values[i], 0)]),
);

/** @returns {Uint8Array<ArrayBuffer>} pprof */
export function heapProfile() {
  const writer = new ProfileWriter(TYPES);
  for (const [names, values] of STACKS) {
    const stack = names.split(' ').map((name) => [name, '/usr/bin/api', 'main.go', 10]);
    writer.sample({}, stack, values);
  }
  return Uint8Array.from(writer.finish({ endS: 1700000000, seconds: 0, comments: [] }));
}
