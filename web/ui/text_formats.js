// SPDX-License-Identifier: Apache-2.0

/**
 * Text formats: profiles that scripts write, and people read.
 *
 *     bytes  --readFolded, readPerfScript-->  Profile
 */

import { baseName } from './frames.js';
import {
  DecodeError,
  LIMITS,
  Numbers,
  refuseBeyond,
  Rows,
  timesOf,
  tooMany,
  visible,
} from './profile.js';

/** @typedef {import('./profile.js').Profile} Profile */

/*
 * Text lines: the lines of a text, which may be longer than a string can be.
 *
 *     bytes  --eachLine-->  line, number from 1
 */

const CHUNK = 1 << 22;
const NEWLINE = 10;
/** Of bytes that are a text, so many are looked at. */
const LOOKED_AT = 4096;

/** Whether bytes are a text: pprof has control characters soon. @param {Uint8Array} bytes */
export function isText(bytes) {
  const isControl = (/** @type {number} */ byte) => byte < 32 && ![9, 10, 13].includes(byte);
  return !bytes.subarray(0, LOOKED_AT).some(isControl);
}

/**
 * @param {Uint8Array} bytes
 * @param {(line: string, number: number) => boolean | void} onLine true is enough
 */
export function eachLine(bytes, onLine) {
  const utf8 = new TextDecoder();
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + CHUNK, bytes.length);
    if (end < bytes.length) {
      const last = bytes.lastIndexOf(NEWLINE, end - 1);
      const next = bytes.indexOf(NEWLINE, end);
      if (last >= start) end = last + 1;
      else end = next < 0 ? bytes.length : next + 1;
    }
    const text = utf8.decode(bytes.subarray(start, end));
    for (const line of text.replace(/\n$/, '').split('\n')) {
      if (onLine(line.endsWith('\r') ? line.slice(0, -1) : line, ++number)) return;
    }
    start = end;
  }
}

/** What we write as \xHH is what it was. @param {string} text */
function unescapeText(text) {
  if (!text.includes('\\x')) return text;
  return text.replace(/\\x([0-7][0-9a-f])/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/*
 * Profile builder: a profile put together from names alone, as texts give them.
 *
 *     location, frames, sample…  --finish-->  Profile
 */

/** @typedef {{type: string, unit: string}} ValueType */

const numbers = () => new Numbers(new Float64Array(1024));
const toInt32Array = (/** @type {Numbers<Float64Array>} */ { data, size }) =>
  Int32Array.from(data.subarray(0, size));

class ProfileBuilder {
  constructor() {
    /** @type {Map<string, number>} */
    this.texts = new Map([['', 0]]);
    /** Of each, all of it to be seen. */
    this.strings = [''];
    /** @type {Map<string, number>} by name */
    this.functions = new Map();
    /** @type {Map<string, number>} by path */
    this.mappings = new Map();
    /** @type {Map<string, number>} by whatever a reader knows them by */
    this.locations = new Map();
    this.locationMapping = numbers();
    this.locationLines = numbers();
    this.locationLines.push(0);
    this.lineFunction = numbers();
    this.stacks = new Rows(LIMITS.frames, tooMany(LIMITS.frames, 'frames in its stacks'));
    this.sets = new Rows(LIMITS.labels, tooMany(LIMITS.labels, 'labels'));
    this.sampleStack = numbers();
    this.sampleSet = numbers();
    this.values = numbers();
    this.atNs = numbers();
  }

  /** @param {string} text @returns {number} of the string */
  text(text) {
    const number = numberOf(this.texts, text);
    if (number === this.strings.length) this.strings.push(visible(text));
    return number;
  }

  /**
   * A place in code, which is added if @key is new.
   * @param {string} key @param {string[]} names innermost first, those before the last are inlined
   * @param {string} module or ''
   */
  location(key, names, module) {
    const known = this.locations.get(key);
    if (known !== undefined) return known;
    for (const name of names) {
      this.text(name);
      this.lineFunction.push(numberOf(this.functions, name));
    }
    this.locationLines.push(this.lineFunction.size);
    this.locationMapping.push(module ? numberOf(this.mappings, module) : -1);
    this.text(module);
    return numberOf(this.locations, key);
  }

  /** The next frame, nearer to the root, of the sample to come. @param {number} location */
  frame(location) {
    this.stacks.push(location);
  }

  /**
   * @param {Record<string, string>} labels @param {number[]} values one of each type
   * @param {number} [atNs] when it was taken
   */
  sample(labels, values, atNs = 0) {
    this.sampleStack.push(this.stacks.endRow());
    for (const [key, value] of Object.entries(labels)) {
      this.sets.push(this.text(key));
      this.sets.push(this.text(value));
    }
    this.sampleSet.push(this.sets.endRow());
    refuseBeyond(this.sampleStack.size, LIMITS.samples, 'samples');
    for (const value of values) this.values.push(value);
    this.atNs.push(atNs);
  }

  /** @param {ValueType[]} sampleTypes the last one is the default @returns {Profile} */
  finish(sampleTypes) {
    const n = this.locationMapping.size;
    const stacks = this.stacks.finish();
    const sets = this.sets.finish();
    const functionName = Int32Array.from(this.functions.keys(), (name) => this.text(name));
    const atNs = this.atNs.data.slice(0, this.atNs.size);
    const times = atNs.filter((ns) => ns > 0).sort();
    return {
      strings: this.strings,
      sampleTypes,
      defaultType: sampleTypes[sampleTypes.length - 1].type,
      functionName,
      functionFile: new Int32Array(functionName.length),
      functionLine: new Int32Array(functionName.length),
      mappingFile: Int32Array.from(this.mappings.keys(), (path) => this.text(path)),
      locationMapping: toInt32Array(this.locationMapping),
      locationAddress: new Float64Array(n),
      locationLines: toInt32Array(this.locationLines),
      lineFunction: toInt32Array(this.lineFunction),
      lineNumber: new Int32Array(this.lineFunction.size),
      unmapped: 'native',
      stackFrames: stacks.first,
      frameLocation: stacks.data,
      setLabels: sets.first.map((at) => at / 2),
      labelKey: sets.data.filter((_, i) => i % 2 === 0),
      labelValue: sets.data.filter((_, i) => i % 2 === 1),
      sampleStack: toInt32Array(this.sampleStack),
      sampleSet: toInt32Array(this.sampleSet),
      values: this.values.data.slice(0, this.values.size),
      ...timesOf(atNs),
      facts: {},
      notes: [],
      startNs: times[0] ?? 0,
      durationNs: times.length ? times[times.length - 1] - times[0] : 0,
    };
  }
}

/** The number of a key, which is added if it is new. @param {Map<string, number>} map */
function numberOf(map, /** @type {string} */ key) {
  let number = map.get(key);
  if (number === undefined) {
    number = map.size;
    map.set(key, number);
  }
  return number;
}

/*
 * Folded: lines of `process;root;…;leaf N`, as flame graph scripts write them, and we do.
 *
 * What the marks _[i], _[k] and _[j] say of frames is kept. Empty lines, and those that begin with
 * #, are none.
 */

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

/*
 * Perf script: the text that `perf script` prints, an event and then its frames, the leaf's first.
 *
 *     api  17/18  [001] 1700000000.020000:   10000000 cpu-clock:
 *                 400200 parse<std::string> (inlined)
 *                 400200 serve+0x10 (/usr/bin/api)
 *
 * The first event says which are read; others are left out, as lines of another kind are. Notes of
 * the profile say how many.
 */

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
