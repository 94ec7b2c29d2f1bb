// SPDX-License-Identifier: Apache-2.0

/**
 * Heat map: when in its second each sample was taken, in cells of 20 ms, of which some are selected.
 *
 * For pointers it is a canvas; for keys and screen readers a grid with one cell in it, the one that
 * the keyboard is at: six thousand of them would help nobody.
 */

import { create, hasModifier, setText, sizeCanvas } from './dom.js';
import { formatCount, formatRange, formatSamples } from './short_text.js';
import { exactS, formatMoment, formatSpan } from './time_scale.js';

/** @typedef {import('./time_scale.js').TimeRange} TimeRange */
/** @typedef {import('./timeline.js').Shown} Shown */

/**
 * @typedef {object} HeatmapListener
 * @property {(range: TimeRange) => void} onSelect
 * @property {(text: string) => void} onPoint
 * @property {(text: string) => void} say
 */

const SHADES = 24;

/** What a cell is painted with: the more, the further from the page. @param {number} share */
function shadeOf(share, /** @type {Shown} */ shown) {
  const light = shown === 'dark' ? 0.26 + 0.62 * share : 0.95 - 0.55 * share;
  return `oklch(${light.toFixed(3)} ${(0.02 + 0.15 * Math.sqrt(share)).toFixed(3)} 45)`;
}

export class HeatmapView {
  /** @param {HTMLElement} element @param {HeatmapListener} listener */
  constructor(element, listener) {
    this.element = element;
    this.listener = listener;
    this.canvas = create('canvas', { 'aria-hidden': 'true' });
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
    this.cell = create('div', { role: 'gridcell', id: 'heat-cell', 'aria-selected': 'false' });
    this.row = create('div', { role: 'row' }, this.cell);
    this.grid = create(
      'div',
      {
        class: 'heat-grid',
        role: 'grid',
        tabindex: '0',
        'aria-label': 'samples by second and offset within it: arrow keys move, Shift extends, Enter selects',
        'aria-activedescendant': 'heat-cell',
        'aria-multiselectable': 'true',
      },
      this.row,
    );
    element.append(this.canvas, this.grid);
    /** @type {Heatmap | null} */
    this.map = null;
    /** @type {TimeRange | null} */
    this.selected = null;
    /** @type {Shown} */
    this.shown = 'light';
    /** Where the keyboard is; where its selection begins. */
    this.focused = -1;
    this.anchor = -1;
    /** @type {{from: number, to: number} | null} cells between which a pointer drags */
    this.drag = null;
    this.listen();
    new ResizeObserver(() => this.redraw()).observe(element);
  }

  /** @param {Heatmap} map @param {TimeRange | null} selected */
  show(map, selected) {
    // Keyboard and pointer stay at their moments while the map moves on.
    const moved = (map.from - (this.map?.from ?? map.from)) * map.rows;
    const keep = (/** @type {number} */ cell) =>
      cell < 0 ? cell : clamp(cell - moved, map.rows * map.columns);
    this.focused = keep(this.focused);
    this.anchor = keep(this.anchor);
    if (this.drag) this.drag = { from: keep(this.drag.from), to: keep(this.drag.to) };
    this.map = map;
    this.selected = selected;
    this.grid.ariaRowCount = String(map.rows);
    this.grid.ariaColCount = String(map.columns);
    this.redraw();
  }

  /** @param {Shown} shown */
  setTheme(shown) {
    this.shown = shown;
    this.redraw();
  }

  // --- what is shown ----------------------------------------------------------------------------

  redraw() {
    const { element, canvas, context, map } = this;
    const { clientWidth: width, clientHeight: height } = element;
    const ratio = sizeCanvas(canvas, width, height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!map) return;
    const size = { x: width / map.columns, y: height / map.rows };
    this.drawCells(map, size);
    this.drawCoarse(map, size, height);
    this.drawSelection(map, size);
    this.tellCell();
  }

