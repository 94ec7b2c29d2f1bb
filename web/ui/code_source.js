// SPDX-License-Identifier: Apache-2.0

/**
 * Code source: gets a function's code, with the samples of the selection, from the server.
 *
 *     build id, function  --CodeSource.listing-->  Listing     build id, file  --.text-->  the file
 *
 * What cannot be had comes as a sentence that says why; with what is there comes what it lacks. A file that was read is kept.
 */

import { parseListing } from './code_lines.js';
import { isEmbedded } from './embedded.js';
import { lackOf } from './reasons.js';
import { selectionOf } from './state.js';

/** @typedef {import('./code_lines.js').Listing} Listing */
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
