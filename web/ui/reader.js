// SPDX-License-Identifier: Apache-2.0

/**
 * Reader: which format bytes are in, known by the bytes themselves, which gzip may have packed.
 *
 *     bytes, gzip'd or not  --readProfile-->  Profile
 */

import {
  DecodeError,
  LIMITS,
  Numbers,
  readStrings,
  refuseBeyond,
  Rows,
  timesOf,
  tooMany,
  Wire,
} from './profile.js';
import { isPerfScript, isText, readFolded, readPerfScript } from './text_formats.js';

/** @typedef {import('./profile.js').Profile} Profile */

/** @returns {never} */
function damaged() {
  throw new DecodeError('what gzip made of it is damaged, or ends early');
}

/**
 * Undo gzip where there is gzip, up to the bound.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function inflate(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const parts = /** @type {Uint8Array[]} */ ([]);
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(damaged);
    if (done) break;
    length += value.length;
    if (length > LIMITS.bytes) await reader.cancel();
    refuseBeyond(length, LIMITS.bytes, 'bytes');
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * @param {Uint8Array<ArrayBuffer>} packed
 * @returns {Promise<{profile: Profile, format: string}>}
 * @throws {DecodeError}
 */
export async function readProfile(packed) {
  const bytes = await inflate(packed);
  refuseBeyond(bytes.length, LIMITS.bytes, 'bytes');
  if (!bytes.length) throw new DecodeError('it is empty');
  if (!isText(bytes)) return { profile: decodeProfile(bytes), format: 'pprof' };
  if (isPerfScript(bytes)) return { profile: readPerfScript(bytes), format: 'perf script' };
  return { profile: readFolded(bytes), format: 'folded' };
}

/*
 * pprof: the bytes that everyone gets → a profile.
 *
 *     protobuf  --findMessages-->  places  --readMessages-->  Profile
 *
 * A first walk notes where each message lies, so that the second can read them in the order in
 * which they need one another, into arrays of the right size: samples come first in the bytes, and
 * refer to locations, which refer to functions and mappings, which refer to strings, which come
 * last. Format: proto/profile.proto of the pprof project.
 */

/** A repeated integer comes packed into one value, or one by one. */
const PACKED = 2;

/** Where messages of a kind lie: the places of their lengths. @typedef {Numbers<Uint32Array>} Places */

const places = () => new Numbers(new Uint32Array(256));

/**
 * The first walk: where everything is.
 * @param {Wire} wire
 */
function findMessages(wire) {
  const messages = {
    types: places(),
    samples: places(),
    mappings: places(),
    locations: places(),
    functions: places(),
    strings: places(),
  };
  const { types, samples, mappings, locations, functions, strings } = messages;
  const byTag = [];
  byTag[10] = types;
  byTag[18] = samples;
  byTag[26] = mappings;
  byTag[34] = locations;
  byTag[42] = functions;
  byTag[50] = strings;
  const comments = /** @type {number[]} */ ([]);
  const scalars = { startNs: 0, durationNs: 0, defaultType: 0 };
  const end = wire.bytes.length;
  while (wire.at < end) {
    const tag = wire.varint();
    const found = byTag[tag];
    if (found) {
      found.push(wire.at);
      wire.at = wire.limit();
    } else if (tag === 72) scalars.startNs = wire.signed();
    else if (tag === 80) scalars.durationNs = wire.signed();
    else if (tag === 112) scalars.defaultType = wire.varint();
    else if (tag === 104 || tag === 106) readIntegers(wire, tag, (text) => comments.push(text));
    else wire.skip(tag);
  }
  wire.expectEnd(end);
  return { ...messages, comments, ...scalars };
}

/** A repeated integer. @param {Wire} wire @param {number} tag @param {(n: number) => void} take */
function readIntegers(wire, tag, take) {
  if (tag % 8 !== PACKED) {
    take(wire.signed());
    return;
  }
  const end = wire.limit();
  while (wire.at < end) take(wire.signed());
  wire.expectEnd(end);
}

/**
 * Read each message of a kind: @onMessage is given the number of it and where it ends.
 * @param {Wire} wire @param {Places} places @param {(row: number, end: number) => void} onMessage
 */