  /** @param {Heatmap} map @param {{x: number, y: number}} size of a cell */
  drawCells({ counts, rows, columns }, size) {
    const { context, shown } = this;
    const most = Math.max(1, mostOf(/** @type {Heatmap} */ (this.map)));
    const shades = Array.from({ length: SHADES + 1 }, (_, i) => shadeOf(i / SHADES, shown));
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < rows; row++) {
        const count = counts[column]?.[row] ?? 0;
        const share = count / most;
        context.fillStyle = shown === 'forced' ? 'CanvasText' : shades[Math.ceil(share * SHADES)];
        if (shown === 'forced') context.globalAlpha = share;
        const y = (rows - row - 1) * size.y;
        context.fillRect(column * size.x, y, size.x - (size.x > 3 ? 0.5 : 0), size.y + 0.3);
      }
    }
    context.globalAlpha = 1;
  }

  /** Seconds of which no offsets are known. @param {Heatmap} map @param {{x: number}} size */
  drawCoarse({ coarse }, size, /** @type {number} */ height) {
    const { context, shown } = this;
    context.strokeStyle = shown === 'forced' ? 'GrayText' : '#8a827b';
    context.beginPath();
    coarse.forEach((count, column) => {
      if (!count) return;
      for (let y = 0; y < height; y += 6) {
        context.moveTo(column * size.x, y + 6);
        context.lineTo((column + 1) * size.x, y);
      }
    });
    context.stroke();
  }

  /** The cells that are selected, being dragged over, or at the keyboard. */
  chosen() {
    const { map, drag, selected, anchor, focused } = this;
    if (!map) return null;
    if (drag) return ends(drag.from, drag.to);
    if (anchor >= 0 && focused >= 0) return ends(anchor, focused);
    return selected ? cellsOfRange(map, selected) : null;
  }

  /** @param {Heatmap} map @param {{x: number, y: number}} size */
  drawSelection(map, size) {
    const { context, shown } = this;
    const chosen = this.chosen();
    const ink = { light: '#3347d1', dark: '#9db4ff', forced: 'Highlight' }[shown];
    context.strokeStyle = ink;
    context.lineWidth = 2;
    for (let cell = chosen?.first ?? 0; chosen && cell < chosen.end; ) {
      const column = Math.floor(cell / map.rows);
      const end = Math.min(chosen.end, (column + 1) * map.rows);
      const top = (map.rows - (end - column * map.rows)) * size.y;
      const tall = (end - cell) * size.y;
      context.strokeRect(column * size.x + 1, top + 1, Math.max(2, size.x - 2), Math.max(2, tall - 2));
      cell = end;
    }
    if (this.focused >= 0 && this.grid.matches(':focus')) {
      const y = (map.rows - (this.focused % map.rows) - 1) * size.y;
      context.strokeRect(Math.floor(this.focused / map.rows) * size.x - 2, y - 2, size.x + 4, size.y + 4);
    }
    context.lineWidth = 1;
  }

  tellCell() {
    const { map, focused } = this;
    if (!map || focused < 0) return;
    const row = focused % map.rows;
    const column = Math.floor(focused / map.rows);
    this.row.ariaRowIndex = String(map.rows - row);
    this.cell.ariaColIndex = String(column + 1);
    const chosen = this.chosen();
    this.cell.ariaSelected = String(
      chosen !== null && focused >= chosen.first && focused < chosen.end,
    );
    setText(this.cell, this.describe(focused, focused));
  }

  /** @param {number} one @param {number} other a cell */
  describe(one, other) {
    const map = /** @type {Heatmap} */ (this.map);
    const { first, end } = ends(one, other);
    const coarse = map.coarse[Math.floor(one / map.rows)];
    const samples = formatSamples(countOfCells(map, first, end));
    const lost = coarse ? `; of ${formatCount(coarse)} only the second is kept` : '';
    const range = rangeOfCells(map, one, other);
    const span = end - first > 1 ? formatSpan(range) : formatMoment(range.startS);
    return `${span} · ${formatRange(range.endS - range.startS)} · ${samples}${lost}`;
  }

  // --- pointer and keys -------------------------------------------------------------------------

  /** @param {PointerEvent} event @returns {number} cell, or −1 */
  cellOf({ clientX, clientY }) {
    const { map } = this;
    if (!map) return -1;
    const { left, top, width, height } = this.element.getBoundingClientRect();
    const column = clamp(((clientX - left) / width) * map.columns, map.columns);
    const row = map.rows - 1 - clamp(((clientY - top) / height) * map.rows, map.rows);
    return column * map.rows + row;
  }

  listen() {
    const { element, grid, listener } = this;
    element.addEventListener('pointerdown', (event) => {
      const cell = this.cellOf(event);
      if (event.button !== 0 || cell < 0) return;
      element.setPointerCapture(event.pointerId);
      this.drag = { from: cell, to: cell };
      this.focused = this.anchor = -1;
      this.redraw();
    });
    element.addEventListener('pointermove', (event) => {
      const cell = this.cellOf(event);
      if (cell < 0) return;
      if (this.drag) this.drag.to = cell;
      if (this.drag) this.redraw();
      listener.onPoint(this.describe(this.drag?.from ?? cell, cell));
    });
    element.addEventListener('pointerleave', () => listener.onPoint(''));
    element.addEventListener('pointercancel', () => {
      this.drag = null;
      this.redraw();
    });
    element.addEventListener('pointerup', () => {
      const { drag } = this;
      this.drag = null;
      if (drag) this.select(drag.from, drag.to);
    });
    grid.addEventListener('keydown', (event) => this.press(event));
    for (const name of ['focus', 'blur']) grid.addEventListener(name, () => this.enter());
  }

  /** The keyboard comes, or goes. */
  enter() {
    const { map } = this;
    if (map && this.focused < 0) {
      const selected = this.selected && cellsOfRange(map, this.selected);
      this.focused = selected?.first ?? (map.columns - 1) * map.rows;
    }
    this.redraw();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const { map, focused } = this;
    if (!map || hasModifier(event)) return;
    const isEnter = event.key === 'Enter' || event.key === ' ';
    const cell = cellByKey(map, Math.max(0, focused), event.key);
    if (!isEnter && cell < 0) return;
    event.preventDefault();
    event.stopPropagation();
    if (isEnter) this.select(this.anchor < 0 ? focused : this.anchor, focused);
    else this.moveTo(cell, event.shiftKey);
  }

  /** @param {number} cell @param {boolean} isExtending */
  moveTo(cell, isExtending) {
    if (!isExtending) this.anchor = -1;
    else if (this.anchor < 0) this.anchor = this.focused;
    this.focused = cell;
    this.redraw();
    const from = this.anchor < 0 ? cell : this.anchor;
    this.listener.onPoint(this.describe(from, cell));
  }

  /** @param {number} one @param {number} other a cell */
  select(one, other) {
    const { map } = this;
    if (!map || one < 0 || other < 0) return;
    this.listener.say(`selected: ${this.describe(one, other)}`);
    this.selected = rangeOfCells(map, one, other);
    this.anchor = -1;
    this.redraw();
    this.listener.onSelect(this.selected);
  }
}

