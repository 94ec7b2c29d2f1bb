// SPDX-License-Identifier: Apache-2.0

/**
 * Plan answers: what a daemon says of tests/fixtures/works_to_plan, and what the page does:
 *
 *     selection  --countsOf-->  samples by stack          page  --boxesOf, rowsOf-->  what is seen
 *
 * Whoever runs the fixture tells, as JSON, its selector, the range in which it ran, its phases, and
 * what a reader of its own has found in the pprof of it.
 */

import assert from 'node:assert/strict';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Locator} Locator */

/**
 * @typedef {object} Plan
 * @property {string} pid
 * @property {number} from    unix s
 * @property {number} to
 * @property {{name: string, start: number, end: number}[]} phases of the thread stoker
 * @property {number} samples of the pprof of all
 * @property {number} ns
 * @property {Record<string, {pid: number, seconds: number}>} services of it and of another program:
 *   the CPU time that the kernel says
 */

const CELLS = ['name', 'module', 'source', 'samples', 'time', 'share', 'self', 'change'];
/** So many standard deviations are no chance. */
const SIGMAS = 5;

/** "1,234" → 1234. @param {string | null | undefined} text */
export function countOf(text) {
  const digits = /\d[\d,]*/.exec(text ?? '');
  return digits ? Number(digits[0].replaceAll(',', '')) : 0;
}

/** "1.25 s", "340 ms" → s. @param {string} text */
export function secondsOf(text) {
  const [, number, unit] = /^([\d.]+) (min|s|ms|µs|ns)$/.exec(text) ?? assert.fail(`'${text}'`);
  return Number(number) * { min: 60, s: 1, ms: 1e-3, µs: 1e-6, ns: 1e-9 }[unit];
}

/** Of n samples, as many as p of them, and what chance adds. */
export function assertShare(count, n, p, what) {
  const error = SIGMAS * Math.sqrt(n * p * (1 - p));
  assert.ok(Math.abs(count - n * p) <= error + 2, `${what}: ${count} of ${n}, not ${p}`);
}

/** @param {Plan} plan @param {string} [thread] */
export function queryOf({ pid }, thread) {
  return thread ? `{pid="${pid}",thread="${thread}"}` : `{pid="${pid}"}`;
}

/** An address of the plan's range. @param {Plan} plan @param {Record<string, string>} fields */
export function addressOf(plan, { thread, ...fields }) {
  const { from, to } = plan;
  const range = { at: String(to), range: String(to - from), query: queryOf(plan, thread) };
  return `#${new URLSearchParams({ ...range, ...fields })}`;
}

/** Samples of each stack, as the daemon tells them in a range. */
export class Counts {
  /** @param {string} folded */
  constructor(folded) {
    this.stacks = folded
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const space = line.lastIndexOf(' ');
        const frames = line.slice(0, space).split(';');
        const names = frames.map((frame) => frame.replace(/_\[.\]$/, ''));
        return { frames: names, n: Number(line.slice(space)) };
      });
  }

  get all() {
    return this.through();
  }

  /** With all of these frames, one after the other. @param {string[]} names */
  through(...names) {
    const path = `;${names.join(';')};`;
    return this.sum(({ frames }) => !names.length || `;${frames.join(';')};`.includes(path));
  }

  /** @param {string} name */
  in(name) {
    return this.sum(({ frames }) => frames.at(-1) === name);
  }

  /** @param {(stack: {frames: string[], n: number}) => boolean} test */
  sum(test) {
    return this.stacks.filter(test).reduce((all, { n }) => all + n, 0);
  }
}

/** @param {string} url of the daemon @param {{from: number, to: number}} range */
export async function countsOf(url, { from, to }, query) {
  const fields = new URLSearchParams({ from: String(from), to: String(to), query });
  fields.set('format', 'folded');
  const answer = await fetch(new URL(`/api/v1/profile?${fields}`, url));
  assert.equal(answer.status, 200, await answer.clone().text());
  return new Counts(await answer.text());
}

/** The line of truth has so many samples. @param {Page} page @param {number} count */
export async function waitForSamples(page, count) {
  const truth = page.locator('#truth dd').first();
  const words = count.toLocaleString('en');
  await truth
    .filter({ hasText: new RegExp(`^${words}$`) })
    .waitFor()
    .catch(async () => assert.equal(await truth.textContent(), words, 'page and folded stacks'));
}

/**
 * The boxes of a graph, as a screen reader finds them.
 * @param {Page} page @param {string} graph selects what holds it
 */
export async function boxesOf(page, graph) {
  const rows = page.locator(`${graph} [role=row][id]`);
  await rows.first().waitFor({ state: 'attached' });
  // Rows come some at a time.
  const isFull = (at) => !document.querySelector(`:is(${at}, ${at} *)[aria-busy]`);
  await page.waitForFunction(isFull, graph);
  const found = await rows.evaluateAll((elements) =>
    elements.map((row) => ({
      texts: Array.from(row.children, (cell) => cell.textContent ?? ''),
      level: Number(row.ariaLevel),
      x: parseFloat(/** @type {HTMLElement} */ (row).style.left),
      width: parseFloat(/** @type {HTMLElement} */ (row).style.width),
    })),
  );
  return found.map(({ texts, ...place }) => {
    const cells = Object.fromEntries(CELLS.map((cell, i) => [cell, texts[i]]));
    return { ...place, ...cells, name: texts[0], samples: countOf(cells.samples) };
  });
}

/** All boxes of a name as if they were one. @param {Awaited<ReturnType<typeof boxesOf>>} boxes */
export function boxNamed(boxes, /** @type {string} */ name) {
  const those = boxes.filter((box) => box.name === name);
  if (!those.length) assert.fail(`there is no ${name}`);
  const sum = (/** @type {'samples' | 'width'} */ key) =>
    those.reduce((all, box) => all + box[key], 0);
  return { ...those[0], samples: sum('samples'), width: sum('width') };
}

/** Rows of a list by their number, of which only those that are seen are in the document. */
export async function rowsOf(/** @type {Page} */ page, /** @type {string} */ list) {
  await page.locator(`${list} .rows-body [role=row]`).first().waitFor({ state: 'attached' });
  return page.locator(list).evaluate(async (element) => {
    const rows = new Map();
    for (let top = 0; ; top += element.clientHeight / 2) {
      element.scrollTop = top;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      for (const row of element.querySelectorAll('.rows-body [role=row]')) {
        const texts = Array.from(row.children, ({ className, textContent }) => [
          /cell-([\w-]+)/.exec(className)[1],
          textContent.trim(),
        ]);
        const cells = Object.fromEntries(texts);
        rows.set(row.ariaRowIndex, { ...cells, level: Number(row.ariaLevel) });
      }
      if (top + element.clientHeight >= element.scrollHeight) return [...rows.values()];
    }
  });
}
