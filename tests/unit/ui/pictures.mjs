// SPDX-License-Identifier: Apache-2.0

/** What the page would show of a profile, without a page. */

import { CallTree } from '../../../web/ui/call_tree.js';
import { Engine } from '../../../web/ui/engine.js';
import { syntheticProfile } from '../../browser/synthetic_profile.mjs';

/** What is asked unless a test asks otherwise. */
/** @type {import('../../../web/ui/engine.js').Question} */
export const QUESTION = { query: '', transforms: [], order: 'name', host: 'host' };

/** An engine with a profile open. @param {Uint8Array<any>} bytes */
export async function engineOf(bytes) {
  const engine = new Engine();
  await engine.open(bytes);
  return engine;
}

/** @param {Engine} engine @param {object} [question] what is not as usual */
export function layoutIn(engine, question = {}) {
  const { tree, ...rest } = engine.picture({ ...QUESTION, ...question });
  return { tree: new CallTree(engine.frames, tree), ...rest };
}

/** @param {Uint8Array<any>} bytes @param {object} [question] */
export async function layoutOf(bytes, question) {
  return layoutIn(await engineOf(bytes), question);
}

/** @param {number} seed @returns {Uint8Array<any>} */
export function synthetic(seed) {
  return syntheticProfile({ seed, seconds: 60, endS: 1700000000 });
}
