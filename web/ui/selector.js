// SPDX-License-Identifier: Apache-2.0

/**
 * Selector: which samples are shown, in the words of Prometheus: `{comm="nginx",pid!="12"}`.
 *
 *     text  --parseSelector-->  Matcher[]  --selectSets-->  the sets of labels that match all
 *     Stacks, those sets, label  --splitByLabel-->  LabelPart[], the largest first
 *
 * A label that a set does not have is ''. Regular expressions match a whole value.
 */

/** @typedef {import('./stacks.js').Labels} Labels */
/** @typedef {import('./stacks.js').Stacks} Stacks */
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
  const keys = new Set();
  strings.forEach((text, i) => text === name && keys.add(i));
  for (let set = 0; keys.size && set < column.length; set++) {
    for (let i = setLabels[set]; i < setLabels[set + 1]; i++) {
      if (keys.has(labelKey[i])) column[set] = labelValue[i];
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