function readEach(wire, places, onMessage) {
  for (let row = 0; row < places.size; row++) {
    wire.at = places.data[row];
    const end = wire.limit();
    onMessage(row, end);
    wire.expectEnd(end);
  }
}

/** Finds a row by the id that others refer to it by: they count from 1, in most profiles. */
class Ids {
  /** @param {number} n rows */
  constructor(n) {
    this.near = new Int32Array(2 * n + 1024);
    /** @type {Map<number, number>} */
    this.far = new Map();
  }

  /** @param {number} id @param {number} row */
  set(id, row) {
    if (id < this.near.length) this.near[id] = row + 1;
    else this.far.set(id, row);
  }

  /** @param {number} id @returns {number} row, or −1 */
  get(id) {
    if (id < this.near.length) return this.near[id] - 1;
    return this.far.size ? (this.far.get(id) ?? -1) : -1;
  }
}

/** @param {Wire} wire @param {Places} places */
function readTypes(wire, places) {
  const types = /** @type {{type: number, unit: number}[]} */ ([]);
  readEach(wire, places, (_, end) => {
    const row = { type: 0, unit: 0 };
    while (wire.at < end) {
      const tag = wire.varint();
      if (tag === 8) row.type = wire.varint();
      else if (tag === 16) row.unit = wire.varint();
      else wire.skip(tag);
    }
    types.push(row);
  });
  return types;
}

/** @param {Wire} wire @param {Places} places @param {(index: number) => number} text */
function readMappings(wire, places, text) {
  const ids = new Ids(places.size);
  const mappingFile = new Int32Array(places.size);
  const mappingBuildId = new Int32Array(places.size);
  readEach(wire, places, (row, end) => {
    let id = 0;
    while (wire.at < end) {
      const tag = wire.varint();
      if (tag === 8) id = wire.varint();
      else if (tag === 40) mappingFile[row] = text(wire.varint());
      else if (tag === 48) mappingBuildId[row] = text(wire.varint());
      else wire.skip(tag);
    }
    ids.set(id, row);
  });
  return { ids, mappingFile, mappingBuildId };
}

/** @param {Wire} wire @param {Places} places @param {(index: number) => number} text */
function readFunctions(wire, places, text) {
  const ids = new Ids(places.size);
  const functionName = new Int32Array(places.size);
  const functionFile = new Int32Array(places.size);
  const functionLine = new Int32Array(places.size);
  readEach(wire, places, (row, end) => {
    let id = 0;
    while (wire.at < end) {
      const tag = wire.varint();
      if (tag === 8) id = wire.varint();
      else if (tag === 16) functionName[row] = text(wire.varint());
      else if (tag === 32) functionFile[row] = text(wire.varint());
      else if (tag === 40) functionLine[row] = wire.signed();
      else wire.skip(tag);
    }
    ids.set(id, row);
  });
  return { ids, functionName, functionFile, functionLine };
}

/**
 * Lines are few: mostly one a location.
 * @param {Wire} wire @param {Places} places @param {Ids} mappings @param {Ids} functions
 */
function readLocations(wire, places, mappings, functions) {
  const ids = new Ids(places.size);
  const locationMapping = new Int32Array(places.size);
  const locationAddress = new Float64Array(places.size);
  const locationLines = new Int32Array(places.size + 1);
  const lineFunction = /** @type {number[]} */ ([]);
  const lineNumber = /** @type {number[]} */ ([]);
  readEach(wire, places, (row, end) => {
    let id = 0;
    let mapping = 0;
    while (wire.at < end) {
      const tag = wire.varint();
      if (tag === 8) id = wire.varint();
      else if (tag === 16) mapping = wire.varint();
      else if (tag === 24) locationAddress[row] = wire.varint();
      else if (tag === 34) readLine(wire, functions, lineFunction, lineNumber);
      else wire.skip(tag);
    }
    ids.set(id, row);
    locationMapping[row] = mappings.get(mapping);
    locationLines[row + 1] = lineFunction.length;
  });
  const lines = {
    lineFunction: Int32Array.from(lineFunction),
    lineNumber: Int32Array.from(lineNumber),
  };
  return { ids, locationMapping, locationAddress, locationLines, ...lines };
}

