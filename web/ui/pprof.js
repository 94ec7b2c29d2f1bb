// SPDX-License-Identifier: Apache-2.0

/**
 * pprof: the bytes that everyone gets → columns that the page can work with.
 *
 *     gzip'd protobuf  --inflate-->  protobuf  --decodeProfile-->  Profile
 *
 * Rows of the same kind are numbered from 0 and lie in flat arrays, so that a profile of a million
 * frames is a few large objects, which can also move between threads. What a number refers to but
 * is not there is −1, never an exception. Format: proto/profile.proto of the pprof project.
 */

/**
 * @typedef {object} Profile
 * @property {string[]} strings           texts; 0 is ''
 * @property {{type: string, unit: string}[]} sampleTypes
 * @property {string} defaultType         type to show first, or ''
 * @property {Int32Array} functionName    string of each function
 * @property {Int32Array} functionFile    string
 * @property {Int32Array} functionLine    where the function starts, or 0
 * @property {Int32Array} mappingFile     string of each mapping
 * @property {Int32Array} locationMapping mapping of each location, or −1
 * @property {Int32Array} locationLines   first line of each location; one more than locations
 * @property {Int32Array} lineFunction    function of each line, innermost first, or −1
 * @property {Int32Array} lineNumber      or 0
 * @property {Int32Array} sampleFrames    first frame of each sample; one more than samples
 * @property {Int32Array} frameLocation   location of each frame, leaf first, or −1
 * @property {Float64Array} values        sampleTypes.length for each sample
 * @property {Int32Array} sampleLabels    first label of each sample; one more than samples
 * @property {Int32Array} labelKey        string
 * @property {Int32Array} labelValue      string
 * @property {Record<string, string>} facts comments of the form `key: value`
 * @property {number} startNs             unix time
 * @property {number} durationNs
 */

/** The bytes are no profile; the message says where. */
export class DecodeError extends Error {}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const utf8 = new TextDecoder();

/** A cursor over protobuf's wire format. */
class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.wire = VARINT;
  }

  /** The next unsigned integer; beyond 2^53 it is rounded. */
  varint() {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw new DecodeError(`the profile ends early, at ${this.at}`);
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new DecodeError(`an integer is too long, at ${this.at}`);
  }

  /** The next integer, which may be negative. */
  signed() {
    const value = this.varint();
    return value >= 2 ** 63 ? value - 2 ** 64 : value;
  }

  /** Where the length-delimited value that follows ends. */
  limit() {
    const length = this.varint();
    if (length > this.end - this.at) throw new DecodeError(`a length is too large, at ${this.at}`);
    return this.at + length;
  }

  text() {
    const end = this.limit();
    const text = utf8.decode(this.bytes.subarray(this.at, end));
    this.at = end;
    return text;
  }

  skip() {
    if (this.wire === VARINT) this.varint();
    else if (this.wire === BYTES) this.at = this.limit();
    else if (this.wire === FIXED64) this.at += 8;
    else if (this.wire === FIXED32) this.at += 4;
    else throw new DecodeError(`wire type ${this.wire} is not known, at ${this.at}`);
  }

  /**
   * Read a message: `onField(number)` is called for each of its fields and reads its value.
   * @param {(field: number) => void} onField
   */
  message(onField) {
    const outer = this.end;
    this.end = this.limit();
    this.fields(onField);
    this.end = outer;
  }

  /** @param {(field: number) => void} onField */
  fields(onField) {
    while (this.at < this.end) {
      const tag = this.varint();
      this.wire = tag % 8;
      onField(Math.floor(tag / 8));
    }
    if (this.at > this.end) throw new DecodeError(`a field ends too late, at ${this.at}`);
  }

  /**
   * A repeated integer, packed or not.
   * @param {(value: number) => void} onValue
   */
  repeated(onValue) {
    if (this.wire === VARINT) {
      onValue(this.signed());
      return;
    }
    const end = this.limit();
    while (this.at < end) onValue(this.signed());
  }
}

