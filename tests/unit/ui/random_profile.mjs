// SPDX-License-Identifier: Apache-2.0

/**
 * Random profiles: small enough that everything comes twice, recursion, inlined functions and
 * libraries included; the same seed gives the same.
 */

import { ProfileWriter } from '../../browser/synthetic_profile.mjs';
import { engineOf } from './pictures.mjs';

export const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);
const MODULES = ['/bin/a', '/usr/lib/libb.so.1', '[kernel.kallsyms]', '//anon'];

/** @param {number} seed @returns {(n: number) => number} integers from [0, n) */
export function dice(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/**
 * @typedef {{comm: string, stack: string[], count: number}} RandomSample stack: from the root
 *
 * @param {number} seed
 * @returns {{bytes: Uint8Array<ArrayBuffer>, samples: RandomSample[]}}
 */
export function randomProfile(seed) {
  const roll = dice(seed);
  const writer = new ProfileWriter();
  const samples = [];
  for (let n = 3 + roll(60); n > 0; n--) {
    const comm = `comm${roll(3)}`;
    const stack = /** @type {any[][]} */ ([['main', MODULES[0], 'main.c', 5]]);
    for (let depth = roll(12); depth > 0; depth--) {
      const fn = roll(7);
      const inlined = roll(5) ? [] : [`inlined${roll(3)}`];
      stack.push([`f${fn}`, MODULES[fn % 4], `f${fn}.c`, 10 * fn, inlined]);
    }
    const count = 1 + roll(20);
    const labels = { comm, pid: String(100 + roll(5)), thread: `t${roll(2)}` };
    writer.sample(labels, stack, count);
    const names = stack.flatMap(([name, , , , inlined]) => [name, ...(inlined ?? [])]);
    samples.push({ comm, stack: /** @type {string[]} */ (names), count });
  }
  const bytes = writer.finish({ endS: 1700000030, seconds: 30, comments: [] });
  return { bytes: new Uint8Array(bytes), samples };
}

/** @param {(of: {engine: any, samples: RandomSample[], seed: number}) => void} check */
export async function forAll(check) {
  for (const seed of SEEDS) {
    const { bytes, samples } = randomProfile(seed);
    check({ engine: await engineOf(bytes), samples, seed });
  }
}
