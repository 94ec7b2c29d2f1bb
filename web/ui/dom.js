// SPDX-License-Identifier: Apache-2.0

/**
 * DOM: small words for what every view does, and the list of rows that most of them are. Texts
 * always become text nodes: names come from strangers, and nothing here, or elsewhere in the page,
 * reads markup.
 */

/**
 * The element with this id, which index.html has.
 * @template {HTMLElement} T
 * @param {string} id @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return element;
}

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function create(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * A button, and what a click on it does.
 * @param {() => void} run @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function createButton(run, attributes, ...children) {
  const button = create('button', { type: 'button', ...attributes }, ...children);
  button.addEventListener('click', run);
  return button;
}

/** Whether a key is the browser's or the system's. */
export function hasModifier(/** @type {KeyboardEvent} */ { altKey, ctrlKey, metaKey }) {
  return altKey || ctrlKey || metaKey;
}

/** The key that was pressed: menus have one of their own. @param {KeyboardEvent} event */
export const keyOf = ({ key, shiftKey }) => (key === 'F10' && shiftKey ? 'ContextMenu' : key);

/**
 * Give a canvas a size, in pixels of the page, and clear it.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height
 * @param {number} step its bitmap is as many pixels high, or a multiple; it is cleared if it changes
 * @returns {number} pixels of the screen for each of the page
 */
