// SPDX-License-Identifier: Apache-2.0

/**
 * Search: which frames a text or a /regular expression/ finds, and what share of the time that is.
 *
 *     text  --compileSearch-->  test  --matchFrames-->  frames  --searchTree-->  Matches
 *
 * A frame's name and the name of its module's file are searched. Nested matches count once.
 */

import { ROOT } from './call_tree.js';
import { baseName, KINDS } from './frame.js';
import { formatCount, formatShare } from './units.js';

/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./frames.js').Frames} Frames */
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

/** 1 for each whose name or module matches. @param {Frames} frames @param {TextTest} test */
export function matchFrames(frames, test) {
  const matches = new Uint8Array(frames.size);
  const modules = frames.texts.map((text) => test(baseName(text)));
  const host = KINDS.indexOf('host');
  for (let row = 0; row < matches.length; row++) {
    if (frames.kind[row] === host) continue;
    if (modules[frames.module[row]] || test(frames.names[row])) matches[row] = 1;
  }
  return matches;
}

/**
 * @param {Layout} layout @param {number} top what is searched, with all beneath it
 * @param {Uint8Array} frames 1 for each that is looked for
 * @returns {Matches}
 */
export function searchTree({ tree }, top, frames) {
  const { size, parent, frame, total } = tree;
  const seen = new Uint8Array(frames.length);
  // Callers have smaller numbers: 1 beneath the top, 2 also beneath a match or one itself.
  const place = new Uint8Array(size);
  let timeNs = 0;
  for (let node = top; node < size; node++) {
    const above = node === top ? 1 : place[parent[node]];
    const isMatch = above > 0 && frames[frame[node]] === 1;
    if (isMatch) seen[frame[node]] = 1;
    if (isMatch && above === 1) timeNs += total[node];
    place[node] = isMatch ? 2 : above;
  }
  const nFrames = seen.reduce((sum, one) => sum + one, 0);
  const whole = total[top];
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
