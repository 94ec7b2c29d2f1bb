// SPDX-License-Identifier: Apache-2.0

/**
 * Hostile profiles: pprof that is larger, deeper or stranger than any honest one. Each is written
 * so that what a right picture of it says is known.
 */

const KEYS = { types: 1, sample: 2, mapping: 3, location: 4, fn: 5, string: 6 };
const BLOCK = 2;

/** Appends fields to a protobuf message, fast: a profile of 10 M samples takes seconds. */
class Message {
  constructor(size = 64) {
    this.bytes = Buffer.allocUnsafe(size);
    this.at = 0;
  }

  clear() {
    this.at = 0;
    return this;
  }

  /** @param {number} n */
  reserve(n) {
    if (this.at + n <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + n));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  /** @param {number} value below 2 ** 53 */
  varint(value) {
    this.reserve(10);
    let rest = value;
    while (rest > 127) {
      this.bytes[this.at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.at++] = rest;
    return this;
  }

  /** @param {number} field @param {number} value */
  number(field, value) {
    return this.varint(field * 8).varint(value);
  }

  /** @param {number} field @param {Uint8Array} bytes */
  block(field, bytes) {
    this.varint(field * 8 + BLOCK).varint(bytes.length).reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  /** @param {number} field @param {Message} message */
  message(field, message) {
    return this.block(field, message.written);
  }

  get written() {
    return this.bytes.subarray(0, this.at);
  }
}

/** A profile of samples/count, whose strings, functions and locations have the numbers they get. */
export class HostileWriter {
  constructor() {
    this.out = new Message(1 << 20);
    this.inner = new Message();
    this.packed = new Message();
    this.strings = /** @type {Map<string, number>} */ (new Map());
    this.text('');
    this.nFunctions = 0;
    const type = new Message().number(1, this.text('samples')).number(2, this.text('count'));
    this.out.message(KEYS.types, type);
  }

  /** @param {string} text */
  text(text) {
    const known = this.strings.get(text);
    if (known !== undefined) return known;
    this.strings.set(text, this.strings.size);
    return this.strings.size - 1;
  }

  /** A function, and a location of it with the same number. @param {string} name */
  fn(name) {
    const id = ++this.nFunctions;
    this.out.message(KEYS.fn, this.inner.clear().number(1, id).number(2, this.text(name)));
    return this.location(id, id);
  }

  /** @param {number} id @param {number} fn */
  location(id, fn) {
    const line = new Message().number(1, fn).number(2, 1);
    this.out.message(KEYS.location, this.inner.clear().number(1, id).message(4, line));
    return id;
  }

  /** @param {ArrayLike<number>} stack locations, leaf first @param {number} count */
  sample(stack, count) {
    const { inner, packed } = this;
    packed.clear();
    for (let i = 0; i < stack.length; i++) packed.varint(stack[i]);
    inner.clear().message(1, packed).message(2, packed.clear().varint(count));
    this.out.message(KEYS.sample, inner);
  }

  finish() {
    const text = new Message();
    for (const string of this.strings.keys()) {
      const bytes = Buffer.from(string);
      text.clear();
      this.out.block(KEYS.string, bytes);
    }
    return this.out.written;
  }
}

/** Locations of @n functions. @param {HostileWriter} writer @param {(i: number) => string} name */
function functions(writer, n, name) {
  return Array.from({ length: n }, (_, i) => writer.fn(name(i)));
}

/** `n` samples in stacks of main and two of 300 functions. @param {number} n */
export function manySamples(n) {
  const writer = new HostileWriter();
  const ids = functions(writer, 300, (i) => `function_${i}`);
  const stack = [0, 0, ids[0]];
  for (let i = 0; i < n; i++) {
    stack[1] = ids[1 + (i % 10)];
    stack[0] = ids[1 + ((i * 7919) % 299)];
    writer.sample(stack, 1);
  }
  return writer.finish();
}

/** `n` stacks of 512 frames, of which each differs from the last in its upper half. */
export function deepStacks(/** @type {number} */ n, depth = 512) {
  const writer = new HostileWriter();
  const ids = functions(writer, 1000, (i) => `deep_${i}`);
  const stack = new Array(depth);
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < depth; d++) {
      const fromRoot = depth - 1 - d;
      stack[d] = ids[fromRoot < depth / 2 ? fromRoot : (fromRoot * (1 + (i % 50)) + i) % 1000];
    }
    writer.sample(stack, 1);
  }
  return writer.finish();
}

export const EVIL_NAMES = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(document.domain)</script>',
  '"><svg onload=alert(1)>',
  "javascript:alert('name')",
  '{{constructor.constructor("alert(1)")()}}',
  '__proto__',
  'constructor',
  'toString',
  'nul\0bell\x07escape\x1b[31mred',
  'two\nlines\r\nand\ttabs',
  'left\u202Etfel',
  'isolate\u2066\u2067never closed',
  'zalgo' + '\u0301'.repeat(500),
  'lone \uD800 surrogate',
  '   ',
  '%s%n%00../../etc/passwd',
];

/** `evil` names once each, below main, and `n` more of 10 KB. @param {number} n */
export function strangeNames(n) {
  const writer = new HostileWriter();
  const main = writer.fn('main');
  for (const name of EVIL_NAMES) writer.sample([writer.fn(name), main], 100);
  const filler = 'ab<c d>::'.repeat(1140);
  for (let i = 0; i < n; i++) writer.sample([writer.fn(`${i}::${filler}`), main], 1);
  return writer.finish();
}

/** Stacks that go round in circles, and ids that nothing has, twice, or that are no ids. */
export function danglingIds() {
  const writer = new HostileWriter();
  const [main, ping, pong] = functions(writer, 3, (i) => ['main', 'ping', 'pong'][i]);
  const circle = Array.from({ length: 400 }, (_, i) => (i % 2 ? ping : pong));
  writer.sample([...circle, main], 40);
  writer.sample([999, main], 7); // a location that is not there
  writer.sample([0, main], 5);
  writer.sample([2 ** 52, main], 3);
  writer.location(50, 888); // of a function that is not there
  writer.sample([50, main], 2);
  writer.location(ping, pong); // its id is taken
  writer.sample([], 1);
  return writer.finish();
}