/** The whole number, of so many from 0 on, that is nearest. */
function clamp(/** @type {number} */ n, /** @type {number} */ count) {
  return Math.max(0, Math.min(count - 1, Math.floor(n)));
}

/** @param {number} one @param {number} other a cell */
function ends(one, other) {
  return { first: Math.min(one, other), end: Math.max(one, other) + 1 };
}

/*
 * Heat map cells: the parts of seconds, and what is selected of them.
 *
 *     row 49 │ . # .        a cell is a second, across, and an offset in it, upwards
 *     row  0 │ # . #        a selection goes on in time: up a column, then from the foot of the next
 *            └───────
 *
 * Cells are numbered in the order of time: column · rows + row.
 */

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
  const { first, end } = ends(one, other);
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

/** How far a key leads: columns, and rows. @type {Record<string, [number, number]>} */
const STEPS = {
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  Home: [0, -ROWS],
  End: [0, ROWS],
};

/** A cell that a key leads to, within the map, or −1. */
export function cellByKey(
  /** @type {Pick<Heatmap, 'rows' | 'columns'>} */ { rows, columns },
  /** @type {number} */ cell,
  /** @type {string} */ key,
) {
  if (!STEPS[key]) return -1;
  const [right, up] = STEPS[key];
  const column = clamp(Math.floor(cell / rows) + right, columns);
  return column * rows + clamp((cell % rows) + up, rows);
}
