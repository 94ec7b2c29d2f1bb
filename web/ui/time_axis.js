// SPDX-License-Identifier: Apache-2.0

/**
 * Time axis: where the ticks of a span of time are, and what stands at them.
 *
 *     start, end, width  --timeTicks-->  places and texts
 */

import { create } from './dom.js';

/** @typedef {{share: number, text: string}} Tick */

const TICK_PX = 110;
/** In seconds; below one, 1, 2 and 5 of each power of ten. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400];

/** The least step in ns that leaves room for texts. @param {number} ns @param {number} n ticks */
function stepOf(ns, n) {
  const least = ns / Math.max(1, n);
  if (least > 0.5e9) return (STEPS_S.find((s) => s * 1e9 >= least) ?? 86400) * 1e9;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const factor = [1, 2, 5].find((f) => f * power >= least) ?? 10;
  return factor * power;
}

/** Unix ns → "14:03:20.125", with as many digits as a step has. */
export function formatMoment(/** @type {number} */ ns, /** @type {number} */ stepNs) {
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(stepNs / 1e9) - 1e-9)));
  // A double has no room for the nanoseconds of a date: microseconds are what is left.
  const us = Math.round(ns / 1e3);
  const s = Math.floor(us / 1e6);
  const clock = new Date(s * 1000).toLocaleTimeString([], { hour12: false });
  return digits
    ? `${clock}.${String(us - s * 1e6)
        .padStart(6, '0')
        .slice(0, digits)}`
    : clock;
}

/** @param {number} startNs @param {number} endNs @param {number} widthPx @returns {Tick[]} */
export function timeTicks(startNs, endNs, widthPx) {
  const ns = endNs - startNs;
  if (!(ns > 0)) return [];
  const step = stepOf(ns, Math.floor(widthPx / TICK_PX));
  const ticks = /** @type {Tick[]} */ ([]);
  for (let at = Math.ceil(startNs / step) * step; at < endNs; at += step) {
    ticks.push({ share: (at - startNs) / ns, text: formatMoment(at, step) });
  }
  return ticks;
}

/** @param {HTMLElement} element @param {Tick[]} ticks */
export function showTicks(element, ticks) {
  element.replaceChildren(
    ...ticks.map(({ share, text }) => {
      const tick = create('span', { class: 'tick' }, text);
      tick.style.left = `${(share * 100).toFixed(3)}%`;
      return tick;
    }),
  );
}
