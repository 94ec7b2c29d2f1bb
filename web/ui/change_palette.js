// SPDX-License-Identifier: Apache-2.0

/**
 * Change palette: the colours of a comparison.
 *
 *     CallTree with a base, node  --paintNode-->  orange: more, blue: less; grey: may be chance
 *
 * Orange and blue are told apart by everyone, and differ from grey in lightness, too. Each kind has
 * a mark that stands before the name; what is gone is striped.
 */

import { compareNode } from './difference.js';
import { Palette } from './palette.js';
import { formatShare } from './units.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./difference.js').Change} Change */
/** @typedef {import('./palette.js').Paint} Paint */
/** @typedef {Change['kind']} ChangeKind */

/** @type {{kind: ChangeKind, mark: string, text: string}[]} */
export const CHANGE_KINDS = [
  { kind: 'new', mark: '+', text: 'new' },
  { kind: 'more', mark: '▲', text: 'more' },
  { kind: 'less', mark: '▼', text: 'less' },
  { kind: 'gone', mark: '−', text: 'gone' },
  { kind: 'same', mark: '≈', text: 'within sampling error' },
];

const MARKS = new Map(CHANGE_KINDS.map(({ kind, mark }) => [kind, mark]));
const MORE_HUE = 55;
const LESS_HUE = 250;
const STEPS = 4;
/** A change by this factor has the strongest colour. */
const STRONGEST = 4;

/** How strong a colour is, of STEPS. @param {number} ratio */
function stepOf(ratio) {
  const size = Math.abs(Math.log(ratio)) / Math.log(STRONGEST);
  return Math.min(STEPS, Math.ceil(size * STEPS));
}

/** 1.25 → "+25 %", 0.5 → "−50 %", 3 → "×3.0". @param {number} ratio */
export function formatRatio(ratio) {
  if (ratio === Infinity) return 'new';
  if (ratio === 0) return 'gone';
  if (ratio >= 2) return `×${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}`;
  const percent = Math.round((ratio - 1) * 100);
  return percent < 0 ? `−${-percent} %` : `+${percent} %`;
}

/**
 * What has become of a node, in words, with what chance may have made of it; '' if there is no base.
 * @param {CallTree} tree @param {number} node
 */
export function describeChange(tree, node) {
  if (!tree.baseTotal) return '';
  const { ratio, chance, isCertain } = compareNode(tree, node, tree.countScale);
  if (!isCertain) return `${formatRatio(ratio)}, within sampling error`;
  return `${formatRatio(ratio)}; by chance: ${formatShare(chance)}`;
}

export class ChangePalette extends Palette {
  /** @param {'light'|'dark'|'forced'} theme */
  constructor(theme) {
    super(theme);
    /** @type {CallTree | null} */
    this.tree = null;
    /** @type {Paint[]} of its nodes, once they have been asked for */
    this.ofNode = [];
  }

  /** @param {CallTree} tree @param {number} node @returns {Paint} */
  paintNode(tree, node) {
    if (!tree.baseTotal) return super.paintNode(tree, node);
    if (tree !== this.tree) [this.tree, this.ofNode] = [tree, []];
    return (this.ofNode[node] ??= this.paintChange(compareNode(tree, node, tree.countScale)));
  }

  /** @param {Change} change @returns {Paint} */
  paintChange({ kind, ratio }) {
    const step = kind === 'more' || kind === 'less' ? stepOf(ratio) : STEPS;
    return this.remember(`\0change ${kind} ${step}`, () => this.mixChange(kind, step));
  }

  /** @param {ChangeKind} kind @param {number} step @returns {Paint} */
  mixChange(kind, step) {
    const mark = MARKS.get(kind);
    if (this.forced) return { ...this.forcedBox(kind), mark };
    const { ink, outline } = this.tone;
    if (kind === 'same') {
      const fill = this.isDark ? 'oklch(0.5 0.006 70)' : 'oklch(0.9 0.006 70)';
      return { fill, ink: this.isDark ? '#fff6ec' : ink, edge: fill, striped: false, mark };
    }
    const isMore = kind === 'more' || kind === 'new';
    const share = kind === 'new' || kind === 'gone' ? 1 : step / STEPS;
    const pale = isMore ? 0.88 - 0.16 * share : 0.86 - 0.2 * share;
    const light = this.isDark ? 0.62 + 0.14 * share : pale;
    const chroma = 0.05 + 0.11 * share;
    const fill = `oklch(${light.toFixed(3)} ${chroma.toFixed(3)} ${isMore ? MORE_HUE : LESS_HUE})`;
    const text = this.isDark ? '#180d06' : ink;
    return { fill, ink: text, edge: outline, striped: kind === 'gone', mark };
  }

  /** @param {ChangeKind} kind @returns {Paint} */
  forcedBox(kind) {
    const isStrong = kind === 'new' || kind === 'more';
    return {
      fill: isStrong ? 'Highlight' : 'Canvas',
      ink: isStrong ? 'HighlightText' : 'CanvasText',
      edge: 'CanvasText',
      striped: kind === 'gone',
    };
  }

  /** @param {ChangeKind} kind @returns {string} a background */
  swatchOf(kind) {
    return this.mixChange(kind, STEPS / 2).fill;
  }
}