/** What is collected while reading: the columns of Profile, still with foreign ids. */
class Columns {
  constructor() {
    this.strings = /** @type {string[]} */ ([]);
    this.sampleTypes = /** @type {number[][]} */ ([]);
    this.functions = new Map();
    this.mappings = new Map();
    this.locations = new Map();
    this.functionName = /** @type {number[]} */ ([]);
    this.functionFile = /** @type {number[]} */ ([]);
    this.functionLine = /** @type {number[]} */ ([]);
    this.mappingFile = /** @type {number[]} */ ([]);
    this.locationMapping = /** @type {number[]} */ ([]);
    this.locationLines = [0];
    this.lineFunction = /** @type {number[]} */ ([]);
    this.lineNumber = /** @type {number[]} */ ([]);
    this.sampleFrames = [0];
    this.frameLocation = /** @type {number[]} */ ([]);
    this.values = /** @type {number[]} */ ([]);
    this.sampleValues = [0];
    this.sampleLabels = [0];
    this.labelKey = /** @type {number[]} */ ([]);
    this.labelValue = /** @type {number[]} */ ([]);
    this.comments = /** @type {number[]} */ ([]);
    this.defaultType = 0;
    this.startNs = 0;
    this.durationNs = 0;
  }
}

/** @param {Reader} reader @param {Columns} columns */
function readValueType(reader, columns) {
  const row = [0, 0];
  reader.message((field) => {
    if (field === 1) row[0] = reader.varint();
    else if (field === 2) row[1] = reader.varint();
    else reader.skip();
  });
  columns.sampleTypes.push(row);
}

/** @param {Reader} reader @param {Columns} columns */
function readLabel(reader, columns) {
  let key = 0;
  let value = 0;
  reader.message((field) => {
    if (field === 1) key = reader.varint();
    else if (field === 2) value = reader.varint();
    else reader.skip();
  });
  columns.labelKey.push(key);
  columns.labelValue.push(value);
}

/** @param {Reader} reader @param {Columns} columns */
function readSample(reader, columns) {
  const { frameLocation, values } = columns;
  reader.message((field) => {
    if (field === 1) reader.repeated((id) => frameLocation.push(id));
    else if (field === 2) reader.repeated((value) => values.push(value));
    else if (field === 3) readLabel(reader, columns);
    else reader.skip();
  });
  columns.sampleFrames.push(frameLocation.length);
  columns.sampleValues.push(values.length);
  columns.sampleLabels.push(columns.labelKey.length);
}

/** @param {Reader} reader @param {Columns} columns */
function readMapping(reader, columns) {
  let id = 0;
  let file = 0;
  reader.message((field) => {
    if (field === 1) id = reader.varint();
    else if (field === 5) file = reader.varint();
    else reader.skip();
  });
  columns.mappings.set(id, columns.mappingFile.length);
  columns.mappingFile.push(file);
}

/** @param {Reader} reader @param {Columns} columns */
function readLine(reader, columns) {
  let fn = 0;
  let line = 0;
  reader.message((field) => {
    if (field === 1) fn = reader.varint();
    else if (field === 2) line = reader.signed();
    else reader.skip();
  });
  columns.lineFunction.push(fn);
  columns.lineNumber.push(line);
}

/** @param {Reader} reader @param {Columns} columns */
function readLocation(reader, columns) {
  let id = 0;
  let mapping = 0;
  reader.message((field) => {
    if (field === 1) id = reader.varint();
    else if (field === 2) mapping = reader.varint();
    else if (field === 4) readLine(reader, columns);
    else reader.skip();
  });
  columns.locations.set(id, columns.locationMapping.length);
  columns.locationMapping.push(mapping);
  columns.locationLines.push(columns.lineFunction.length);
}

