// SPDX-License-Identifier: Apache-2.0

/**
 * A profile such as the daemon's, of a host that does not exist: several processes, threads,
 * kernel frames, inlined functions, run-time code, functions without names, deep recursion.
 *
 *     seed, seconds  --syntheticProfile-->  protobuf of pprof
 */

import { HZ, KERNEL, WORKLOAD } from './synthetic_host.mjs';

/** @param {number} seed @returns {() => number} from [0, 1) */
function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Appends fields to a protobuf message. */
class Message {
  constructor() {
    this.bytes = /** @type {number[]} */ ([]);
  }
  varint(value) {
    let rest = BigInt(value);
    while (rest > 127n) {
      this.bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.bytes.push(Number(rest));
  }
  number(field, value) {
    if (!value) return this;
    this.varint(field * 8);
    this.varint(value);
    return this;
  }
  block(field, bytes) {
    this.varint(field * 8 + 2);
    this.varint(bytes.length);
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }
  packed(field, values) {
    const inner = new Message();
    for (const value of values) inner.varint(value);
    return this.block(field, inner.bytes);
  }
}

/** @param {string} file */
export function buildIdOf(file) {
  return Buffer.from(file).toString('hex').slice(-40);
}

/** Numbers things from 1, and keeps what was first seen. */
class Ids {
  constructor() {
    this.ids = new Map();
  }
  id(key, onNew) {
    if (!this.ids.has(key)) {
      this.ids.set(key, this.ids.size + 1);
      onNew(this.ids.size);
    }
    return this.ids.get(key);
  }
}

/**
 * Encodes samples as pprof.
 * A frame is [name, module, file, line, inlined functions from the outermost to the innermost].
 */
export class ProfileWriter {
  /** @param {[string, string][]} types of values, the default last */
  constructor(types = [['samples', 'count'], ['cpu', 'nanoseconds']]) {
    this.out = new Message();
    this.strings = new Map([['', 0]]);
    this.functions = new Ids();
    this.mappings = new Ids();
    this.locations = new Ids();
    this.defaultType = types.at(-1)[0];
    for (const [type, unit] of types) this.type(type, unit);
  }
  text(text) {
    if (!this.strings.has(text)) this.strings.set(text, this.strings.size);
    return this.strings.get(text);
  }
  type(type, unit) {
    this.out.block(1, new Message().number(1, this.text(type)).number(2, this.text(unit)).bytes);
  }
  mapping(file) {
    return this.mappings.id(file, (id) => {
      const start = id * 0x100000;
      const row = new Message()
        .number(1, id)
        .number(2, start)
        .number(3, start + 0xfffff);
      row.number(5, this.text(file));
      if (file.startsWith('/') && !file.startsWith('//')) row.number(6, this.text(buildIdOf(file)));
      this.out.block(3, row.bytes);
    });
  }
  fn(name, file) {
    return this.functions.id(`${name}\0${file}`, (id) => {
      const row = new Message().number(1, id).number(2, this.text(name)).number(3, this.text(name));
      this.out.block(5, row.number(4, this.text(file)).number(5, 10).bytes);
    });
  }
  location(frame) {
    return this.locations.id(JSON.stringify(frame), (id) => {
      const [name, module, file = '', line = 0, inlined = []] = frame;
      const mapping = this.mapping(module);
      const row = new Message()
        .number(1, id)
        .number(2, mapping)
        .number(3, mapping * 0x100000 + id);
      for (const inner of [...inlined].reverse()) {
        row.block(4, new Message().number(1, this.fn(inner, file)).number(2, line + 7).bytes);
      }
      row.block(4, new Message().number(1, this.fn(name, file)).number(2, line).bytes);
      this.out.block(4, row.bytes);
    });
  }
  /**
   * @param {Record<string, string>} labels
   * @param {unknown[][]} stack from the root
   * @param {number | number[]} count or a value of each type
   * @param {bigint} [atNs] when it was taken
   * @param {number} [precisionNs] of that
   */
  sample(labels, stack, count, atNs, precisionNs) {
    const row = new Message();
    row.packed(1, stack.map((frame) => this.location(frame)).reverse());
    row.packed(2, Array.isArray(count) ? count : [count, Math.round((count * 1e9) / HZ)]);
    for (const [key, value] of Object.entries(labels)) {
      row.block(3, new Message().number(1, this.text(key)).number(2, this.text(value)).bytes);
    }
    for (const [key, ns] of /** @type {const} */ ([
      ['end_timestamp_ns', atNs],
      ['timestamp_precision_ns', precisionNs],
    ])) {
      if (!ns) continue;
      const label = new Message().number(1, this.text(key)).number(3, ns);
      row.block(3, label.number(4, this.text('nanoseconds')).bytes);
    }
    this.out.block(2, row.bytes);
  }
  /** @param {{endS: number, seconds: number, comments: string[]}} facts @returns {Uint8Array} */
  finish({ endS, seconds, comments }) {
    const { out } = this;
    out.number(9, BigInt(Math.round((endS - seconds) * 1000)) * 1000000n);
    out.number(10, Math.round(seconds * 1e9));
    out.packed(
      13,
      comments.map((comment) => this.text(comment)),
    );
    out.number(14, this.text(this.defaultType));
    for (const text of this.strings.keys()) out.block(6, Buffer.from(text));
    return Uint8Array.from(out.bytes);
  }
}

/** @param {string} comm @param {string} pid @param {string} exe */
function labelsOf(comm, pid, exe) {
  const service = exe ? exe.slice(exe.lastIndexOf('/') + 1) : '';
  return {
    comm,
    pid,
    tid: pid,
    thread: comm,
    ...(exe && { exe, service_name: service }),
    cgroup: '/system.slice',
  };
}

/**
 * Samples one by one: those of a process follow one another, of one stack in runs.
 * @param {ProfileWriter} writer @param {Record<string, string>} labels
 * @param {{stack: unknown[][], count: number}[]} stacks @param {{seconds: number, endS: number}} span
 */
function writeInOrder(writer, labels, stacks, { seconds, endS }) {
  const whole = stacks.reduce((sum, { count }) => sum + count, 0);
  const startNs = BigInt(Math.round((endS - seconds) * 1000)) * 1000000n;
  const runs = stacks.flatMap(({ stack, count }) => {
    const lengths = [Math.ceil(count / 3), Math.floor(count / 3), count];
    lengths[2] -= lengths[0] + lengths[1];
    return lengths.map((length, i) => ({ stack, length, turn: i }));
  });
  runs.sort((a, b) => a.turn - b.turn);
  let at = 0;
  for (const { stack, length } of runs) {
    for (let i = 0; i < length; i++, at++) {
      const ns = Math.round(((at + 0.5) / whole) * seconds * 1e9);
      writer.sample(labels, stack, 1, startNs + BigInt(ns));
    }
  }
}

const DECODER = 'encoding/json.(*decodeState).object';

/** What the collector does since it is another build: it decodes in another way. */
function rebuilt(/** @type {unknown[][]} */ stack) {
  return stack.map(([name, ...rest]) =>
    name === DECODER ? ['encoding/json/v2.unmarshal', ...rest] : [name, ...rest],
  );
}

/**
 * A profile of so many samples, of all stacks in turn: for who counts samples.
 * @param {{count: number, seconds: number, endS: number}} options
 * @returns {Uint8Array} pprof, not compressed
 */
export function countedProfile({ count, seconds, endS }) {
  const writer = new ProfileWriter();
  const stacks = WORKLOAD.flatMap(([comm, [pid], stacks]) =>
    stacks.map(([, stack]) => ({ labels: { comm, pid, tid: pid, thread: comm }, stack })),
  );
  stacks.forEach(({ labels, stack }, i) => {
    const share = Math.floor(count / stacks.length) + (i < count % stacks.length ? 1 : 0);
    if (share) writer.sample(labels, stack, share);
  });
  const comments = ['host: synthetic', 'version: 0', `rate: ${HZ}`, 'dropped: 0'];
  return writer.finish({ endS, seconds, comments });
}

/**
 * @typedef {object} Options
 * @property {number} seed
 * @property {number} seconds
 * @property {number} endS
 * @property {boolean} [inOrder]   samples one by one, with their times
 * @property {boolean} [isRebuilt] the collector is another build
 */

/**
 * @param {Options} options
 * @returns {Uint8Array} pprof, not compressed
 */
export function syntheticProfile(options) {
  const { seed, seconds, endS, inOrder = false, isRebuilt = false } = options;
  const random = randomFrom(seed);
  const writer = new ProfileWriter();
  const perSecond = (2.7 * HZ) / 300;
  for (const [comm, pids, stacks] of WORKLOAD) {
    /** @type {Map<string, {stack: unknown[][], count: number}[]>} */
    const byPid = new Map(pids.map((pid) => [pid, []]));
    for (const [weight, stack] of stacks) {
      for (const pid of pids) {
        const noise = comm === 'fixture' ? 1 : 0.8 + 0.4 * random();
        const count = Math.round((weight * perSecond * seconds * noise) / pids.length);
        const done = isRebuilt ? rebuilt(stack) : stack;
        if (count) byPid.get(pid)?.push({ stack: done, count });
      }
    }
    for (const [pid, ofPid] of byPid) {
      const exe = ofPid[0]?.stack[0][1] ?? KERNEL;
      const labels = labelsOf(comm, pid, exe === KERNEL ? '' : String(exe));
      if (inOrder) writeInOrder(writer, labels, ofPid, { seconds, endS });
      else for (const { stack, count } of ofPid) writer.sample(labels, stack, count);
    }
  }
  const comments = ['host: synthetic', 'version: 0', `rate: ${HZ}`, 'dropped: 0'];
  return writer.finish({ endS, seconds, comments });
}
