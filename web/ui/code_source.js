// SPDX-License-Identifier: Apache-2.0

/**
 * Code source: gets a function's code, with the samples of the selection, from the server.
 *
 *     build id, function  --CodeSource.listing-->  Listing     build id, file  --.text-->  the file
 *
 * What cannot be had comes as a sentence that says why; with what is there comes what it lacks. A file that was read is kept.
 */

import { isEmbedded } from './source.js';
import { selectionOf } from './state.js';
import { lackOf } from './truth.js';

/** @typedef {import('./state.js').State} State */

/** @template T @typedef {{value: T | null, sentence: string}} Answer */

const LONGEST_ERROR = 300;
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
    const response = await fetch(address, { cache: 'no-store' });
    const lack = lackOf(response);
    if (response.ok) {
      return { value: await read(response), sentence: lack && `They ${lack}.` };
    }
    const words = (await response.text()).trim().slice(0, LONGEST_ERROR);
    return { value: null, sentence: `The server says: ${words || response.status}` };
  } catch {
    return { value: null, sentence: NOT_REACHABLE };
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
 * @property {string} bytes
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

const number = (/** @type {unknown} */ value) => (typeof value === 'number' ? value : 0);
const text = (/** @type {unknown} */ value) => (typeof value === 'string' ? value : '');
const list = (/** @type {unknown} */ value) => (Array.isArray(value) ? value : []);

/** What another version's server leaves out is empty. @param {any} json @returns {Listing} */
export function parseListing(json) {
  return {
    function: text(json?.function),
    file: text(json?.file),
    self: number(json?.self),
    total: number(json?.total),
    instructions: list(json?.instructions).map((line) => ({
      address: text(line?.address),
      bytes: text(line?.bytes),
      text: text(line?.text),
      self: number(line?.self),
      total: number(line?.total),
      frames: list(line?.frames).map((frame) => ({
        function: text(frame?.function),
        file: text(frame?.file),
        line: number(frame?.line),
      })),
    })),
  };
}

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
