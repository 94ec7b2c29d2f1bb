// SPDX-License-Identifier: Apache-2.0

/**
 * Code view: a function's source and its instructions side by side, each with its samples. A line
 * that is picked on one side is marked on the other.
 */

import { create, createSelect, RowList, setCell, setText, showOptions } from './dom.js';
import { baseName } from './frames.js';
import { formatCount, formatSamples, formatShare } from './short_text.js';
import { AnswerError, ask, isEmbedded } from './source.js';
import { selectionOf } from './state.js';
import { lackOf } from './truth.js';

/** @typedef {import('./view_deck.js').Actions} Actions */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./dom.js').Column} Column */
/** @typedef {import('./state.js').State} State */

/**
 * @typedef {object} Code
 * @property {Frame | null} frame  null where none is picked
 * @property {string} buildId      of its module, or ''
 * @property {Listing | null} listing
 * @property {string} sentence     why there is no listing; '' while it is being read
 * @property {string} file         the source file that is shown, or ''
 * @property {string | null} source its text
 * @property {string} sourceSentence why there is no text
 */

/** @type {Column[]} */
const SOURCE_COLUMNS = [
  { key: 'line', text: 'line', width: '3.71rem' },
  { key: 'self', text: 'self', width: '4.43rem', title: 'samples in the line itself' },
  { key: 'total', text: 'total', width: '4.43rem', title: 'samples also in what it calls' },
  { key: 'code', text: 'source', width: 'minmax(8rem, 1fr)' },
];
/** @type {Column[]} */
const CODE_COLUMNS = [
  { key: 'address', text: 'address', width: '6.57rem' },
  { key: 'self', text: 'self', width: '4.43rem', title: 'samples at the instruction itself' },
  { key: 'total', text: 'total', width: '4.43rem', title: 'samples also in what it calls' },
  { key: 'line', text: 'line', width: '7.5rem' },
  { key: 'code', text: 'instruction', width: 'minmax(8rem, 1fr)' },
];
const PICK_ONE =
  'Pick a function: by its menu in any view, or in Top, and its source and its instructions ' +
  'appear here.';
const NO_LINES = 'No debug information says which lines its instructions are of.';

const LONGEST_LINE = 300;

/** @param {Column[]} columns @param {number} n characters of code @returns {Column[]} */
function withWidth(columns, n) {
  return columns.map((column) =>
    column.key === 'code' ? { ...column, width: `minmax(${n}ch, 1fr)` } : column,
  );
}

/** 0 is empty: what has samples stands out. @param {number} count */
const countText = (count) => (count ? formatCount(count) : '');

