// SPDX-License-Identifier: Apache-2.0

/**
 * Search: which frames a text or a /regular expression/ finds, and what share of the time that is.
 *
 *     text  --compileSearch-->  test  --searchTree-->  Matches
 *
 * A frame's name and the name of its module's file are searched. Nested matches count once.
 */

import { ROOT } from './call_tree.js';
import { baseName } from './frame.js';
import { formatCount, formatShare } from './units.js';

/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./frame.js').Frame} Frame */
/** @typedef {(text: string) => boolean} TextTest */

/**
 * @typedef {object} Matches
 * @property {Uint8Array} frames 1 for each frame that matches
 * @property {number} nFrames    distinct ones
 * @property {number} timeNs     beneath the node that was searched
 * @property {number} share      of that node
 */

/**
 * @param {string} text
 * @returns {TextTest | null} null for an empty search
 * @throws {SyntaxError} a regular expression is malformed
 */
export function compileSearch(text) {
  const wanted = text.trim();
  if (!wanted) return null;
  const regex = /^\/(.+?)\/([i]?)$/.exec(wanted);
  if (regex) {
    const pattern = new RegExp(regex[1], regex[2]);
    return (candidate) => pattern.test(candidate);
  }
  const lower = wanted.toLowerCase();
  return (candidate) => candidate.toLowerCase().includes(lower);
}

/** @param {Frame} frame @param {TextTest} test */
function frameMatches(frame, test) {
  return frame.kind !== 'host' && (test(frame.name) || test(baseName(frame.module)));
}

/**
 * @param {Layout} layout @param {number} top what is searched, with all beneath it
 * @param {TextTest} test
 * @returns {Matches}
 */
export function searchTree(layout, top, test) {
  const { tree, firstChild, children } = layout;
  const frames = Uint8Array.from(tree.frames, (frame) => (frameMatches(frame, test) ? 1 : 0));
  const seen = new Uint8Array(frames.length);
  let timeNs = 0;
  const todo = [top];
  const within = [false];
  while (todo.length) {
    const node = /** @type {number} */ (todo.pop());
    let inside = /** @type {boolean} */ (within.pop());
    if (frames[tree.frame[node]]) {
      seen[tree.frame[node]] = 1;
      if (!inside) timeNs += tree.total[node];
      inside = true;
    }
    for (let i = firstChild[node]; i < firstChild[node + 1]; i++) {
      todo.push(children[i]);
      within.push(inside);
    }
  }
  const nFrames = seen.reduce((sum, one) => sum + one, 0);
  const whole = tree.total[top];
  return { frames, nFrames, timeNs, share: whole ? timeNs / whole : 0 };
}

/** @param {Matches} matches */
export function describeMatches({ share, nFrames }) {
  return `${formatShare(share)} in ${formatCount(nFrames)} function${nFrames === 1 ? '' : 's'}`;
}

/**
 * The matching node that comes after (+1) or before (−1) @from, from left to right, top to bottom.
 * @param {Layout} layout @param {Pick<Matches, 'frames'>} matches
 * @param {number} top @param {number} from
 * @param {1 | -1} direction
 * @returns {number} node, or −1 when nothing matches
 */
export function nextMatch(layout, matches, top, from, direction) {
  const { tree, firstChild, children } = layout;
  const found = /** @type {number[]} */ ([]);
  const todo = [top];
  while (todo.length) {
    const node = /** @type {number} */ (todo.pop());
    if (matches.frames[tree.frame[node]]) found.push(node);
    for (let i = firstChild[node + 1] - 1; i >= firstChild[node]; i--) todo.push(children[i]);
  }
  if (!found.length) return -1;
  const at = found.indexOf(from);
  if (at < 0) return direction > 0 || from === ROOT ? found[0] : found[found.length - 1];
  return found[(at + direction + found.length) % found.length];
}
