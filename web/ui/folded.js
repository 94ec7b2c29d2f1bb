// SPDX-License-Identifier: Apache-2.0

/**
 * Folded: lines of `process;root;…;leaf N`, as flame graph scripts write them, and we do.
 *
 * What the marks _[i], _[k] and _[j] say of frames is kept. Empty lines, and those that begin with
 * #, are none.
 */

import { ProfileBuilder } from './profile_builder.js';
import { DecodeError } from './profile.js';
import { eachLine, unescapeText } from './text_lines.js';

/** @typedef {import('./profile.js').Profile} Profile */

const TYPES = [{ type: 'samples', unit: 'count' }];
/** What a mark says of a frame's module. @type {Record<string, string>} */
const MODULES = { '_[k]': '[kernel.kallsyms]', '_[j]': '[anon]' };
const INLINED = '_[i]';
const MARK_LENGTH = 4;

/** The module that a frame's text tells. @param {string} text */
function moduleOf(text) {
  if (text.startsWith('[truncated')) return '[truncated]';
  return MODULES[text.slice(-MARK_LENGTH)] ?? '';
}

/** @param {string} text a frame's, with or without its mark */
function nameOf(text) {
  const mark = text.slice(-MARK_LENGTH);
  return unescapeText(mark in MODULES || mark === INLINED ? text.slice(0, -MARK_LENGTH) : text);
}

/** @param {ProfileBuilder} builder @param {string[]} fields frames, the root's first */
function addFrames(builder, fields) {
  for (let end = fields.length; end > 0; ) {
    let start = end - 1;
    while (start > 0 && fields[start].endsWith(INLINED)) start--;
    const place = fields.slice(start, end);
    const names = place.map(nameOf).reverse();
    builder.frame(builder.location(place.join(';'), names, moduleOf(place[0])));
    end = start;
  }
}

/** @param {Uint8Array} bytes @returns {Profile} @throws {DecodeError} */
export function readFolded(bytes) {
  const builder = new ProfileBuilder();
  eachLine(bytes, (line, number) => {
    if (!line || line.startsWith('#')) return;
    const space = line.lastIndexOf(' ');
    const count = line.slice(space + 1);
    if (space < 1 || !/^\d{1,15}$/.test(count)) {
      throw new DecodeError(`line ${number}: there is no count behind a last space`);
    }
    const [comm, ...fields] = line.slice(0, space).split(';');
    addFrames(builder, fields);
    builder.sample({ comm: unescapeText(comm) }, [Number(count)]);
  });
  return builder.finish(TYPES);
}