export class CodeView {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    /** @type {Code | null} */
    this.code = null;
    /** @type {SourceRow[]} */
    this.lines = [];
    /** @type {Instruction[]} */
    this.instructions = [];
    this.file = '';
    this.markedLine = 0;
    this.title = create('h2', { class: 'code-title', hidden: '' });
    const show = (/** @type {string} */ file) => actions.change({ file }, true);
    this.files = createSelect(show, { 'aria-label': 'source file' });
    this.note = create('p', { class: 'code-note', role: 'status' });
    const source = create('div', { class: 'code-source' });
    const assembly = create('div', { class: 'code-assembly' });
    this.panes = create('div', { class: 'code-panes' }, source, assembly);
    const head = create('div', { class: 'view-summary' }, this.title, this.files);
    element.replaceChildren(head, this.note, this.panes);
    this.source = new RowList(source, {
      role: 'grid',
      label: 'source lines',
      columns: SOURCE_COLUMNS,
      fill: (cells, row, line) => this.fillLine(cells, row, line),
      onActive: (row) => this.markFromSource(row),
    });
    this.assembly = new RowList(assembly, {
      role: 'grid',
      label: 'instructions',
      columns: CODE_COLUMNS,
      fill: (cells, row, line) => this.fillInstruction(cells, row, line),
      onActive: (row) => this.markFromAssembly(row),
    });
  }

  /** @param {Code} code */
  show(code) {
    const { code: before } = this;
    const isSame = before?.frame?.id === code.frame?.id && before?.buildId === code.buildId;
    // While it is read again, the reader keeps what is there, and the place in it.
    if (isSame && code.frame && !code.listing && !code.sentence) return;
    const isOther = !isSame || this.file !== code.file;
    this.code = code;
    this.file = code.file;
    const { frame, listing } = code;
    setText(this.title, frame ? frame.name.slice(0, 400) : '');
    this.title.hidden = !frame;
    setText(this.note, this.noteOf(code));
    this.note.hidden = !this.note.textContent;
    this.panes.hidden = !listing;
    this.files.hidden = !listing;
    this.instructions = listing?.instructions ?? [];
    this.lines = listing ? sourceRows(code.source, countLines(listing, code.file)) : [];
    if (!listing) {
      this.source.show(0, -1);
      this.assembly.show(0, -1);
      return;
    }
    this.showFiles(filesOf(listing), code.file);
    if (isOther) this.widen();
    this.source.show(this.lines.length, isOther ? -1 : this.source.active);
    this.assembly.show(this.instructions.length, isOther ? -1 : this.assembly.active);
    if (isOther) this.goToHottest();
  }

  /** @param {Code} code */
  noteOf({ frame, listing, sentence, sourceSentence, file }) {
    if (!frame) return PICK_ONE;
    if (!listing) return sentence || 'Its code is being read…';
    const numbers = `${formatSamples(listing.self)} of its own, ${formatCount(listing.total)} in all.`;
    const ofLines = file ? sourceSentence : NO_LINES;
    return [numbers, sentence, ofLines].filter(Boolean).join(' ');
  }

  /** @param {string[]} files @param {string} picked */
  showFiles(files, picked) {
    const options = files.map((file) => ({ value: file, text: baseName(file), title: file }));
    showOptions(this.files, options, picked);
    this.files.hidden = files.length === 0;
  }

  /** Lines are not cut: the widest one says how far a side scrolls. */
  widen() {
    const widest = (/** @type {{text: string}[]} */ rows) =>
      Math.min(
        LONGEST_LINE,
        rows.reduce((most, { text }) => Math.max(most, text.length), 16),
      );
    this.source.setColumns(withWidth(SOURCE_COLUMNS, widest(this.lines)));
    this.assembly.setColumns(withWidth(CODE_COLUMNS, widest(this.instructions)));
  }

  goToHottest() {
    this.markedLine = 0;
    const row = hottestRow(this.lines);
    if (row >= 0) {
      this.source.active = row;
      this.source.centre(row);
    } else this.source.element.scrollTop = 0;
    const at = hottestRow(this.instructions);
    if (at < 0) return;
    this.assembly.active = at;
    this.assembly.centre(at);
  }

  /** @param {number} row */
  markFromSource(row) {
    this.markedLine = this.lines[row].number;
    const first = this.instructions.findIndex((one) => lineIn(one, this.file) === this.markedLine);
    if (first >= 0) this.assembly.centre(first);
    this.assembly.render();
    this.source.render();
  }

  /** @param {number} row */
  markFromAssembly(row) {
    this.markedLine = lineIn(this.instructions[row], this.file);
    const line = this.lines.findIndex(({ number }) => number === this.markedLine);
    if (line >= 0) this.source.centre(line);
    this.source.render();
    this.assembly.render();
  }

  /** @param {HTMLElement} line @param {{self: number, total: number}} count @param {number} at */
  mark(line, { self, total }, at) {
    const listing = /** @type {Listing} */ (this.code?.listing);
    line.style.setProperty('--self', (self / (listing.self || 1)).toFixed(4));
    line.classList.toggle('is-hot', self > 0);
    line.classList.toggle('is-marked', at > 0 && at === this.markedLine);
    line.title = self
      ? `${formatShare(self / (listing.self || 1))} of the function's own samples`
      : total
        ? 'samples only in what it calls'
        : '';
  }

  /** @param {HTMLElement[]} cells @param {number} row @param {HTMLElement} line */
  fillLine([number, self, total, words], row, line) {
    const at = this.lines[row];
    this.mark(line, at, at.number);
    setText(number, String(at.number));
    setText(self, countText(at.self));
    setText(total, countText(at.total));
    setText(words, at.text.slice(0, 2000).replaceAll('\t', '    '));
  }

  /** @param {HTMLElement[]} cells @param {number} row @param {HTMLElement} line */
  fillInstruction([address, self, total, place, words], row, line) {
    const at = this.instructions[row];
    this.mark(line, at, lineIn(at, this.file));
    setText(address, at.address);
    setText(self, countText(at.self));
    setText(total, countText(at.total));
    setText(words, at.text);
    const [inner] = at.frames;
    setCell(place, inner?.line ? `${baseName(inner.file)}:${inner.line}` : '');
    words.title = at.frames.map((f) => `${f.function} ${f.file}:${f.line}`).join('\n');
  }
}

/*
 * Code source: gets a function's code, with the samples of the selection, from the server.
 *
 *     build id, function  --CodeSource.listing-->  Listing     build id, file  --.text-->  the file
 *
 * What cannot be had comes as a sentence that says why; with what is there comes what it lacks. A file that was read is kept.
 */

/** @template T @typedef {{value: T | null, sentence: string}} Answer */

export const NO_SERVER = 'The code of a function is read by the daemon; this is a file.';
const NOT_REACHABLE = 'The server is not reachable.';

/**
 * @template T
 * @param {string} address @param {(response: Response) => Promise<T>} read
 * @returns {Promise<Answer<T>>}
 */
async function get(address, read) {
  if (isEmbedded) return { value: null, sentence: NO_SERVER };
  try {
    const response = await ask(address);
    const lack = lackOf(response);
    return { value: await read(response), sentence: lack && `They ${lack}.` };
  } catch (error) {
    const isTold = error instanceof AnswerError;
    return { value: null, sentence: isTold ? `The server says: ${error.message}` : NOT_REACHABLE };
  }
}

