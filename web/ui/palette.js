// SPDX-License-Identifier: Apache-2.0

/**
 * Palette: the colours of frames.
 *
 * Warm hues are native code, one per module, so that a library is recognised everywhere and from
 * one profile to the next; blue is the kernel, green is code that was made at run time, grey with
 * stripes has no name. An inlined function is a paler box of its module's colour. Kinds differ in
 * lightness or pattern too, so that hue alone never carries the meaning.
 *
 * Instead of by module, boxes can be coloured by kind and language, by their own share of the time,
 * or by the value of a label (state.js says by which).
 */

import { ROOT } from './call_tree.js';
import { create } from './dom.js';
import { baseName, hashText, languageOf } from './frames.js';
import { formatShare } from './short_text.js';
import { BY_MODULE } from './state.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./state.js').Colouring} Colouring */
/** @typedef {import('./frames.js').Frame} Frame */

/** @typedef {{fill: string, ink: string, edge: string, striped: boolean, mark?: string}} Paint */

/**
 * @typedef {object} Tone
 * @property {number} light   lightness of the reddest native frame, 0 to 1
 * @property {number} brighter what the yellowest one has more
 * @property {number} cool    lightness of kernel and run-time code
 * @property {number} unnamed lightness of what has no name
 * @property {number} chroma
 * @property {number} paler   what is added to the lightness of an inlined frame
 * @property {string} ink     text on frames
 * @property {string} host    its box, and so on
 * @property {string} process
 * @property {string} processInk
 * @property {string} crumb   boxes too narrow to be told apart
 * @property {string} match
 * @property {string} matchInk
 * @property {string} outline of the frame beneath the pointer
 * @property {string} focus   of the frame that the keyboard is at
 */

/** @type {Tone} */
const LIGHT = {
  light: 0.76,
  brighter: 0.13,
  chroma: 0.125,
  paler: 0.07,
  cool: 0.83,
  unnamed: 0.86,
  ink: '#221a14',
  host: 'oklch(0.92 0.012 70)',
  process: 'oklch(0.42 0.03 50)',
  processInk: '#fffaf4',
  crumb: 'oklch(0.85 0.045 60)',
  match: 'oklch(0.5 0.25 300)',
  matchInk: '#ffffff',
  outline: '#221a14',
  focus: 'oklch(0.5 0.22 264)',
};

/** @type {Tone} */
const DARK = {
  light: 0.66,
  brighter: 0.13,
  chroma: 0.125,
  paler: 0.06,
  cool: 0.7,
  unnamed: 0.6,
  ink: '#180d06',
  host: 'oklch(0.29 0.012 60)',
  process: 'oklch(0.4 0.03 50)',
  processInk: '#fff3e8',
  crumb: 'oklch(0.45 0.06 50)',
  match: 'oklch(0.8 0.19 318)',
  matchInk: '#180f1e',
  outline: '#fff6ec',
  focus: 'oklch(0.88 0.1 250)',
};

/** Hues of native modules: from crimson over orange to yellow, brighter all the way. */
const FIRST_HUE = 14;
const SHADES = 17;
const HUE_SPAN = 92;
const KERNEL_HUE = 248;
const JIT_HUE = 165;

/** Hue, and what is added to the lightness, of the languages that are common. */
const LANGUAGES = /** @type {Record<string, [number, number]>} */ ({
  C: [52, 0.03],
  'C++': [88, 0.09],
  Rust: [26, -0.02],
  Go: [205, 0.06],
  assembly: [330, 0],
});
const OTHER_LANGUAGE = /** @type {[number, number]} */ ([120, 0.05]);

/** Shares of own time: where the colours of the ramp begin, and end. */
const LEAST_SHARE = 0.0005;
const MOST_SHARE = 0.2;

/** @param {number} light @param {number} chroma @param {number} hue */
function oklch(light, chroma, hue) {
  return `oklch(${light.toFixed(3)} ${chroma.toFixed(3)} ${hue.toFixed(1)})`;
}

