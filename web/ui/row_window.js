// SPDX-License-Identifier: Apache-2.0

/**
 * Row window: which rows of a long list are in the document.
 *
 *     count of rows, scroll position  --rowWindow-->  first row, one past the last, where they lie
 *
 * Browsers draw no element that is taller than some millions of pixels. Of a longer list, a step of
 * the scroll bar is more than a row; rows keep their height.
 */

const MAX_HEIGHT_PX = 8e6;
/** Rows beyond either edge, so that a quick scroll does not show nothing. */
const SPARE_ROWS = 8;

/**
 * @typedef {object} RowWindow
 * @property {number} first
 * @property {number} end      one past the last row
 * @property {number} heightPx of all that scrolls
 * @property {number} shiftPx  where the first row lies in it
 */

/** @typedef {{count: number, rowPx: number, viewPx: number}} RowMeasures */

/** The height of the list as it is scrolled, and as it would be. */
function heights(/** @type {RowMeasures} */ { count, rowPx, viewPx }) {
  const wholePx = count * rowPx;
  const heightPx = Math.min(wholePx, MAX_HEIGHT_PX);
  const range = Math.max(0, heightPx - viewPx);
  const wholeRange = Math.max(0, wholePx - viewPx);
  return { heightPx, range, wholeRange };
}

/** How much of the list is above what is seen. */
function topOf(/** @type {RowMeasures} */ measures, /** @type {number} */ scrollTop) {
  const { range, wholeRange } = heights(measures);
  return range ? (Math.min(Math.max(0, scrollTop), range) / range) * wholeRange : 0;
}

/** @param {RowMeasures} measures @param {number} scrollTop @returns {RowWindow} */
export function rowWindow(measures, scrollTop) {
  const { count, rowPx, viewPx } = measures;
  const { heightPx, range } = heights(measures);
  const topPx = topOf(measures, scrollTop);
  const first = Math.max(0, Math.floor(topPx / rowPx) - SPARE_ROWS);
  const end = Math.min(count, Math.ceil((topPx + viewPx) / rowPx) + SPARE_ROWS);
  const at = Math.min(Math.max(0, scrollTop), range);
  return { first, end, heightPx, shiftPx: at - (topPx - first * rowPx) };
}

/**
 * The nearest scroll position at which a row is wholly seen.
 * @param {RowMeasures} measures @param {number} scrollTop @param {number} row
 */
export function scrollTopFor(measures, scrollTop, row) {
  const { rowPx, viewPx } = measures;
  const { range, wholeRange } = heights(measures);
  const topPx = topOf(measures, scrollTop);
  const rowTop = row * rowPx;
  const isAbove = rowTop < topPx;
  const isBelow = rowTop + rowPx > topPx + viewPx;
  if (!range || (!isAbove && !isBelow)) return scrollTop;
  const wanted = isAbove ? rowTop : rowTop + rowPx - viewPx;
  return (Math.min(Math.max(0, wanted), wholeRange) / wholeRange) * range;
}