/**
 * @param {Wire} wire @param {Ids} functions
 * @param {number[]} lineFunction @param {number[]} lineNumber
 */
function readLine(wire, functions, lineFunction, lineNumber) {
  const end = wire.limit();
  let fn = 0;
  let line = 0;
  while (wire.at < end) {
    const tag = wire.varint();
    if (tag === 8) fn = wire.varint();
    else if (tag === 16) line = wire.signed();
    else wire.skip(tag);
  }
  wire.expectEnd(end);
  lineFunction.push(functions.get(fn));
  lineNumber.push(line);
}

/** Reads samples: their stacks and sets of labels are numbered as they are met. */
class SampleReader {
  /**
   * @param {Wire} wire @param {Ids} locations
   * @param {{n: number, width: number, strings: string[], text: (index: number) => number}} shape
   */
  constructor(wire, locations, { n, width, strings, text }) {
    this.wire = wire;
    this.locations = locations;
    this.width = width;
    this.strings = strings;
    this.text = text;
    this.isCoarse = false;
    /** Samples of which only the second is known. */
    this.nCoarse = 0;
    this.stacks = new Rows(LIMITS.frames, tooMany(LIMITS.frames, 'frames in its stacks'));
    // A frame mostly takes two bytes or more; what is not used is never touched.
    this.stacks.reserve(Math.min(LIMITS.frames, wire.bytes.length >> 1));
    this.sets = new Rows(LIMITS.labels, tooMany(LIMITS.labels, 'labels'));
    this.sampleStack = new Int32Array(n);
    this.sampleSet = new Int32Array(n);
    this.values = new Float64Array(n * width);
    this.nValues = 0;
    /** @type {Float64Array | null} */
    this.atNs = null;
  }

  /** @param {number} row @param {number} end */
  read(row, end) {
    const { wire } = this;
    this.nValues = 0;
    this.isCoarse = false;
    while (wire.at < end) {
      const tag = wire.varint();
      if (tag === 10) this.readFrames();
      else if (tag === 8) this.stacks.push(this.locations.get(wire.varint()));
      else if (tag === 18) this.readValues(row);
      else if (tag === 16) this.takeValue(row, wire.signed());
      else if (tag === 26) this.readLabel(row);
      else wire.skip(tag);
    }
    this.sampleStack[row] = this.stacks.endRow();
    this.sampleSet[row] = this.sets.endRow();
    // Only ours are so: their first value is how many they are.
    if (this.isCoarse) this.nCoarse += this.values[row * this.width];
  }

  /** The innermost loop of all: nearly all ids have one octet, two or three. */
  readFrames() {
    const { wire, stacks } = this;
    const { bytes } = wire;
    const { near } = this.locations;
    const end = wire.limit();
    stacks.reserve(end - wire.at);
    const { data } = stacks;
    let to = stacks.end;
    let { at } = wire;
    while (at < end) {
      const start = at;
      let id = bytes[at++];
      // The mark of an octet that is not the last is 1 of the next one.
      if (id >= 2 ** 7) id += (bytes[at++] - 1) << 7;
      if (id >= 2 ** 14) id += (bytes[at++] - 1) << 14;
      if (id >= 2 ** 21 || at > end) {
        wire.at = start;
        id = wire.varint();
        at = wire.at;
      }
      data[to++] = id < near.length ? near[id] - 1 : this.locations.get(id);
    }
    stacks.end = to;
    wire.at = at;
    wire.expectEnd(end);
  }

  /** @param {number} row */
  readValues(row) {
    const { wire } = this;
    const end = wire.limit();
    while (wire.at < end) this.takeValue(row, wire.signed());
    wire.expectEnd(end);
  }

  /** One of each type is taken, however many there are. */
  takeValue(/** @type {number} */ row, /** @type {number} */ value) {
    if (this.nValues < this.width) this.values[row * this.width + this.nValues++] = value;
  }

