// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { panSpan, WHOLE, zoomSpan } from '../../../web/ui/viewport.js';

test('a span zooms about a place, and never leaves the whole', () => {
  const half = zoomSpan(WHOLE, 0.5, 0.5);
  assert.deepEqual(half, { start: 0.25, end: 0.75 });
  assert.deepEqual(zoomSpan(half, 2, 0.5), WHOLE);
  assert.deepEqual(zoomSpan(WHOLE, 0.25, 0), { start: 0, end: 0.25 });
  assert.deepEqual(zoomSpan(half, 100, 0.9), WHOLE);
  const least = zoomSpan(half, 0, 0.5);
  assert.ok(least.end > least.start);
  assert.deepEqual(panSpan(half, 0.5), { start: 0.5, end: 1 });
  assert.deepEqual(panSpan(half, 5), { start: 0.5, end: 1 });
  assert.deepEqual(panSpan(half, -5), { start: 0, end: 0.5 });
});