export function sizeCanvas(canvas, width, height, step = 1) {
  const ratio = devicePixelRatio || 1;
  const columns = Math.round(width * ratio);
  const rows = Math.ceil(Math.round(height * ratio) / step) * step;
  if (step === 1 || canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return ratio;
}

/** Set a text if it differs: selections and live regions stay quiet. */
export function setText(/** @type {Element} */ element, /** @type {string} */ text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * What can be picked; made anew only if it is something else: people may be picking.
 * @param {HTMLSelectElement} select @param {{value: string, text: string, title?: string}[]} options
 * @param {string} picked
 */
export function showOptions(select, options, picked) {
  const told = options.map(({ value, text }) => `${value}\n${text}`).join('\n');
  const known = Array.from(select.options, ({ value, textContent }) => `${value}\n${textContent}`);
  if (known.join('\n') !== told) {
    select.replaceChildren(
      ...options.map(({ value, text, title = '' }) => create('option', { value, title }, text)),
    );
  }
  select.value = picked;
}

/**
 * A select, and what happens with what is picked.
 * @param {(value: string) => void} onPick @param {Record<string, string>} attributes
 * @param {{value: string, text: string}[]} options
 */
export function createSelect(onPick, attributes, options = []) {
  const select = create('select', attributes);
  showOptions(select, options, '');
  select.addEventListener('change', () => onPick(select.value));
  return select;
}

/**
 * Have just these children, in this order. Those that are there stay, with their focus.
 * @param {Element} parent @param {Element[]} children
 */
export function arrange(parent, children) {
  for (const child of [...parent.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
}

/** What an error says. @param {unknown} error */
export const sentenceOf = (error) => (error instanceof Error ? error.message : String(error));

/** The root's size of text where nobody wants it otherwise, see style.css. */
const USUAL_TEXT_PX = 14;

/** How much larger than usual texts are to be, as the browser was told, or for a large screen. */
export function textScale() {
  // Under node, where arithmetic of views is tested, nobody reads.
  if (typeof document === 'undefined') return 1;
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_TEXT_PX;
}

/** True while people ask for less motion. */
export function prefersLessMotion() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/*
 * Keys: one table, which both the keyboard and the page's help follow.
 */

/**
 * @typedef {object} KeyBinding
 * @property {string} key      as KeyboardEvent.key names it
 * @property {string} text     what it does
 * @property {() => void} action
 * @property {boolean} inGraph only while the graph, or nothing, has the focus
 */

/** What the help calls keys whose names are long. @type {Record<string, string>} */
const KEY_CAPS = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  ContextMenu: 'Shift+F10',
  Escape: 'Esc',
  ' ': 'Space',
};

/** What has the keys for itself while it is there. */
const MODAL = 'dialog[open], [role=menu]:not([hidden])';

/** Elements that need their keys for themselves. @param {EventTarget | null} target */
function wantsText(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

/** @param {EventTarget | null} target @param {HTMLElement} graph */
function isAtGraph(target, graph) {
  return target === document.body || (target instanceof Node && graph.contains(target));
}

/** @param {KeyBinding[]} bindings @param {HTMLElement} graph */
export function listenToKeys(bindings, graph) {
  document.addEventListener('keydown', (event) => {
    if (hasModifier(event) || event.defaultPrevented) return;
    if (wantsText(event.target) || document.querySelector(MODAL)) return;
    const binding = bindings.find(({ key }) => key === keyOf(event));
    if (!binding || (binding.inGraph && !isAtGraph(event.target, graph))) return;
    event.preventDefault();
    binding.action();
  });
}

/** @param {HTMLElement} list a <dl> @param {KeyBinding[]} bindings */
export function showKeys(list, bindings) {
  list.replaceChildren(
    ...bindings.map(({ key, text }) => {
      const cap = create('kbd', {}, KEY_CAPS[key] ?? key);
      return create('div', {}, create('dt', {}, cap), create('dd', {}, text));
    }),
  );
}

/*
 * Row list: a table of any number of rows, of which only those that are seen are in the document.
 *
 *     columns, fill(cells, row)  --RowList-->  grid or treegrid
 *
 * The grid has the focus and names the row that the keyboard is at. What a row is, only its owner
 * knows: here it is a number.
 *
 *     count of rows, scroll position  --rowWindow-->  first row, one past the last, where they lie
 *
 * Browsers draw no element that is taller than some millions of pixels. Of a longer list, a step of
 * the scroll bar is more than a row; rows keep their height.
 */

/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} text       its head
 * @property {string} width      as CSS grid has it
 * @property {string} [title]
 * @property {boolean} [isSortable]
 */

/**
 * @typedef {object} RowListOptions
 * @property {'grid'|'treegrid'} role
 * @property {string} label
 * @property {Column[]} columns
 * @property {(cells: HTMLElement[], row: number, element: HTMLElement) => void} fill
 * @property {(row: number) => void} [onActive]  the keyboard, or a click, has come to a row
 * @property {(row: number) => void} [onOpen]    Enter, or a second click
 * @property {(row: number, x: number, y: number) => void} [onMenu]
 * @property {(key: string) => void} [onSort]
 * @property {(key: string, row: number) => boolean} [onKey]  whether it was for the owner
 */

/**
 * @typedef {object} RowWindow
 * @property {number} first
 * @property {number} end      one past the last row
 * @property {number} heightPx of all that scrolls
 * @property {number} shiftPx  where the first row lies in it
 */

/** @typedef {{count: number, rowPx: number, viewPx: number}} RowMeasures */

const MAX_HEIGHT_PX = 8e6;
/** Rows beyond either edge, so that a quick scroll does not show nothing. */
const SPARE_ROWS = 8;

let lists = 0;

/** Where a key leads to. @type {Record<string, (at: number, page: number, count: number) => number>} */
const MOVES = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at, page) => at + page,
  PageUp: (at, page) => at - page,
  Home: () => 0,
  End: (_at, _page, count) => count - 1,
};

export class RowList {
  /** @param {HTMLElement} element that becomes the grid @param {RowListOptions} options */
  constructor(element, options) {
    this.element = element;
    this.options = options;
    this.prefix = `list${lists++}-`;
    this.count = 0;
    this.active = -1;
    this.frameRequest = 0;
    /** @type {HTMLElement[]} */
    this.rows = [];
    element.classList.add('rows');
    element.setAttribute('role', options.role);
    element.setAttribute('aria-label', options.label);
    element.tabIndex = 0;
    this.head = create('div', { role: 'row', class: 'rows-head', 'aria-rowindex': '1' });
    this.body = create('div', { role: 'rowgroup', class: 'rows-body' });
    element.replaceChildren(
      create('div', { role: 'rowgroup', class: 'rows-top' }, this.head),
      this.body,
    );
    this.columns = options.columns;
    this.setColumns(options.columns);
    this.listen();
  }

  /** @param {Column[]} columns */
  setColumns(columns) {
    this.columns = columns;
    this.element.style.setProperty('--columns', columns.map(({ width }) => width).join(' '));
    this.element.ariaColCount = String(columns.length);
    this.head.replaceChildren(...columns.map((column) => this.createHead(column)));
    for (const row of this.rows) row.remove();
    this.rows = [];
    this.render();
  }

  /** @param {Column} column */
  createHead({ key, text, title, isSortable }) {
    const head = create('span', { role: 'columnheader', class: `cell-${key}` });
    if (title) head.title = title;
    if (!text) head.append(create('span', { class: 'unseen' }, title ?? key));
    else if (!isSortable) head.append(text);
    else {
      head.append(createButton(() => this.options.onSort?.(key), {}, text));
    }
    return head;
  }

  /** A column's head says something else. @param {string} key @param {string} text */
  rename(key, text) {
    const head = this.head.querySelector(`.cell-${key}`);
    if (head) setText(head, text);
  }

  /** Mark the column by which rows are sorted. @param {string} key @param {boolean} isDown */
  setSorted(key, isDown) {
    this.columns.forEach((column, i) => {
      const head = this.head.children[i];
      const order = isDown ? 'descending' : 'ascending';
      if (column.isSortable) head.setAttribute('aria-sort', column.key === key ? order : 'none');
    });
  }

  listen() {
    const { element, options } = this;
    element.addEventListener('scroll', () => this.requestRender(), { passive: true });
    element.addEventListener('keydown', (event) => this.onKeyDown(event));
    element.addEventListener('click', (event) => {
      const row = this.rowOf(event.target);
      if (row >= 0) this.setActive(row);
    });
    element.addEventListener('dblclick', (event) => {
      const row = this.rowOf(event.target);
      if (row >= 0) options.onOpen?.(row);
    });
    element.addEventListener('contextmenu', (event) => {
      const row = this.rowOf(event.target);
      if (row < 0 || !options.onMenu) return;
      event.preventDefault();
      this.setActive(row);
      options.onMenu(row, event.clientX, event.clientY);
    });
    new ResizeObserver(() => this.render()).observe(element);
  }

  /** @param {KeyboardEvent} event */
  onKeyDown(event) {
    if (event.target !== this.element || hasModifier(event)) return;
    const isHandled = this.handleKey(event.key, event.shiftKey);
    if (isHandled) event.preventDefault();
  }

  /** @param {string} key @param {boolean} isShift @returns {boolean} whether it means something */
  handleKey(key, isShift) {
    const { options, active } = this;
    if (active >= 0 && options.onKey?.(key, active)) return true;
    if (MOVES[key] && this.count) {
      const page = Math.max(1, Math.floor(this.measures.viewPx / this.measures.rowPx) - 1);
      const to = active < 0 ? 0 : MOVES[key](active, page, this.count);
      this.setActive(Math.min(Math.max(to, 0), this.count - 1));
      return true;
    }
    if (active < 0) return false;
    if (key === 'Enter' && options.onOpen) {
      options.onOpen(active);
      return true;
    }
    if (options.onMenu && (key === 'ContextMenu' || (key === 'F10' && isShift))) {
      const { left, bottom } = this.placeOf(active);
      options.onMenu(active, left + 40, bottom);
      return true;
    }
    return false;
  }

  get measures() {
    // The head is a row like any other: as high as the reader's text wants it.
    const rowPx = this.head.offsetHeight || 1;
    return { count: this.count, rowPx, viewPx: Math.max(0, this.element.clientHeight - rowPx) };
  }

  /** Where a row is on the page. @param {number} row */
  placeOf(row) {
    const element = document.getElementById(this.prefix + row);
    return (element ?? this.element).getBoundingClientRect();
  }

  /** The row that holds @target, or −1. @param {EventTarget | null} target */
  rowOf(target) {
    const row = target instanceof Element ? target.closest('[role=row][id]') : null;
    return row?.id.startsWith(this.prefix) ? Number(row.id.slice(this.prefix.length)) : -1;
  }

  /** There are other rows now. @param {number} count @param {number} [active] */
  show(count, active = -1) {
    this.count = count;
    this.active = active < count ? active : -1;
    this.element.ariaRowCount = String(count + 1);
    this.render();
  }

  /** @param {number} row */
  setActive(row) {
    this.active = row;
    this.reveal(row);
    this.options.onActive?.(row);
  }

  /** Scroll until a row is seen. @param {number} row */
  reveal(row) {
    const { element } = this;
    element.scrollTop = scrollTopFor(this.measures, element.scrollTop, row);
    this.render();
  }

  /** Scroll until a row is seen with those around it. @param {number} row */
  centre(row) {
    const half = Math.floor(this.measures.viewPx / this.measures.rowPx / 2);
    this.reveal(Math.max(0, row - half));
    this.reveal(Math.min(this.count - 1, row + half));
  }

  requestRender() {
    if (this.frameRequest) return;
    this.frameRequest = requestAnimationFrame(() => this.render());
  }

  render() {
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    const { measures } = this;
    const { first, end, heightPx, shiftPx } = rowWindow(measures, this.element.scrollTop);
    this.body.style.height = `${heightPx}px`;
    while (this.rows.length < end - first) this.addRow();
    while (this.rows.length > end - first) this.rows.pop()?.remove();
    this.rows.forEach((element, i) =>
      this.fillRow(element, first + i, shiftPx + i * measures.rowPx),
    );
    const isActiveSeen = this.active >= first && this.active < end;
    if (isActiveSeen) {
      this.element.setAttribute('aria-activedescendant', this.prefix + this.active);
    } else this.element.removeAttribute('aria-activedescendant');
  }

  addRow() {
    const row = create('div', { role: 'row' });
    for (const { key } of this.columns) {
      row.append(create('span', { role: 'gridcell', class: `cell-${key}` }));
    }
    this.rows.push(row);
    this.body.append(row);
  }

  /** @param {HTMLElement} element @param {number} row @param {number} y */
  fillRow(element, row, y) {
    element.id = this.prefix + row;
    element.ariaRowIndex = String(row + 2);
    element.ariaSelected = String(row === this.active);
    element.style.transform = `translateY(${y}px)`;
    this.options.fill(/** @type {HTMLElement[]} */ ([...element.children]), row, element);
  }
}

/** Set the text of a cell, and let it be read whole where it is cut. */
export function setCell(/** @type {HTMLElement} */ cell, /** @type {string} */ text) {
  setText(cell, text);
  if (cell.title !== text) cell.title = text;
}

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

/**
 * Which rows are in the document.
 * @param {RowMeasures} measures @param {number} scrollTop @returns {RowWindow}
 */
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