  /** @param {number} row */
  readLabel(row) {
    const { wire } = this;
    const end = wire.limit();
    let key = 0;
    let value = 0;
    let number = 0;
    while (wire.at < end) {
      const tag = wire.varint();
      if (tag === 8) key = this.text(wire.varint());
      else if (tag === 16) value = this.text(wire.varint());
      else if (tag === 24) number = wire.signed();
      else wire.skip(tag);
    }
    wire.expectEnd(end);
    const name = this.strings[key];
    if (name === 'end_timestamp_ns') {
      this.atNs ??= new Float64Array(this.sampleSet.length);
      this.atNs[row] = number;
    } else if (name === 'timestamp_precision_ns') this.isCoarse = true;
    else if (value) {
      this.sets.push(key);
      this.sets.push(value);
    }
  }
}

/** Pairs → keys and values. @param {Rows} sets */
function finishSets(sets) {
  const { first, data } = sets.finish();
  const n = data.length / 2;
  const labelKey = new Int32Array(n);
  const labelValue = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    labelKey[i] = data[2 * i];
    labelValue[i] = data[2 * i + 1];
  }
  return { setLabels: first.map((at) => at / 2), labelKey, labelValue };
}

/** @param {SampleReader} reader */
function finishSamples(reader) {
  const { first, data } = reader.stacks.finish();
  return {
    stackFrames: first,
    frameLocation: data,
    ...finishSets(reader.sets),
    sampleStack: reader.sampleStack,
    sampleSet: reader.sampleSet,
    values: reader.values,
    ...timesOf(reader.atNs),
  };
}

/** @param {string[]} comments @param {number} nCoarse samples */
function readFacts(comments, nCoarse) {
  /** @type {Record<string, string>} */
  const facts = {};
  const lines = comments.join('\n').split('\n');
  for (const line of lines) {
    const colon = line.indexOf(': ');
    if (colon > 0) facts[line.slice(0, colon)] = line.slice(colon + 2);
  }
  const notes = lines.filter((line) => line.startsWith('left out: '));
  if (nCoarse) notes.push(`samples of which only the second is known: ${nCoarse}; they stand in its middle`);
  return { facts, notes };
}

/** @param {Wire} wire @param {ReturnType<typeof findMessages>} found @returns {Profile} */
function readMessages(wire, found) {
  const strings = readStrings(wire, found.strings);
  const text = (/** @type {number} */ index) => (index < strings.length ? index : 0);
  const types = readTypes(wire, found.types);
  const mappings = readMappings(wire, found.mappings, text);
  const functions = readFunctions(wire, found.functions, text);
  const locations = readLocations(wire, found.locations, mappings.ids, functions.ids);
  const samples = new SampleReader(wire, locations.ids, {
    n: found.samples.size,
    width: types.length,
    strings,
    text,
  });
  readEach(wire, found.samples, (row, end) => samples.read(row, end));
  return {
    strings,
    sampleTypes: types.map(({ type, unit }) => ({
      type: strings[text(type)],
      unit: strings[text(unit)],
    })),
    defaultType: strings[text(found.defaultType)],
    functionName: functions.functionName,
    functionFile: functions.functionFile,
    functionLine: functions.functionLine,
    mappingFile: mappings.mappingFile,
    mappingBuildId: mappings.mappingBuildId,
    locationMapping: locations.locationMapping,
    locationAddress: locations.locationAddress,
    locationLines: locations.locationLines,
    lineFunction: locations.lineFunction,
    lineNumber: locations.lineNumber,
    // Ours names the file of all but what is made at run time; others may name none.
    unmapped: found.mappings.size ? 'jit' : 'native',
    ...finishSamples(samples),
    ...readFacts(
      found.comments.map((index) => strings[index] ?? ''),
      samples.nCoarse,
    ),
    startNs: found.startNs,
    durationNs: found.durationNs,
  };
}

/**
 * @param {Uint8Array} bytes protobuf, inflated
 * @returns {Profile}
 * @throws {DecodeError}
 */
export function decodeProfile(bytes) {
  const wire = new Wire(bytes);
  const found = findMessages(wire);
  if (!found.types.size) throw new DecodeError('it is no pprof profile');
  refuseBeyond(found.samples.size, LIMITS.samples, 'samples');
  return readMessages(wire, found);
}
