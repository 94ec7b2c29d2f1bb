// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Strips } from '../../../web/ui/flame_graph.js';

/** What strips ask of a canvas. */
class Canvas {
  getContext() {
    const createImageData = (width, n) => ({ width, data: new Uint8ClampedArray(4 * width * n) });
    return { canvas: this, createImageData };
  }
}

test('what lies beside a strip is in no other one', () => {
  Object.assign(globalThis, { document: { createElement: () => new Canvas() } });
  const strips = new Strips();
  strips.clear(4, 2);
  strips.fill(0, 1, 3, 7);
  // A box that begins where the picture ends, and one that ends before it begins.
  strips.fill(0, 4, 5, 8);
  strips.fill(0, 0, -1, 9);
  strips.fill(1, 0, -2, 9);
  assert.deepEqual([...strips.pixels], [0, 7, 7, 0, 0, 0, 0, 0]);
});