/** @param {Reader} reader @param {Columns} columns */
function readFunction(reader, columns) {
  const row = [0, 0, 0, 0, 0, 0];
  reader.message((field) => {
    if (field >= 1 && field <= 5 && reader.wire === VARINT) row[field] = reader.signed();
    else reader.skip();
  });
  columns.functions.set(row[1], columns.functionName.length);
  columns.functionName.push(row[2]);
  columns.functionFile.push(row[4]);
  columns.functionLine.push(row[5]);
}

/** @type {Record<number, (reader: Reader, columns: Columns) => void>} */
const PROFILE_FIELDS = {
  1: readValueType,
  2: readSample,
  3: readMapping,
  4: readLocation,
  5: readFunction,
  6: (reader, columns) => columns.strings.push(reader.text()),
  9: (reader, columns) => (columns.startNs = reader.signed()),
  10: (reader, columns) => (columns.durationNs = reader.signed()),
  13: (reader, columns) => reader.repeated((text) => columns.comments.push(text)),
  14: (reader, columns) => (columns.defaultType = reader.varint()),
};

/** @param {string[]} comments */
function readFacts(comments) {
  /** @type {Record<string, string>} */
  const facts = {};
  for (const line of comments.join('\n').split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) facts[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return facts;
}

/** @param {number[]} ids @param {Map<number, number>} rows */
function resolve(ids, rows) {
  return Int32Array.from(ids, (id) => rows.get(id) ?? -1);
}

/** One value of each type for each sample, however many it has. @param {Columns} columns */
function alignValues(columns) {
  const width = columns.sampleTypes.length;
  const { sampleValues, values } = columns;
  const aligned = new Float64Array((sampleValues.length - 1) * width);
  for (let sample = 0; sample + 1 < sampleValues.length; sample++) {
    const start = sampleValues[sample];
    const n = Math.min(width, sampleValues[sample + 1] - start);
    for (let i = 0; i < n; i++) aligned[sample * width + i] = values[start + i];
  }
  return aligned;
}

/** @param {Columns} columns @returns {Profile} */
function finish(columns) {
  const { strings } = columns;
  /** @param {number} index */
  const text = (index) => strings[index] ?? '';
  /** @param {number[]} indices */
  const texts = (indices) =>
    Int32Array.from(indices, (i) => (i >= 0 && i < strings.length ? i : 0));
  if (!strings.length) strings.push('');
  return {
    strings,
    sampleTypes: columns.sampleTypes.map(([type, unit]) => ({
      type: text(type),
      unit: text(unit),
    })),
    defaultType: text(columns.defaultType),
    functionName: texts(columns.functionName),
    functionFile: texts(columns.functionFile),
    functionLine: Int32Array.from(columns.functionLine),
    mappingFile: texts(columns.mappingFile),
    locationMapping: resolve(columns.locationMapping, columns.mappings),
    locationLines: Int32Array.from(columns.locationLines),
    lineFunction: resolve(columns.lineFunction, columns.functions),
    lineNumber: Int32Array.from(columns.lineNumber),
    sampleFrames: Int32Array.from(columns.sampleFrames),
    frameLocation: resolve(columns.frameLocation, columns.locations),
    values: alignValues(columns),
    sampleLabels: Int32Array.from(columns.sampleLabels),
    labelKey: texts(columns.labelKey),
    labelValue: texts(columns.labelValue),
    facts: readFacts(columns.comments.map(text)),
    startNs: columns.startNs,
    durationNs: columns.durationNs,
  };
}

/**
 * Undo gzip where there is gzip.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function inflate(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * @param {Uint8Array} bytes protobuf, inflated
 * @returns {Profile}
 * @throws {DecodeError}
 */
export function decodeProfile(bytes) {
  const reader = new Reader(bytes);
  const columns = new Columns();
  reader.fields((field) => {
    const read = PROFILE_FIELDS[field];
    if (read) read(reader, columns);
    else reader.skip();
  });
  if (!columns.sampleTypes.length) throw new DecodeError('the answer is no pprof profile');
  return finish(columns);
}
