// SPDX-License-Identifier: Apache-2.0

/**
 * Large profiles, such as no host has, but somebody's will: always the same bytes.
 *
 *     shape  --largeProfile-->  protobuf of pprof
 *
 * A tree of calls grows at random places: each new stack leaves the tree at a node that is there,
 * and goes on by itself. `nodes` is how many nodes that tree has, `frames` how many frames all
 * stacks have together; the one that is given is reached exactly, or as near as whole stacks come.
 */

import { pathToFileURL } from 'node:url';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** @typedef {{nodes?: number, frames?: number, functions: number, depth: number}} Shape */

/** @type {Record<string, Shape>} */
export const SHAPES = {
  frames: { frames: 1e6, functions: 20000, depth: 60 },
  nodes: { nodes: 1e6, functions: 50000, depth: 32 },
};

const NEW_FRAMES = 12; // of a stack, at most
const N_MODULES = 40;
const N_THREADS = 64;
const TICK_NS = 10101010;

/** @param {number} seed @returns {(n: number) => number} whole, from [0, n) */
function randomFrom(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Bytes that grow. */
class Bytes {
  constructor(size = 1 << 16) {
    this.data = new Uint8Array(size);
    this.end = 0;
  }
  reserve(n) {
    if (this.end + n <= this.data.length) return;
    const grown = new Uint8Array(Math.max(this.end + n, this.data.length * 2));
    grown.set(this.data.subarray(0, this.end));
    this.data = grown;
  }
  varint(value) {
    this.reserve(10);
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.data[this.end++] = (rest % 128) | 128;
    this.data[this.end++] = rest;
    return this;
  }
  number(field, value) {
    return this.varint(field * 8).varint(value);
  }
  block(field, { data, end }) {
    this.varint(field * 8 + 2).varint(end);
    this.reserve(end);
    this.data.set(data.subarray(0, end), this.end);
    this.end += end;
    return this;
  }
  text(field, text) {
    const data = new TextEncoder().encode(text);
    return this.block(field, { data, end: data.length });
  }
  clear() {
    this.end = 0;
    return this;
  }
}

/** Names as C++ has them: of different lengths, and long ones among them. */
function nameOf(i) {
  const inner = ['insert', 'find', 'decode', 'hash', 'flush', 'render', 'parse', 'step'][i % 8];
  const scope = ['std::vector', 'net::Session', 'db::Cursor<db::Row>', 'core::detail::Tree'][i % 4];
  const parameters = i % 5 ? '' : `<${'std::pair<unsigned long const, '.repeat((i % 3) + 1)}int`;
  return `${scope}${parameters}::${inner}_${i}(unsigned long)`;
}

/** The tree of calls, from which stacks are read. */
class Calls {
  /** @param {Shape} shape */
  constructor({ functions, depth }) {
    this.functions = functions;
    this.maxDepth = depth;
    this.parent = [-1];
    this.location = [1];
    this.depth = [1];
    this.random = randomFrom(42);
  }
  /** The leaf of a new stack. */
  grow() {
    let node = this.random(this.parent.length);
    while (this.depth[node] >= this.maxDepth - NEW_FRAMES) node = this.parent[node];
    const n = 1 + this.random(NEW_FRAMES);
    for (let i = 0; i < n; i++) {
      this.parent.push(node);
      this.depth.push(this.depth[node] + 1);
      this.location.push(1 + this.random(this.functions));
      node = this.parent.length - 1;
    }
    return node;
  }
}

/** @param {Shape} shape @returns {Uint8Array} */
export function largeProfile(shape) {
  const out = new Bytes(1 << 22);
  const row = new Bytes();
  const inner = new Bytes();
  const strings = ['', 'samples', 'count', 'cpu', 'nanoseconds', 'comm', 'server', 'tid'];
  const first = { name: strings.length + N_THREADS + N_MODULES };
  for (const [type, unit] of [[1, 2], [3, 4]]) out.block(1, row.clear().number(1, type).number(2, unit));
  const calls = new Calls(shape);
  let frames = 0;
  const isDone = () =>
    shape.frames ? frames >= shape.frames : calls.parent.length >= /** @type {number} */ (shape.nodes);
  for (let sample = 0; !isDone(); sample++) {
    const leaf = calls.grow();
    row.clear();
    inner.clear();
    for (let node = leaf; node >= 0; node = calls.parent[node]) {
      inner.varint(calls.location[node]);
      frames++;
    }
    row.block(1, inner);
    const count = 1 + (sample % 3);
    row.block(2, inner.clear().varint(count).varint(count * TICK_NS));
    row.block(3, inner.clear().number(1, 5).number(2, 6));
    row.block(3, inner.clear().number(1, 7).number(2, strings.length + (sample % N_THREADS)));
    out.block(2, row);
  }
  for (let i = 0; i < N_MODULES; i++) {
    out.block(3, row.clear().number(1, i + 1).number(5, strings.length + N_THREADS + i));
  }
  for (let i = 0; i < shape.functions; i++) {
    inner.clear().number(1, i + 1).number(2, 10 + (i % 90));
    out.block(4, row.clear().number(1, i + 1).number(2, 1 + (i % N_MODULES)).block(4, inner));
  }
  for (let i = 0; i < shape.functions; i++) {
    out.block(5, row.clear().number(1, i + 1).number(2, first.name + i));
  }
  for (const text of strings) out.text(6, text);
  for (let i = 0; i < N_THREADS; i++) out.text(6, String(1000 + i));
  for (let i = 0; i < N_MODULES; i++) out.text(6, `/usr/lib/x86_64-linux-gnu/libpart${i}.so.${i % 7}`);
  for (let i = 0; i < shape.functions; i++) out.text(6, nameOf(i));
  out.number(10, 60e9);
  return out.data.slice(0, out.end);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , name, path] = process.argv;
  if (!(name in SHAPES) || !path) {
    console.error(`usage: large_profile.mjs ${Object.keys(SHAPES).join('|')} FILE.pb.gz`);
    process.exit(2);
  }
  writeFileSync(path, gzipSync(largeProfile(SHAPES[name])));
}