/** @param {string} fill @param {string} ink @returns {Paint} */
function plain(fill, ink) {
  return { fill, ink, edge: fill, striped: false };
}

/** Whether there is no function behind it. @param {Frame} frame */
function isBare(frame) {
  return frame.kind === 'unnamed' || frame.kind === 'cut';
}

/** How far up the ramp a share of own time is, 0 to 1. @param {number} share */
function rampOf(share) {
  if (share <= LEAST_SHARE) return 0;
  return Math.min(1, Math.log(share / LEAST_SHARE) / Math.log(MOST_SHARE / LEAST_SHARE));
}

export class Palette {
  /** @param {'light'|'dark'|'forced'} theme @param {Colouring} [colouring] */
  constructor(theme, colouring = BY_MODULE) {
    this.forced = theme === 'forced';
    this.isDark = theme === 'dark';
    this.tone = this.isDark ? DARK : LIGHT;
    this.colouring = colouring;
    /** @type {Map<string, Paint>} */
    this.paints = new Map();
  }

  get crumb() {
    return this.forced ? 'GrayText' : this.tone.crumb;
  }
  get ink() {
    return this.forced ? 'CanvasText' : this.tone.outline;
  }
  get outline() {
    return this.forced ? 'Highlight' : this.tone.outline;
  }
  get focus() {
    return this.forced ? 'Highlight' : this.tone.focus;
  }

  /** @returns {Paint} of what a search has found */
  get match() {
    const { match, matchInk } = this.tone;
    return this.forced
      ? { fill: 'Highlight', ink: 'HighlightText', edge: 'Highlight', striped: false }
      : { fill: match, ink: matchInk, edge: match, striped: false };
  }

  /** What a box of a tree is painted with. @param {CallTree} tree @param {number} node */
  paintNode(tree, node) {
    const frame = tree.frameOf(node);
    if (this.forced || frame.kind === 'host' || frame.kind === 'process') return this.paint(frame);
    if (this.colouring.by === 'share') {
      return this.paintShare(tree.self[node] / (tree.total[ROOT] || 1));
    }
    if (this.colouring.by === 'label' && tree.labels) {
      return this.paintValue(tree.labels.values[tree.labels.ofNode[node]] ?? null);
    }
    return this.paint(frame);
  }

  /** @param {Frame} frame @returns {Paint} */
  paint(frame) {
    if (this.forced) return this.forcedPaint(frame);
    return this.colouring.by === 'kind' ? this.paintKind(frame) : this.mix(frame);
  }

  /** @param {string} key @param {() => Paint} make */
  remember(key, make) {
    let paint = this.paints.get(key);
    if (!paint) this.paints.set(key, (paint = make()));
    return paint;
  }

  /** Of a share of the time in the function itself. @param {number} share @returns {Paint} */
  paintShare(share) {
    const step = Math.round(rampOf(share) * 32);
    return this.remember(`\0share ${step}`, () => {
      const at = step / 32;
      const light = this.isDark ? 0.34 + 0.38 * at : 0.94 - 0.26 * at;
      const fill = oklch(light, 0.02 + 0.16 * at, 80 - 50 * at);
      return plain(fill, light < 0.56 ? this.tone.outline : this.tone.ink);
    });
  }

  /** Of a label's value; null where there are several. @param {string | null} value */
  paintValue(value) {
    return this.remember(`\0value ${value ?? '\0'}`, () => {
      const { light, chroma, ink, unnamed } = this.tone;
      if (!value) return { ...plain(oklch(unnamed, 0.008, 70), ink), striped: value === '' };
      const hash = hashText(value);
      const brighter = (Math.floor(hash / 360) % 3) * 0.06;
      return plain(oklch(light + brighter, chroma, hash % 360), ink);
    });
  }

