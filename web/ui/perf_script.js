// SPDX-License-Identifier: Apache-2.0

/**
 * Perf script: the text that `perf script` prints, an event and then its frames, the leaf's first.
 *
 *     api  17/18  [001] 1700000000.020000:   10000000 cpu-clock:
 *                 400200 parse<std::string> (inlined)
 *                 400200 serve+0x10 (/usr/bin/api)
 *
 * The first event says which are read; others are left out, as lines of another kind are. Notes of
 * the profile say how many.
 */

import { baseName } from './frame.js';
import { ProfileBuilder } from './profile_builder.js';
import { DecodeError } from './profile.js';
import { visible } from './strings.js';
import { eachLine, unescapeText } from './text_lines.js';

/** @typedef {import('./profile.js').Profile} Profile */

/**
 * @typedef {object} PerfEvent
 * @property {string} comm
 * @property {string} pid
 * @property {string} tid
 * @property {number} atNs
 * @property {number} period  1 if it is not told
 * @property {boolean} hasPeriod
 * @property {string} name
 */

const UNKNOWN = '[unknown]';
const EVENT =
  /^\s*(\S.*?)\s+(\d+)(?:\/(\d+))?\s+(?:\[\d+\]\s+)?(\d+)\.(\d+):\s+(?:(\d+)\s+)?(\S+):(?:\s|$)/;
/** No event's line is longer. */
const LONGEST_EVENT = 1024;
const OFFSET = /\+0x[0-9a-f]+$/;
const CLOCK = /^(cpu|task)-clock/;
const LINES_LOOKED_AT = 100;

/** @param {string} line @returns {PerfEvent | null} */
export function parseEvent(line) {
  if (line.length > LONGEST_EVENT || line.startsWith('\t')) return null;
  const found = EVENT.exec(line);
  if (!found) return null;
  const [, comm, pid, tid, seconds, fraction, period, name] = found;
  return {
    comm: unescapeText(comm),
    pid,
    tid: tid ?? pid,
    atNs: Number(seconds) * 1e9 + Number(fraction.padEnd(9, '0').slice(0, 9)),
    period: period === undefined ? 1 : Number(period),
    hasPeriod: period !== undefined,
    name,
  };
}

/**
 * @param {string} line
 * @returns {{symbol: string, path: string} | null} path: '' where none is told; '(inlined)'
 */
export function parseFrame(line) {
  const text = line.trimStart();
  const space = text.indexOf(' ');
  if (text === line || space < 1 || space > 16 || !/^[0-9a-f]+$/.test(text.slice(0, space))) {
    return null;
  }
  const rest = text.slice(space + 1);
  const end = rest.endsWith(' (deleted))') ? rest.length - ' (deleted))'.length : rest.length;
  const open = rest.endsWith(')') ? rest.lastIndexOf(' (', end - 1) : -1;
  const path = open < 0 ? '' : rest.slice(open + 2, -1);
  const symbol = (open < 0 ? rest : rest.slice(0, open)).replace(OFFSET, '');
  if (symbol !== UNKNOWN) return { symbol, path };
  return { symbol: `${baseName(path) || UNKNOWN}+0x${text.slice(0, space)}`, path };
}

/** Whether a text is perf script's: an event is followed by a frame. @param {Uint8Array} bytes */
export function isPerfScript(bytes) {
  let follows = false;
  let isIt = false;
  eachLine(bytes.subarray(0, 1 << 16), (line, number) => {
    if (follows && parseFrame(line)) isIt = true;
    follows = parseEvent(line) !== null;
    return isIt || number > LINES_LOOKED_AT;
  });
  return isIt;
}

class PerfReader {
  constructor() {
    this.builder = new ProfileBuilder();
    /** @type {PerfEvent | null} whose frames are being read */
    this.event = null;
    this.kind = '';
    this.hasPeriod = false;
    this.nLeftOut = 0;
    /** The frames that come are of an event that is left out. */
    this.isLeftOut = false;
    this.nStray = 0;
    /** @type {string[]} that wait for what they are inlined into */
    this.inlined = [];
  }

  /** @param {string} line @param {number} number */
  read(line, number) {
    if (line.startsWith('#')) return;
    if (!line.trim()) {
      this.endEvent();
      return;
    }
    const event = parseEvent(line);
    if (event) {
      this.endEvent();
      this.begin(event);
    } else this.readFrame(line, number);
  }

  /** @param {PerfEvent} event */
  begin(event) {
    if (!this.kind) {
      this.kind = event.name;
      this.hasPeriod = event.hasPeriod;
    }
    this.isLeftOut = event.name !== this.kind;
    if (this.isLeftOut) this.nLeftOut++;
    else this.event = event;
  }

  /** @param {string} line @param {number} number */
  readFrame(line, number) {
    const frame = parseFrame(line);
    if (!frame && !this.kind) {
      throw new DecodeError(`line ${number}: this is neither an event nor a frame`);
    }
    if (!frame || !this.event) {
      if (!frame || !this.isLeftOut) this.nStray++;
      return;
    }
    this.inlined.push(unescapeText(frame.symbol));
    if (frame.path !== 'inlined') this.endPlace(frame.path);
  }

  /** The functions that wait, the innermost first, are one place. @param {string} path */
  endPlace(path) {
    const module = path === UNKNOWN ? '' : unescapeText(path);
    const key = `${this.inlined.join('\n')}\n${module}`;
    this.builder.frame(this.builder.location(key, this.inlined, module));
    this.inlined = [];
  }

  endEvent() {
    const { event, builder, hasPeriod } = this;
    this.isLeftOut = false;
    if (!event) return;
    if (this.inlined.length) this.endPlace('');
    const { comm, pid, tid, period, atNs } = event;
    builder.sample({ comm, pid, tid }, hasPeriod ? [1, period] : [1], atNs);
    this.event = null;
  }

  /** @returns {Profile} */
  finish() {
    this.endEvent();
    const types = [{ type: 'samples', unit: 'count' }];
    if (CLOCK.test(this.kind) && this.hasPeriod) types.push({ type: 'cpu', unit: 'nanoseconds' });
    else if (this.hasPeriod) types.push({ type: visible(this.kind), unit: 'count' });
    const profile = this.builder.finish(types);
    const note = (/** @type {number} */ n, /** @type {string} */ what) =>
      n && profile.notes.push(`left out: ${n} ${what}`);
    note(this.nLeftOut, `samples of other events than ${visible(this.kind)}`);
    note(this.nStray, 'lines that are neither an event nor a frame of one');
    return profile;
  }
}

/** @param {Uint8Array} bytes @returns {Profile} @throws {DecodeError} */
export function readPerfScript(bytes) {
  const reader = new PerfReader();
  eachLine(bytes, (line, number) => reader.read(line, number));
  return reader.finish();
}
