// SPDX-License-Identifier: Apache-2.0

/**
 * Heat map cells: the parts of seconds, and what is selected of them.
 *
 *     row 49 │ . # .        a cell is a second, across, and an offset in it, upwards
 *     row  0 │ # . #        a selection goes on in time: up a column, then from the foot of the next
 *            └───────
 *
 * Cells are numbered in the order of time: column · rows + row.
 */

import { exactS } from './time_scale.js';

/** @typedef {import('./time_scale.js').TimeRange} TimeRange */

/**
 * What /api/v1/heatmap answers.
 * @typedef {object} Heatmap
 * @property {number} from      unix s of the first column
 * @property {number} column    seconds in a column
 * @property {number} columns
 * @property {number} rows
 * @property {number[][]} counts samples, by column and row
 * @property {number[]} coarse  samples of each column of which only the second is known
 */

/** Rows, and columns of a second each, that are asked for. 1/50 s is a whole number of µs. */
export const ROWS = 50;
export const COLUMNS = 120;

/** @param {number} endS a whole second @param {string} query */
export function heatmapUrl(endS, query) {
  const fields = new URLSearchParams({
    from: String(endS - COLUMNS),
    to: String(endS),
    rows: String(ROWS),
    columns: String(COLUMNS),
  });
  if (query) fields.set('query', query);
  return `/api/v1/heatmap?${fields}`;
}

/** The time of the cells from one to another, both included. */
export function rangeOfCells(
  /** @type {Pick<Heatmap, 'from' | 'rows'>} */ { from, rows },
  /** @type {number} */ one,
  /** @type {number} */ other,
) {
  const first = Math.min(one, other);
  const end = Math.max(one, other) + 1;
  const timeOf = (/** @type {number} */ cell) =>
    exactS(from + Math.floor(cell / rows) + (cell % rows) / rows);
  return { startS: timeOf(first), endS: timeOf(end) };
}

/** The cells that a range covers, as [first, end), cut to the map; null if it covers none. */
export function cellsOfRange(
  /** @type {Pick<Heatmap, 'from' | 'rows' | 'columns'>} */ { from, rows, columns },
  /** @type {TimeRange} */ { startS, endS },
) {
  const cellAt = (/** @type {number} */ s) => Math.round((s - from) * rows * 1000) / 1000;
  const first = Math.max(0, Math.floor(cellAt(startS)));
  const end = Math.min(columns * rows, Math.ceil(cellAt(endS)));
  return end > first ? { first, end } : null;
}

/** How many samples the cells from one to another have. */
export function countOfCells(
  /** @type {Heatmap} */ { counts, rows },
  /** @type {number} */ first,
  /** @type {number} */ end,
) {
  let sum = 0;
  for (let cell = first; cell < end; cell++) {
    sum += counts[Math.floor(cell / rows)]?.[cell % rows] ?? 0;
  }
  return sum;
}

/** The largest count of any cell. @param {Heatmap} map */
export function mostOf({ counts }) {
  return counts.reduce((most, column) => column.reduce((a, b) => Math.max(a, b), most), 0);
}

/** A cell that a key leads to, within the map. */
export function cellByKey(
  /** @type {Pick<Heatmap, 'rows' | 'columns'>} */ { rows, columns },
  /** @type {number} */ cell,
  /** @type {string} */ key,
) {
  const column = Math.floor(cell / rows);
  const row = cell % rows;
  const at = (/** @type {number} */ c, /** @type {number} */ r) =>
    Math.max(0, Math.min(columns - 1, c)) * rows + Math.max(0, Math.min(rows - 1, r));
  switch (key) {
    case 'ArrowUp':
      return at(column, row + 1);
    case 'ArrowDown':
      return at(column, row - 1);
    case 'ArrowLeft':
      return at(column - 1, row);
    case 'ArrowRight':
      return at(column + 1, row);
    case 'PageUp':
      return at(column - 10, row);
    case 'PageDown':
      return at(column + 10, row);
    case 'Home':
      return at(column, 0);
    case 'End':
      return at(column, rows - 1);
    default:
      return -1;
  }
}
