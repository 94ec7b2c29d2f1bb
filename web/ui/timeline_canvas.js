// SPDX-License-Identifier: Apache-2.0

/**
 * Timeline canvas: draws CPUs in use by step of time, a band for each service.
 *
 *     TimelineData, TimeScale  --draw-->  stacked bars, lines of CPUs, ticks of time
 */

import { sizeCanvas } from './dom.js';
import { formatCount } from './short_text.js';
import { formatMoment, formatTick, ticksOf } from './time_scale.js';
import { coresAt, lengthOf } from './timeline_source.js';

/** @typedef {import('./time_scale.js').TimeScale} TimeScale */
/** @typedef {import('./timeline_source.js').TimelineData} TimelineData */

/** @typedef {'light' | 'dark' | 'forced'} Shown */
/** @typedef {{data: TimelineData, scale: TimeScale, nowS: number, highlight: number}} Drawing */

/** Below the bars, where the ticks are. */
const TICKS_PX = 16;
const TOP_PX = 4;
const TICK_GAP_PX = 92;
const FONT = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

/**
 * Hue and lightness of bands: neighbours differ in both, so that hue alone never tells them apart.
 */
const BANDS = [
  [250, 0.56],
  [60, 0.78],
  [160, 0.6],
  [345, 0.74],
  [220, 0.7],
  [100, 0.86],
  [30, 0.58],
  [300, 0.68],
];

/** What a series is painted with; the last one is the rest. */
export function bandColour(
  /** @type {number} */ i,
  /** @type {boolean} */ isRest,
  /** @type {Shown} */ shown,
) {
  if (shown === 'forced') return i % 2 ? 'GrayText' : 'CanvasText';
  if (isRest) return shown === 'dark' ? '#6f6a66' : '#c2bdb8';
  const [hue, light] = BANDS[i % BANDS.length];
  return `oklch(${(light - (shown === 'dark' ? 0.04 : 0)).toFixed(2)} 0.12 ${hue})`;
}

/** The next number of CPUs that people like. @param {number} cores */
function niceCores(cores) {
  const size = 10 ** Math.floor(Math.log10(Math.max(cores, 0.01)));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * size >= cores * 0.999) ?? 10;
  return step * size;
}

/** @param {Shown} shown */
function inkOf(shown) {
  if (shown === 'forced') return { text: 'CanvasText', line: 'GrayText', page: 'Canvas' };
  return shown === 'dark'
    ? { text: '#b3a498', line: '#3a332e', page: '#171412' }
    : { text: '#6b5d51', line: '#e6ddd2', page: '#fffdfa' };
}

export class TimelineCanvas {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    /** @type {Shown} */
    this.shown = 'light';
    this.width = 0;
    this.height = 0;
  }

  /** @param {number} width @param {number} height pixels of the page */
  resize(width, height) {
    this.width = width;
    this.height = height;
    sizeCanvas(this.canvas, width, height);
  }

  /** @param {Drawing | null} drawing */
  draw(drawing) {
    const { context, width, height } = this;
    const ratio = this.canvas.width / Math.max(1, width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    context.textBaseline = 'middle';
    if (!drawing) return;
    const { data, nowS } = drawing;
    let most = 0;
    for (let step = 0; step < data.nSteps; step++) most = Math.max(most, coresAt(data, step, nowS));
    const top = niceCores(most);
    this.drawBars(drawing, top);
    this.drawLines(top);
    this.drawTicks(drawing.scale);
  }

  /** The bottom of the bars. */
  get foot() {
    return this.height - TICKS_PX;
  }

  /** @param {Drawing} drawing @param {number} top CPUs */
  drawBars({ data, scale, nowS, highlight }, top) {
    const { context, foot } = this;
    const { stepS, firstStep, nSteps, series } = data;
    const perCore = (foot - TOP_PX) / top;
    const below = new Float64Array(nSteps);
    series.forEach(({ values, name }, i) => {
      context.fillStyle = bandColour(i, name === '', this.shown);
      context.globalAlpha = highlight < 0 || highlight === i ? 1 : 0.25;
      for (let step = 0; step < nSteps; step++) {
        if (!values[step]) continue;
        const lengthS = lengthOf(data, step, nowS);
        const startS = (firstStep + step) * stepS;
        const x = scale.xOf(startS);
        const width = scale.xOf(startS + lengthS) - x;
        const height = (values[step] / 1e9 / lengthS) * perCore;
        const y = foot - below[step] - height;
        below[step] += height;
        // A line of the page between neighbours, where there is room for it.
        const gap = { x: width > 3 ? 1 : 0, y: height > 4 ? 1 : 0 };
        context.fillRect(x, y, width - gap.x, Math.max(height - gap.y, 0.5));
      }
    });
    context.globalAlpha = 1;
  }

  /** How many CPUs that is. @param {number} top */
  drawLines(top) {
    const { context, foot, width } = this;
    const { text, line, page } = inkOf(this.shown);
    context.strokeStyle = line;
    context.beginPath();
    for (const y of [TOP_PX, foot]) {
      context.moveTo(0, Math.round(y) + 0.5);
      context.lineTo(width, Math.round(y) + 0.5);
    }
    context.stroke();
    const words = `${Number(top.toPrecision(2))} ${top === 1 ? 'CPU' : 'CPUs'}`;
    context.textAlign = 'left';
    context.lineWidth = 3;
    context.strokeStyle = page;
    context.strokeText(words, 3, TOP_PX + 8);
    context.lineWidth = 1;
    context.fillStyle = text;
    context.fillText(words, 3, TOP_PX + 8);
  }

  /** @param {TimeScale} scale */
  drawTicks(scale) {
    const { context, height, foot, width } = this;
    const { text } = inkOf(this.shown);
    const { stepS, times } = ticksOf(scale, Math.floor(width / TICK_GAP_PX));
    context.fillStyle = text;
    context.textAlign = 'center';
    for (const s of times) {
      const x = scale.xOf(s);
      context.fillRect(Math.round(x), foot, 1, 4);
      const words = formatTick(s, stepS);
      const half = context.measureText(words).width / 2;
      if (x - half >= 0 && x + half <= width) context.fillText(words, x, height - 6);
    }
  }
}

