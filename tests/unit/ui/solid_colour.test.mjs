// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { solidColour } from '../../../web/ui/palette.js';

test('colours in oklch become what sRGB has', () => {
  // As the standard's examples have them (CSS Color 4).
  const known = [
    ['oklch(1 0 0)', '#ffffff'],
    ['oklch(0 0 0)', '#000000'],
    ['oklch(0.62796 0.25768 29.234)', '#ff0000'],
    ['oklch(0.51975 0.17686 142.495)', '#008000'],
    ['oklch(0.45201 0.31321 264.052)', '#0000ff'],
  ];
  for (const [colour, hex] of known) assert.equal(solidColour(colour), hex);
});

test('other colours stay what they are', () => {
  for (const colour of ['#221a14', 'Canvas', 'rgb(1 2 3 / 0.5)']) {
    assert.equal(solidColour(colour), colour);
  }
});
