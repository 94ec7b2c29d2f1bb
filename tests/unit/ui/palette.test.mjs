// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { colourings, parseColouring } from '../../../web/ui/state.js';
import { languageOf } from '../../../web/ui/frames.js';
import { legendOf, Palette } from '../../../web/ui/palette.js';
import { layoutOf, synthetic } from './pictures.mjs';

const { tree } = await layoutOf(synthetic(1));
const nodes = Array.from({ length: tree.size }, (_, node) => node);

/** @param {string} text @param {'light' | 'dark' | 'forced'} [theme] */
function paletteBy(text, theme = 'light') {
  return new Palette(theme, parseColouring(text));
}

test('a colouring stands in the address as it was picked', () => {
  const format = ({ by, label }) => (by === 'label' ? `label:${label}` : by);
  for (const { value } of colourings(['service_name'])) {
    assert.equal(format(parseColouring(value)), value);
  }
  assert.equal(format(parseColouring('label:')), 'module');
  assert.equal(format(parseColouring('taste')), 'module');
});

test('a language is known by the file, or by the look of a name', () => {
  const known = [
    ['main', '/src/main.c', 'C'],
    ['poll', 'tokio/src/runtime/worker.rs', 'Rust'],
    ['Pool::take(int)', '/src/pool.h', 'C++'],
    ['std::sort<int*>(int*)', '/usr/include/c++/12/algorithm', 'C++'],
    ['core::ops::function::FnOnce::call_once', '', 'Rust'],
    ['main.(*Collector).run', '', 'Go'],
    ['runtime.mallocgc', '', 'Go'],
    ['render::Node::layout()', '', 'C++'],
    ['__memcpy_avx_unaligned', '/src/memmove.S', 'assembly'],
    ['read', '', ''],
  ];
  for (const [name, file, language] of known) {
    const frame = /** @type {import('../../../web/ui/frames.js').Frame} */ ({ name, file });
    assert.equal(languageOf(frame), language);
  }
});

test('by share, a box is the stronger the more of the time is its own', () => {
  const palette = paletteBy('share');
  const lightOf = (share) => Number(/oklch\((\S+)/.exec(palette.paintShare(share).fill)[1]);
  const lights = [0, 0.001, 0.01, 0.05, 0.2, 1].map(lightOf);
  for (let i = 1; i < lights.length - 1; i++) assert.ok(lights[i] < lights[i - 1], `${lights}`);
  const hot = nodes.reduce((best, node) => (tree.self[node] > tree.self[best] ? node : best));
  const expected = palette.paintShare(tree.self[hot] / tree.total[0]);
  assert.deepEqual(palette.paintNode(tree, hot), expected);
});

test('by kind, functions of one language have one colour in all modules', () => {
  const palette = paletteBy('kind');
  const colours = new Map();
  for (const node of nodes) {
    const frame = tree.frameOf(node);
    if (frame.kind !== 'native' || frame.inlined) continue;
    const language = languageOf(frame);
    colours.set(
      language,
      (colours.get(language) ?? new Set()).add(
        /(\S+)\)$/.exec(palette.paintNode(tree, node).fill)[1],
      ),
    );
  }
  assert.ok(colours.size >= 4, [...colours.keys()].join());
  for (const hues of colours.values()) assert.equal(hues.size, 1);
  const all = [...colours.values()].map(([hue]) => hue);
  assert.equal(new Set(all).size, all.length);
});

test('by label, equal values have equal colours, and the legend names them by time', () => {
  const palette = paletteBy('label:service_name');
  tree.labels = { values: ['api', 'db'], ofNode: Int32Array.from(nodes, (node) => (node % 3) - 1) };
  const entries = legendOf(palette, tree);
  assert.deepEqual(new Set(entries.map(({ text }) => text)), new Set(['api', 'db', 'several']));
  for (const node of nodes) {
    const { kind } = tree.frameOf(node);
    if (kind === 'host' || kind === 'process') continue;
    const text = ['several', 'api', 'db'][node % 3];
    const { fill } = entries.find((entry) => entry.text === text);
    assert.equal(palette.paintNode(tree, node).fill, fill);
  }
  tree.labels = null;
});

test('the legend has what is in the picture', () => {
  const texts = legendOf(paletteBy('kind'), tree).map(({ text }) => text);
  for (const text of ['Rust', 'C++', 'kernel', 'inlined']) assert.ok(texts.includes(text), text);
  assert.ok(!texts.includes('Fortran'));
  assert.equal(legendOf(paletteBy('share'), tree).length, 5);
  assert.equal(legendOf(paletteBy('module'), null)[0].text, 'native, by module');
});

test('forced colours are the same in every colouring', () => {
  for (const text of ['module', 'kind', 'share', 'label:pid']) {
    const palette = paletteBy(text, 'forced');
    for (const node of nodes) assert.equal(palette.paintNode(tree, node).fill, 'Canvas');
  }
});
