// SPDX-License-Identifier: Apache-2.0

/**
 * Legend: what the colours of a picture mean.
 *
 *     Palette, CallTree  --legendOf-->  entries  --showLegend-->  a list
 */

import { ROOT } from './call_tree.js';
import { create } from './dom.js';
import { languageOf } from './frame.js';
import { formatShare } from './units.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./frame.js').Frame} Frame */
/** @typedef {import('./palette.js').Palette} Palette */
/** @typedef {{text: string, fill?: string, kind?: string}} Entry  kind: one that style.css paints */

const MAX_VALUES = 10;
const SHARES = [0, 0.001, 0.01, 0.05, 0.2];

/** @type {Entry[]} */
const KINDS = [
  { text: 'inlined', kind: 'inlined' },
  { text: 'kernel', kind: 'kernel' },
  { text: 'run-time code', kind: 'jit' },
  { text: 'no symbol', kind: 'unnamed' },
];

/** The time in each of the things that @keyOf tells of a node; the largest first. */
function rank(/** @type {CallTree} */ tree, /** @type {(node: number) => string | null} */ keyOf) {
  const times = new Map();
  for (let node = 0; node < tree.size; node++) {
    if (!tree.self[node]) continue;
    const key = keyOf(node);
    if (key !== null) times.set(key, (times.get(key) ?? 0) + tree.self[node]);
  }
  return [...times].sort((a, b) => b[1] - a[1]).map(([key]) => /** @type {string} */ (key));
}

/** @param {Palette} palette @param {CallTree} tree @returns {Entry[]} */
function ofKinds(palette, tree) {
  /** @type {Map<string, Frame>} */
  const examples = new Map();
  const languages = rank(tree, (node) => {
    const frame = tree.frameOf(node);
    if (frame.kind !== 'native') return null;
    const language = languageOf(frame) || 'other native code';
    if (!examples.has(language)) examples.set(language, { ...frame, inlined: false });
    return language;
  });
  return languages.map((language) => ({
    text: language,
    fill: palette.paintKind(/** @type {Frame} */ (examples.get(language))).fill,
  }));
}

/** @param {Palette} palette @param {CallTree} tree @returns {Entry[]} */
function ofValues(palette, tree) {
  const { labels } = tree;
  if (!labels) return [];
  const values = rank(tree, (node) => labels.values[labels.ofNode[node]] ?? null);
  const shown = values.slice(0, MAX_VALUES).map((value) => ({
    text: value || 'without it',
    fill: palette.paintValue(value).fill,
  }));
  const rest = values.length - shown.length;
  if (rest > 0) shown.push({ text: `and ${rest} more`, fill: 'transparent' });
  return [...shown, { text: 'several', fill: palette.paintValue(null).fill }];
}

/** @param {Palette} palette @param {CallTree | null} tree what is coloured @returns {Entry[]} */
export function legendOf(palette, tree) {
  const { by } = palette.colouring;
  if (by === 'share') {
    return SHARES.map((share, i) => ({
      text: i === SHARES.length - 1 ? `${formatShare(share)} and more` : formatShare(share),
      fill: palette.paintShare(share).fill,
    }));
  }
  const isEmpty = !tree?.size || !tree.total[ROOT];
  if (by === 'kind') return [...(isEmpty ? [] : ofKinds(palette, tree)), ...KINDS];
  if (by === 'label') return isEmpty ? [] : ofValues(palette, tree);
  return [{ text: 'native, by module', kind: 'native' }, ...KINDS];
}

/** @param {HTMLElement} list a <ul> @param {Entry[]} entries */
export function showLegend(list, entries) {
  list.replaceChildren(
    ...entries.map(({ text, fill, kind }) => {
      const words = kind === 'inlined' ? create('i', {}, text) : text;
      const item = create('li', kind ? { class: `is-${kind}` } : {}, words);
      if (fill) item.style.setProperty('--swatch', fill);
      return item;
    }),
  );
}