export class CodeSource {
  constructor() {
    /** @type {Map<string, Promise<Answer<string>>>} */
    this.texts = new Map();
  }

  /**
   * @param {string} buildId @param {string} name of the function @param {State} state
   * @returns {Promise<Answer<Listing>>}
   */
  listing(buildId, name, state) {
    const fields = { build_id: buildId, function: name, ...selectionOf(state) };
    return get(`/api/v1/disassembly?${new URLSearchParams(fields)}`, async (response) =>
      parseListing(await response.json()),
    );
  }

  /** @param {string} buildId @param {string} file @returns {Promise<Answer<string>>} */
  text(buildId, file) {
    const address = `/api/v1/source?${new URLSearchParams({ build_id: buildId, file })}`;
    let text = this.texts.get(address);
    if (!text) {
      text = get(address, (response) => response.text());
      this.texts.set(address, text);
      text.then(({ value }) => value === null && this.texts.delete(address));
    }
    return text;
  }
}

/*
 * Code lines: where in a function its samples are.
 *
 *     /api/v1/disassembly  --parseListing-->  Listing  --countLines-->  counts of a source file
 *     counts, text of the file  --sourceRows-->  the rows that are shown
 */

/** @typedef {{function: string, file: string, line: number}} Place */

/**
 * @typedef {object} Instruction
 * @property {string} address
 * @property {string} text
 * @property {number} self   samples at it
 * @property {number} total  also those in what it called
 * @property {Place[]} frames innermost first
 */

/**
 * @typedef {object} Listing
 * @property {string} function
 * @property {string} file    the module
 * @property {number} self    samples of the function
 * @property {number} total
 * @property {Instruction[]} instructions
 */

/** @typedef {{self: number, total: number}} Count */
/** @typedef {{number: number, text: string, self: number, total: number}} SourceRow */

/**
 * All of a pattern, with what is of its kind in a value.
 * @param {any} value @param {any} pattern @returns {any}
 */
function like(value, pattern) {
  if (Array.isArray(pattern)) {
    return Array.isArray(value) ? value.map((item) => like(item, pattern[0])) : [];
  }
  if (typeof pattern !== 'object') return typeof value === typeof pattern ? value : pattern;
  const fields = Object.entries(pattern).map(([key, part]) => [key, like(value?.[key], part)]);
  return Object.fromEntries(fields);
}

/** @type {Listing} */
const LISTING = {
  function: '',
  file: '',
  self: 0,
  total: 0,
  instructions: [
    { address: '', text: '', self: 0, total: 0, frames: [{ function: '', file: '', line: 0 }] },
  ],
};

/** What another version's server leaves out is empty. @param {any} json @returns {Listing} */
export const parseListing = (json) => like(json, LISTING);

/** The files that instructions come from: that of the function first, then by samples. */
export function filesOf(/** @type {Listing} */ { instructions }) {
  /** @type {Map<string, number>} */
  const files = new Map();
  for (const { frames, self } of instructions) {
    for (const { file } of frames) if (file) files.set(file, (files.get(file) ?? 0) + self);
  }
  const own = instructions[0]?.frames.at(-1)?.file;
  const rank = (/** @type {[string, number]} */ [file, self]) => (file === own ? Infinity : self);
  return [...files].sort((a, b) => rank(b) - rank(a)).map(([file]) => file);
}

/** The line of a file that an instruction belongs to, or 0: of inlined functions the innermost. */
export function lineIn(/** @type {Instruction} */ { frames }, /** @type {string} */ file) {
  return frames.find((frame) => frame.file === file && frame.line)?.line ?? 0;
}

/** @param {Listing} listing @param {string} file @returns {Map<number, Count>} by line */
export function countLines({ instructions }, file) {
  const counts = new Map();
  for (const instruction of instructions) {
    const line = lineIn(instruction, file);
    if (!line) continue;
    const count = counts.get(line) ?? { self: 0, total: 0 };
    count.self += instruction.self;
    count.total += instruction.total;
    counts.set(line, count);
  }
  return counts;
}

/**
 * @param {string | null} source the file; null where it is not served: then there are only lines
 *   that have code
 * @param {Map<number, Count>} counts
 * @returns {SourceRow[]}
 */
export function sourceRows(source, counts) {
  const none = { self: 0, total: 0 };
  if (source === null) {
    return [...counts.entries()]
      .sort(([a], [b]) => a - b)
      .map(([line, count]) => ({ number: line, text: '', ...count }));
  }
  const lines = source.replace(/\r?\n$/, '').split(/\r?\n/);
  return lines.map((words, i) => ({ number: i + 1, text: words, ...(counts.get(i + 1) ?? none) }));
}

/** The row with the most samples of its own, or in all, or −1. @param {Count[]} rows */
export function hottestRow(rows) {
  let best = -1;
  for (let i = 0; i < rows.length; i++) {
    const { self, total } = rows[i];
    const isMore =
      best < 0
        ? self || total
        : self > rows[best].self || (self === rows[best].self && total > rows[best].total);
    if (isMore) best = i;
  }
  return best;
}
