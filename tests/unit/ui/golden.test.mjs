// SPDX-License-Identifier: Apache-2.0

/**
 * Golden layouts: what of a known profile is drawn where, line by line, as it was looked at once
 * and found right:
 *
 *     depth, left edge, width in thousandths of the whole, samples, function
 *
 * WRITE_GOLDEN=1 node --test tests/unit/ui/golden.test.mjs
 *
 * writes them anew; the difference is to be looked at before it is committed.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { engineOf, layoutIn } from './pictures.mjs';
import { randomProfile } from './random_profile.mjs';

const FOLDER = new URL('golden/', import.meta.url);

/** What is asked of a random profile. @type {Record<string, object>} */
const CASES = {
  'by-name': {},
  'by-size': { order: 'size' },
  selected: { query: '{comm="comm1"}' },
  difference: { base: { query: '' } },
  focused: { transforms: [{ verb: 'focus', what: '=f3' }] },
  rooted: { transforms: [{ verb: 'root', what: '=f2' }] },
  'folded-and-hidden': {
    transforms: [
      { verb: 'fold', what: '*' },
      { verb: 'recursion', what: '' },
      { verb: 'hide', what: '/^inlined/' },
    ],
  },
};

/** @param {import('../../../web/ui/layout.js').Layout} layout */
function drawn({ tree, start, end }) {
  const nodes = Array.from({ length: tree.size }, (_, node) => node);
  // As it is read: a box, then what lies below it, from the left.
  nodes.sort((a, b) => start[a] - start[b] || tree.depth[a] - tree.depth[b] || a - b);
  const lines = nodes.map((node) => {
    const place = [start[node], end[node] - start[node]].map((x) => (1000 * x).toFixed(2).padStart(8));
    const base = tree.baseSamples ? ` was ${tree.baseSamples[node]}` : '';
    const name = '  '.repeat(tree.depth[node]) + tree.frameOf(node).name;
    return `${place.join('')}  ${name} ${tree.samples[node]}${base}`;
  });
  return `${lines.join('\n')}\n`;
}

for (const [name, question] of Object.entries(CASES)) {
  test(`the layout ${name} is as it was`, async () => {
    const engine = await engineOf(randomProfile(7).bytes);
    if ('base' in question) await engine.openBase(randomProfile(8).bytes);
    const found = drawn(layoutIn(engine, question));
    const file = fileURLToPath(new URL(`${name}.txt`, FOLDER));
    if (process.env.WRITE_GOLDEN) writeFileSync(file, found);
    assert.ok(existsSync(file), `there is no ${file}`);
    assert.equal(found, readFileSync(file, 'utf8'));
  });
}
