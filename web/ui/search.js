// SPDX-License-Identifier: Apache-2.0

/**
 * Search and selector: the words by which people say which frames are found, and which samples are
 * shown.
 */

import { ROOT } from './call_tree.js';
import { baseName, KINDS } from './frames.js';
import { formatShare, formatSome } from './short_text.js';

/** @typedef {import('./frames.js').Frames} Frames */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./stacks.js').Labels} Labels */
/** @typedef {import('./stacks.js').Stacks} Stacks */

/*
 * Search: which frames a text or a /regular expression/ finds, and what share of the time that is.
 *
 *     text  --compileSearch-->  test  --matchFrames-->  frames  --searchTree-->  Matches
 *
 * A frame's name and the name of its module's file are searched. Nested matches count once.
 */

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
  const regex = /^\/(.+?)\/(i?)$/.exec(wanted);
  // Of a plain text, too, an expression is the fastest way to disregard the case.
  const plain = wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = regex ? new RegExp(regex[1], regex[2]) : new RegExp(plain, 'i');
  return (candidate) => pattern.test(candidate);
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
  return `${formatShare(share)} in ${formatSome(nFrames, 'functions')}`;
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

/*
 * Selector: which samples are shown, in the words of Prometheus: `{comm="nginx",pid!="12"}`.
 *
 *     text  --parseSelector-->  Matcher[]  --selectSets-->  the sets of labels that match all
 *     Stacks, those sets, label  --splitByLabel-->  LabelPart[], the largest first
 *
 * A label that a set does not have is ''. Regular expressions match a whole value.
 */

/** @typedef {{name: string, operator: '='|'!='|'=~'|'!~', value: string}} Matcher */

const MATCHER = /\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;

/**
 * @param {string} text
 * @returns {Matcher[]} none for '' and '{}'
 * @throws {SyntaxError} with a sentence that names the place
 */
export function parseSelector(text) {
  const trimmed = text.trim();
  if (!trimmed) return [];
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) {
    throw new SyntaxError(`query: '${trimmed}' is not in braces`);
  }
  const body = trimmed.slice(1, -1).trim();
  const matchers = /** @type {Matcher[]} */ ([]);
  MATCHER.lastIndex = 0;
  while (MATCHER.lastIndex < body.length) {
    const start = MATCHER.lastIndex;
    const match = MATCHER.exec(body);
    if (!match) throw new SyntaxError(`query: '${body.slice(start)}' is no matcher`);
    const operator = /** @type {Matcher['operator']} */ (match[2]);
    matchers.push({ name: match[1], operator, value: match[3].replace(/\\(.)/g, '$1') });
  }
  return matchers;
}

/** @param {Matcher[]} matchers @returns {string} '' for none */
export function formatSelector(matchers) {
  if (!matchers.length) return '';
  const quote = (/** @type {string} */ value) => `"${value.replace(/["\\]/g, '\\$&')}"`;
  return `{${matchers.map((m) => m.name + m.operator + quote(m.value)).join(',')}}`;
}

/** @param {Matcher} matcher @returns {(value: string) => boolean} */
function predicate({ operator, value }) {
  if (operator === '=') return (text) => text === value;
  if (operator === '!=') return (text) => text !== value;
  const pattern = new RegExp(`^(?:${value})$`, 's');
  return operator === '=~' ? (text) => pattern.test(text) : (text) => !pattern.test(text);
}

/**
 * A label's value of each set of labels, as a string number; 0, the empty string, where it has none.
 * @param {Labels} labels @param {string} name
 */
export function labelColumn({ strings, setLabels, labelKey, labelValue }, name) {
  const column = new Int32Array(setLabels.length - 1);
  for (let set = 0; set < column.length; set++) {
    for (let i = setLabels[set]; i < setLabels[set + 1]; i++) {
      if (strings[labelKey[i]] === name) column[set] = labelValue[i];
    }
  }
  return column;
}

/**
 * @param {Labels} labels @param {Matcher[]} matchers
 * @returns {Uint8Array} 1 for each set of labels whose samples are selected
 */
export function selectSets(labels, matchers) {
  const selected = new Uint8Array(labels.setLabels.length - 1).fill(1);
  for (const matcher of matchers) {
    const column = labelColumn(labels, matcher.name);
    const matches = predicate(matcher);
    const known = new Map();
    for (let set = 0; set < column.length; set++) {
      const text = column[set];
      if (!known.has(text)) known.set(text, matches(labels.strings[text]));
      if (!known.get(text)) selected[set] = 0;
    }
  }
  return selected;
}

/**
 * @typedef {object} LabelPart
 * @property {string} value    '' for samples without the label
 * @property {number} total
 * @property {number} count
 * @property {Uint8Array} selected 1 for each set of labels that has this value
 */

/**
 * The selection apart by the values of a label.
 * @param {Stacks} stacks @param {Uint8Array} selected 1 for each set of labels
 * @param {string} label
 * @returns {LabelPart[]}
 */
export function splitByLabel({ labels, set, stack, gone, time, count }, selected, label) {
  const column = labelColumn(labels, label);
  /** @type {Map<number, {total: number, count: number}>} */
  const sums = new Map();
  for (let i = 0; i < set.length; i++) {
    if (!selected[set[i]] || gone?.[stack[i]]) continue;
    const sum = sums.get(column[set[i]]) ?? { total: 0, count: 0 };
    sum.total += time[i];
    sum.count += count[i];
    sums.set(column[set[i]], sum);
  }
  return [...sums]
    .sort(([, a], [, b]) => b.total - a.total)
    .map(([value, sum]) => ({
      ...sum,
      value: labels.strings[value],
      selected: selected.map((isIn, i) => (isIn && column[i] === value ? 1 : 0)),
    }));
}