  /** Of a language, of the kernel … @param {Frame} frame @returns {Paint} */
  paintKind(frame) {
    const paint = this.mix({ ...frame, module: frame.kind === 'kernel' ? '[kernel]' : '' });
    if (frame.kind !== 'native') return paint;
    const language = languageOf(frame);
    const [hue, brighter] = LANGUAGES[language] ?? OTHER_LANGUAGE;
    const chroma = this.tone.chroma * (language ? 1 : 0.3) * (frame.inlined ? 0.55 : 1);
    const light = this.tone.light + brighter;
    return {
      fill: oklch(light + (frame.inlined ? this.tone.paler : 0), chroma, hue),
      edge: oklch(light - 0.08, this.tone.chroma * 1.25, hue),
      ink: this.tone.ink,
      striped: false,
    };
  }

  /** @param {Frame} frame @returns {Paint} */
  forcedPaint(frame) {
    return {
      fill: 'Canvas',
      ink: 'CanvasText',
      edge: 'CanvasText',
      striped: isBare(frame),
    };
  }

  /** @param {Frame} frame @returns {Paint} */
  mix(frame) {
    const { tone } = this;
    if (frame.kind === 'host') return plain(tone.host, tone.outline);
    if (frame.kind === 'process') return plain(tone.process, tone.processInk);
    const { name, kind, module, inlined } = frame;
    // Neighbours of one module differ a little.
    const shade = hashText(name) % SHADES;
    return this.remember(`${kind} ${inlined} ${shade} ${module}`, () => {
      const { hue, light, chroma } = this.colourOf(frame);
      const own = light + (shade / (SHADES - 1) - 0.5) * 0.035;
      return {
        fill: oklch(inlined ? own + tone.paler : own, inlined ? chroma * 0.55 : chroma, hue),
        edge: oklch(light - 0.08, chroma * 1.25, hue),
        ink: tone.ink,
        striped: isBare(frame),
      };
    });
  }

  /** @param {Frame} frame of a function */
  colourOf(frame) {
    const { tone } = this;
    const hash = hashText(baseName(frame.module));
    const spread = (hash % 1009) / 1008;
    switch (frame.kind) {
      case 'kernel':
        return {
          hue: KERNEL_HUE + (spread - 0.5) * 24,
          light: tone.cool,
          chroma: tone.chroma * 0.55,
        };
      case 'jit':
        return { hue: JIT_HUE, light: tone.cool, chroma: tone.chroma * 0.75 };
      case 'cut':
      case 'unnamed':
        return { hue: 70, light: tone.unnamed, chroma: 0.008 };
      default:
        return {
          hue: FIRST_HUE + spread * HUE_SPAN,
          light: tone.light + spread * tone.brighter,
          chroma: tone.chroma * (0.85 + (Math.floor(hash / 1009) % 3) * 0.15),
        };
    }
  }
}

/*
 * Solid colour: what the canvas understands fastest. It takes longer to read a colour in oklch than
 * to fill a box with it, and there are thousands of boxes.
 *
 *     'oklch(0.7 0.1 40)'  --solidColour-->  '#cd8764'
 */

const OKLCH = /^oklch\((\S+) (\S+) (\S+)\)$/;

/** Light of a channel → the two digits of it that sRGB has. @param {number} linear */
function digitsOf(linear) {
  const light = Math.min(1, Math.max(0, linear));
  const encoded = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255)
    .toString(16)
    .padStart(2, '0');
}

/** Björn Ottosson's matrices. @param {number} lightness @param {number} a @param {number} b */
function hexOf(lightness, a, b) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
  const green = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
  const blue = -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s;
  return `#${digitsOf(red)}${digitsOf(green)}${digitsOf(blue)}`;
}

/** @param {string} colour of CSS @returns {string} the same; in digits, if it was in oklch */
export function solidColour(colour) {
  const [, light, chroma, hue] = OKLCH.exec(colour) ?? [];
  const angle = (Number(hue) / 180) * Math.PI;
  return light
    ? hexOf(Number(light), Number(chroma) * Math.cos(angle), Number(chroma) * Math.sin(angle))
    : colour;
}

/*
 * Legend: what the colours of a picture mean.
 *
 *     Palette, CallTree  --legendOf-->  entries  --showLegend-->  a list
 */

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
