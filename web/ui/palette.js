// SPDX-License-Identifier: Apache-2.0

/**
 * Palette: the colours of frames.
 *
 * Warm hues are native code, one per module, so that a library is recognised everywhere and from
 * one profile to the next; blue is the kernel, green is code that was made at run time, grey with
 * stripes has no name. An inlined function is a paler box of its module's colour. Kinds differ in
 * lightness or pattern too, so that hue alone never carries the meaning.
 */

import { baseName, hashText } from './frame.js';

/** @typedef {import('./frame.js').Frame} Frame */
/** @typedef {{fill: string, ink: string, edge: string, striped: boolean}} Paint */

/**
 * @typedef {object} Tone
 * @property {number} light   lightness of a native frame, 0 to 1
 * @property {number} chroma
 * @property {number} paler   what is added to the lightness of an inlined frame
 * @property {string} ink     text on frames
 * @property {string} host
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
  light: 0.83,
  chroma: 0.105,
  paler: 0.075,
  ink: '#221a14',
  host: 'oklch(0.92 0.012 70)',
  process: 'oklch(0.44 0.025 50)',
  processInk: '#fffaf4',
  crumb: 'oklch(0.85 0.035 60)',
  match: 'oklch(0.52 0.25 300)',
  matchInk: '#ffffff',
  outline: '#221a14',
  focus: 'oklch(0.5 0.22 264)',
};

/** @type {Tone} */
const DARK = {
  light: 0.5,
  chroma: 0.105,
  paler: -0.1,
  ink: '#fff6ec',
  host: 'oklch(0.3 0.012 60)',
  process: 'oklch(0.8 0.03 70)',
  processInk: '#1c1611',
  crumb: 'oklch(0.37 0.045 50)',
  match: 'oklch(0.74 0.19 312)',
  matchInk: '#180f1e',
  outline: '#fff6ec',
  focus: 'oklch(0.78 0.14 250)',
};

/** Hues of native modules: from crimson over orange to lime, a walk of 125 degrees. */
const FIRST_HUE = 345;
const HUE_SPAN = 125;
const KERNEL_HUE = 248;
const JIT_HUE = 165;

export class Palette {
  /** @param {'light'|'dark'|'forced'} theme */
  constructor(theme) {
    this.forced = theme === 'forced';
    this.tone = theme === 'dark' ? DARK : LIGHT;
    /** @type {Map<string, Paint>} */
    this.paints = new Map();
  }

  get crumb() {
    return this.forced ? 'GrayText' : this.tone.crumb;
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

  /** @param {Frame} frame @returns {Paint} */
  paint(frame) {
    const known = this.paints.get(frame.id);
    if (known) return known;
    const paint = this.forced ? this.forcedPaint(frame) : this.mix(frame);
    this.paints.set(frame.id, paint);
    return paint;
  }

  /** @param {Frame} frame @returns {Paint} */
  forcedPaint(frame) {
    return { fill: 'Canvas', ink: 'CanvasText', edge: 'CanvasText', striped: frame.kind === 'unnamed' };
  }

  /** @param {Frame} frame @returns {Paint} */
  mix(frame) {
    const { tone } = this;
    if (frame.kind === 'host') return { fill: tone.host, ink: tone.ink, edge: tone.host, striped: false };
    if (frame.kind === 'process') {
      return { fill: tone.process, ink: tone.processInk, edge: tone.process, striped: false };
    }
    const { hue, chroma } = this.hueOf(frame);
    const shade = ((hashText(frame.name) % 97) / 96 - 0.5) * 0.045;
    const light = tone.light + shade + (frame.inlined ? tone.paler : 0);
    const paleness = frame.inlined ? 0.6 : 1;
    return {
      fill: `oklch(${light.toFixed(3)} ${(chroma * paleness).toFixed(3)} ${hue.toFixed(1)})`,
      edge: `oklch(${(tone.light - 0.06).toFixed(3)} ${(chroma * 1.25).toFixed(3)} ${hue.toFixed(1)})`,
      ink: tone.ink,
      striped: frame.kind === 'unnamed',
    };
  }

  /** @param {Frame} frame */
  hueOf(frame) {
    const { chroma } = this.tone;
    const hash = hashText(baseName(frame.module) + frame.kind);
    const spread = (hash % 1009) / 1008;
    if (frame.kind === 'kernel') return { hue: KERNEL_HUE + (spread - 0.5) * 24, chroma: chroma * 0.6 };
    if (frame.kind === 'jit') return { hue: JIT_HUE, chroma: chroma * 0.8 };
    if (frame.kind === 'unnamed') return { hue: 70, chroma: 0.008 };
    const strength = 0.8 + ((hash >>> 10) % 3) * 0.2;
    return { hue: (FIRST_HUE + spread * HUE_SPAN) % 360, chroma: chroma * strength };
  }
}