/*
 * Build marks: where on a timeline files became other builds.
 *
 *     BuildChange[], TimeScale  --groupMarks-->  MarkGroup[], one for each place that can be hit
 */

/**
 * What /api/v1/builds tells of a change.
 * @typedef {object} BuildChange
 * @property {number} time      unix s
 * @property {string} file
 * @property {string} build_id
 * @property {string} before
 * @property {number} before_until
 * @property {number} count     samples of the new build
 */

/**
 * @typedef {object} MarkGroup
 * @property {number} x         pixels
 * @property {BuildChange} change the one with most samples
 * @property {BuildChange[]} changes
 * @property {boolean} isBeside the old build goes on beside the new one
 * @property {string} label
 */

/** Marks that are nearer cannot be told apart, nor hit. */
const NEAR_PX = 14;
const MOST_NAMED = 4;
/** An old process may live so much longer than the first new one. */
const BESIDE_S = 60;
const ID_DIGITS = 8;

/** @param {string} path */
function nameOf(path) {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

/** Whether both builds ran side by side for long. @param {BuildChange} change */
export function isBeside({ time, before_until }) {
  return before_until > time + BESIDE_S;
}

/** @param {BuildChange} change */
function describe(change) {
  const ids = [change.before, change.build_id].map((id) => id.slice(0, ID_DIGITS));
  const words = isBeside(change) ? 'beside' : 'in place of';
  return `${nameOf(change.file)}: build ${ids[1]} ${words} ${ids[0]}`;
}

/** @param {BuildChange[]} changes the one with most samples first */
function labelOf(changes) {
  const named = changes.slice(0, MOST_NAMED).map(describe);
  const rest = changes.length - named.length;
  if (rest > 0) named.push(`and ${formatCount(rest)} more`);
  return `${formatMoment(changes[0].time)}: ${named.join('; ')}. Compare before and after`;
}

/**
 * @param {BuildChange[]} changes sorted by time @param {TimeScale} scale
 * @returns {MarkGroup[]}
 */
export function groupMarks(changes, scale) {
  const groups = /** @type {BuildChange[][]} */ ([]);
  let lastX = -Infinity;
  for (const change of changes) {
    const x = scale.xOf(change.time);
    if (x < 0 || x > scale.width) continue;
    if (x - lastX < NEAR_PX) groups[groups.length - 1].push(change);
    else {
      groups.push([change]);
      lastX = x;
    }
  }
  return groups.map((group) => {
    const sorted = [...group].sort((a, b) => b.count - a.count);
    return {
      x: scale.xOf(sorted[0].time),
      change: sorted[0],
      changes: sorted,
      isBeside: group.every(isBeside),
      label: labelOf(sorted),
    };
  });
}
