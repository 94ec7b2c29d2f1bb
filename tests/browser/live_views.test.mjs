// SPDX-License-Identifier: Apache-2.0

/**
 * Each view in front of a live daemon, and a program that worked to a plan:
 *
 *     node tests/browser/live_views.test.mjs URL PLAN [PART_OF_A_SENTENCE]
 *
 * PLAN is JSON, see plan_answers.mjs; tests/system/test_browser.py runs the program. What the page
 * says has to be what the daemon tells in other formats, to the sample, and what the plan says,
 * within the error of counting.
 */

import assert from 'node:assert/strict';

import { runTests, waitForPicture } from './opened_page.mjs';
import * as answers from './plan_answers.mjs';

const { addressOf, assertShare, boxesOf, boxNamed, countOf, rowsOf, secondsOf } = answers;

const [url, json = '{}', wanted = ''] = process.argv.slice(2);
const plan = /** @type {answers.Plan} */ (JSON.parse(json));
/** A tenth of a second is written of when a longer time began, and three digits of its length. */
const ERROR_S = 0.15;
const sumOf = (/** @type {number[]} */ numbers) => numbers.reduce((all, n) => all + n, 0);

/** The daemon's counts of a thread, or of all. @param {string} [thread] */
const countsOf = (thread, range = plan) =>
  answers.countsOf(url, range, answers.queryOf(plan, thread));

/**
 * A page on the plan's range, when it has what the daemon has in that selection.
 * @param {Parameters<import('./opened_page.mjs').PageTest>[0]} open
 * @param {Record<string, string>} fields
 */
async function opened(open, fields) {
  const page = await open(addressOf(plan, fields));
  const counts = await countsOf(fields.thread);
  await answers.waitForSamples(page, counts.all);
  await waitForPicture(page);
  // They push the picture down, and a click would meet another row.
  await page.locator('#services li').first().waitFor();
  return { page, counts };
}

/** @param {import('playwright-core').Page} page @param {string} name */
const topRow = (page, name) =>
  page.locator('.view:not([hidden]) .rows-body [role=row]').filter({
    has: page.getByText(name, { exact: true }),
  });

/** Moves the pointer over the timeline; each step's words, once. */
async function stepsOfTimeline(/** @type {import('playwright-core').Page} */ page) {
  const { x, y, width } = await page.locator('#timeline').boundingBox();
  const pointed = page.locator('#time-pointed');
  const steps = new Set();
  for (let at = width / 2; at < width; at += 3) {
    await page.mouse.move(x + at, y + 20);
    steps.add(await pointed.textContent());
  }
  return [...steps].filter(Boolean);
}

/** A stoker's boxes in order of time: those of one turn are one. */
function turnsOf(boxes) {
  const names = [...plan.phases.map(({ name }) => name), 'keep_watch'];
  const turns = [];
  for (const { name, x, width } of boxes.sort((a, b) => a.x - b.x)) {
    if (!names.includes(name)) continue;
    if (turns.at(-1)?.name !== name) turns.push({ name, x, end: 0 });
    turns.at(-1).end = x + width;
  }
  return turns;
}

/** What the axis of time says. */
async function timeAxis(/** @type {import('playwright-core').Page} */ page) {
  const summary = await page.locator('.time-summary').textContent();
  const [, length, clock, samples] = /^(\S+ \S+) from (\S+), of ([\d,]+) samples$/.exec(summary);
  const [h, min, s] = clock.split(':').map(Number);
  const day = new Date(plan.from * 1000).setHours(h, min, 0);
  return { startS: day / 1000 + s, lengthS: secondsOf(length), samples: countOf(samples) };
}

/** Sums of callers or callees are the function's own, and nobody else is among them. */
function assertSides(boxes, parts, own = 0) {
  const [middle, ...rest] = boxes.sort((a, b) => a.level - b.level);
  const next = rest.filter(({ level }) => level === middle.level + 1);
  const counts = next.map(({ samples }) => samples);
  assert.equal(sumOf(counts) + own, middle.samples, 'sums of one side');
  for (const [name, share] of Object.entries(parts)) {
    const { samples } = boxNamed(next, name);
    assertShare(samples, middle.samples, share, name);
  }
}

const tests = {
  async 'all of them agree with the pprof that another reader has read'(open) {
    const { page, counts } = await opened(open, { view: 'icicle' });
    assert.equal(counts.all, plan.samples);
    const [root] = await boxesOf(page, '#graph .twin');
    assert.equal(root.samples, plan.samples);
    assert.equal(root.share, '100 %');
    const said = secondsOf(root.time);
    assert.ok(Math.abs(said - plan.ns / 1e9) <= 0.0051 * said, `${said} s, not ${plan.ns} ns`);
    const processes = await page.locator('.process-pick[aria-pressed=true] .process-cores');
    assert.equal(await processes.count(), 0, 'a pid is no name');
  },

  async 'a flame has the shares of what was called by turns, and as wide'(open) {
    const { page, counts } = await opened(open, { view: 'flame', thread: 'baker' });
    const boxes = await boxesOf(page, '#graph .twin');
    const names = ['knead', 'shape', 'fold_over'];
    const [knead, shape, fold] = names.map((name) => boxNamed(boxes, name));
    for (const box of [knead, shape, fold]) assert.equal(box.samples, counts.through(box.name));
    assertShare(knead.samples, knead.samples + shape.samples, 0.75, 'knead');
    const ratio = knead.width / shape.width;
    assert.ok(Math.abs(ratio / (knead.samples / shape.samples) - 1) < 0.03, `${ratio} as wide`);
    assert.match(fold.module, /works_to_plan \(inlined\)$/);
    assertShare(fold.samples, knead.samples + shape.samples, 0.5, 'fold_over');
    const row = page.locator('#graph .twin [role=row][id]').filter({ hasText: /^knead/ });
    const { x, y, width } = await row.boundingBox();
    await page.mouse.move(x + width / 2, y + 8);
    const tip = await page.locator('#tooltip').innerText();
    for (const part of ['knead', knead.time, `${knead.samples.toLocaleString('en')} samples`])
      assert.ok(tip.includes(part), tip);
  },

  async 'in order of time, turns follow one another as they were taken, when they were'(open) {
    // What is looked for has a row however narrow it is.
    const fields = { view: 'time', thread: 'stoker', search: '/^(.*_fire|rake_out|keep_watch)$/' };
    const { page, counts } = await opened(open, fields);
    const { startS, lengthS, samples } = await timeAxis(page);
    assert.equal(samples, counts.all);
    const [root, ...boxes] = await boxesOf(page, '.view-time');
    const names = plan.phases.flatMap(({ name }, i) =>
      Array.from({ length: i === 1 ? 20 : 10 }, (_, turn) => (turn % 2 ? 'keep_watch' : name)),
    );
    const turns = turnsOf(boxes);
    assert.deepEqual(turns.map(({ name }) => name), names);
    const secondsAt = (/** @type {number} */ x) => startS + ((x - root.x) / root.width) * lengthS;
    for (const { name, start, end } of plan.phases) {
      const first = turns.findIndex((turn) => turn.name === name);
      const last = turns.findLastIndex((turn) => turn.name === name) + 1;
      // It began after the last sample before it, and before its own first one: so did its end.
      for (const [moment, i] of [[start, first], [end, last + 1]]) {
        const after = secondsAt(turns[i - 1]?.end ?? root.x);
        const before = secondsAt(turns[i]?.x ?? Infinity);
        const isBetween = moment > after - ERROR_S && moment < before + ERROR_S;
        assert.ok(isBetween, `${name}: ${moment} is not from ${after} to ${before}`);
      }
    }
  },

  async 'a sandwich has all callers and all callees, each with its part'(open) {
    const { page, counts } = await opened(open, { view: 'sandwich', thread: 'baker' });
    await topRow(page, 'press').click();
    await page.locator('.sandwich-title bdi').getByText('press', { exact: true }).waitFor();
    const all = counts.through('press');
    const own = counts.in('press');
    const callers = await boxesOf(page, '.sandwich-callers');
    const callees = await boxesOf(page, '.sandwich-callees');
    for (const [root] of [callers, callees]) assert.equal(root.samples, all);
    assertSides(callers, { knead: 0.75, shape: 0.25 });
    assertSides(callees, { spin: 0.5, fold_over: 0.5 }, own);
    const said = await page.locator('.sandwich-title').textContent();
    assert.ok(said.includes(callees[0].time) && said.includes('of its own'), said);
  },

  async 'a row of the call tree is the sum of those beneath it, and its own'(open) {
    const { page, counts } = await opened(open, { view: 'tree', thread: 'baker' });
    for (const name of ['bake', 'knead', 'press', 'fold_over', 'shape']) {
      const row = topRow(page, name).first();
      await row.waitFor();
      const isOpen = (await row.getAttribute('aria-expanded')) === 'true';
      if (!isOpen) await row.locator('.twist').click();
      await row.and(page.locator('[aria-expanded=true]')).waitFor();
    }
    const rows = await rowsOf(page, '.view-tree');
    const period = secondsOf(rows[0].total) / countOf(rows[0].samples);
    let compared = 0;
    rows.forEach((row, i) => {
      const end = rows.findIndex(({ level }, at) => at > i && level <= row.level);
      const beneath = rows.slice(i + 1, end < 0 ? rows.length : end);
      const callees = beneath.filter(({ level }) => level === row.level + 1);
      if (!callees.length) return;
      compared++;
      const sum = sumOf(callees.map(({ samples }) => countOf(samples)));
      const own = countOf(row.samples) - sum;
      const said = secondsOf(row.self);
      // Three digits are written.
      const isSame = Math.abs(own * period - said) <= 0.0051 * said + period / 2;
      assert.ok(isSame, `${row.name}: ${row.samples} - ${sum}, and ${row.self}`);
    });
    assert.ok(compared >= 6, `${compared} rows are open`);
    const samples = (name) => countOf(rows.find((row) => row.name === name).samples);
    for (const name of ['bake', 'knead', 'shape'])
      assert.equal(samples(name), counts.through(name), name);
    assertShare(samples('shape'), samples('bake'), 0.25, 'shape');
  },

  async 'lines and instructions have the samples of their function'(open) {
    const { page, counts } = await opened(open, { view: 'top', thread: 'baker' });
    await topRow(page, 'spin').click();
    await page.locator('#details').getByText('build id').waitFor();
    await page.getByRole('button', { name: 'actions' }).click();
    await page.getByRole('menuitem', { name: 'Source and assembly' }).click();
    await page.locator('.code-source .is-hot').first().waitFor();
    const own = counts.in('spin');
    const note = await page.locator('.code-note').textContent();
    const said = note.match(/\d[\d,]*/g).map(countOf);
    assert.deepEqual(said.slice(0, 2), [own, counts.through('spin')]);
    for (const side of ['.code-source', '.code-assembly']) {
      const rows = await rowsOf(page, side);
      assert.equal(sumOf(rows.map(({ self }) => countOf(self))), own, side);
    }
    const lines = await rowsOf(page, '.code-source');
    const [hottest] = lines.sort((a, b) => countOf(b.self) - countOf(a.self));
    assert.match(hottest.code, /line of spin/);
    assert.ok(countOf(hottest.self) > 0.7 * own, `${hottest.self} of ${own} samples`);
  },

  async 'a line has what was called in its inlined function'(open) {
    // It has no time of its own: of a longer table its row is not to be seen.
    const fields = { view: 'top', thread: 'baker', search: 'press' };
    const { page, counts } = await opened(open, fields);
    await topRow(page, 'press').click();
    await page.getByRole('button', { name: 'actions' }).click();
    await page.getByRole('menuitem', { name: 'Source and assembly' }).click();
    await page.locator('.code-source .rows-body').getByText('line of fold_over').waitFor();
    const lines = await rowsOf(page, '.code-source');
    const { total } = lines.find(({ code }) => code.includes('line of fold_over'));
    assert.equal(countOf(total), counts.through('press', 'fold_over'));
    assertShare(countOf(total), counts.through('press'), 0.5, 'fold_over');
  },

  async 'a split has a graph for each thread, and they add up'(open) {
    const { page, counts } = await opened(open, { view: 'split', group: 'thread' });
    const cards = page.locator('.split-card');
    await cards.filter({ hasText: 'baker' }).waitFor();
    const numbers = await page.locator('.split-numbers').allTextContents();
    const samples = numbers.map((text) => countOf(text.split(' · ')[2]));
    assert.equal(sumOf(samples), counts.all);
    for (const [thread, share] of [['baker', 2 / 3], ['stoker', 1 / 3]]) {
      const card = cards.filter({ hasText: thread });
      const said = (await card.locator('.split-numbers').textContent()).split(' · ');
      assertShare(countOf(said[2]), counts.all, share, thread);
      const root = card.locator('[role=row][id]').first().locator('[role=gridcell]').nth(3);
      assert.equal(await root.textContent(), said[2]);
      assert.equal((await countsOf(thread)).all, countOf(said[2]), thread);
    }
  },

  async 'a split has a graph for each service, with the CPU time that each has used'(open) {
    const services = Object.entries(plan.services);
    const pids = services.map(([, { pid }]) => pid).join('|');
    // Before they were these, they were others.
    const names = services.map(([name]) => name).join('|');
    const query = `{pid=~"${pids}",service_name=~"${names}"}`;
    const page = await open(addressOf(plan, { view: 'split', group: 'service_name', query }));
    const cards = page.locator('.split-card');
    await cards.nth(services.length - 1).waitFor();
    assert.equal(await cards.count(), services.length);
    const all = (await answers.countsOf(url, plan, query)).all;
    const seconds = sumOf(services.map(([, service]) => service.seconds));
    for (const [name, { pid, seconds: used }] of services) {
      const card = cards.filter({ has: page.getByRole('button', { name, exact: true }) });
      const [time, , samples] = (await card.locator('.split-numbers').textContent()).split(' · ');
      const own = `{pid="${pid}",service_name="${name}"}`;
      const counts = await answers.countsOf(url, plan, own);
      assert.equal(countOf(samples), counts.all, name);
      assertShare(counts.all, all, used / seconds, name);
      const isSame = Math.abs(secondsOf(time) / used - 1) < 0.05;
      assert.ok(isSame, `${name}: ${time}, not ${used} s`);
      const frames = await card.locator('[role=row][id] :first-child').allTextContents();
      assert.equal(frames.includes('spend_three_parts'), name === 'three_to_one', `${frames}`);
    }
  },

  async 'a comparison tells what is new, what is gone and what is as it was'(open) {
    const [before, after] = plan.phases;
    const time = ({ start, end }) => [(end - start).toFixed(6), String(end)];
    const [baseRange, baseAt] = time(before);
    const [range, at] = time(after);
    const base = { 'base-range': baseRange, 'base-at': baseAt, scale: 'total' };
    const page = await open(addressOf(plan, { thread: 'stoker', range, at, ...base }));
    const counts = await countsOf('stoker', { from: after.start, to: after.end });
    await answers.waitForSamples(page, counts.all);
    await page.locator('.compare .legend li').nth(4).waitFor();
    const changes = Object.fromEntries(
      (await boxesOf(page, '#graph .twin')).map(({ name, change }) => [name, change]),
    );
    assert.match(changes.tend_fire, /^new; by chance/);
    assert.match(changes.lay_fire, /^gone; by chance/);
    assert.match(changes.keep_watch, /within sampling error$/);
    const rows = await boxesOf(page, '#graph .twin');
    assertShare(boxNamed(rows, 'tend_fire').samples, counts.all, 0.5, 'tend_fire');
    await page.getByRole('tab', { name: 'Top' }).click();
    await topRow(page, 'tend_fire').waitFor();
    const { change } = (await rowsOf(page, '.top-rows')).find(({ name }) => name === 'lay_fire');
    assert.match(change, /^−(4[0-9]|5[0-9])\.\d pt$/);
  },

  async 'another selection is typed, and compared with'(open) {
    const { page, counts } = await opened(open, { thread: 'stoker' });
    await page.getByLabel('compare with', { exact: true }).selectOption('query');
    const query = page.getByLabel('selection that it is compared with');
    await query.fill(answers.queryOf(plan, 'baker'));
    await query.press('Enter');
    await page.locator('.compare .legend li').nth(4).waitFor();
    const gone = page.locator('#graph .twin [role=row][id]').filter({ hasText: /^bake/ });
    await gone.first().waitFor({ state: 'attached' });
    const boxes = await boxesOf(page, '#graph .twin');
    const [stoke, bake] = ['stoke', 'bake'].map((name) => boxNamed(boxes, name));
    assert.match(`${stoke.change} · ${bake.change}`, /^new; .* · gone; /);
    assert.deepEqual([stoke.samples, bake.samples], [counts.through('stoke'), 0]);
    await page.getByRole('button', { name: 'stop comparing' }).press('Enter');
    await page.locator('.compare').waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement?.ariaLabel), 'compare with');
  },

  async 'the timeline adds up to the range, step by step'(open) {
    const { page } = await opened(open, { timeline: '600' });
    const seconds = plan.ns / 1e9;
    const services = page.locator('#services li');
    await services.first().waitFor();
    const texts = await services.locator('span:last-child').allTextContents();
    const length = plan.to - plan.from;
    const sum = sumOf(texts.map((text) => (text.startsWith('<') ? 0 : Number(text))));
    const error = 0.005 * length * texts.length;
    const isSame = Math.abs(sum * length - seconds) <= error;
    assert.ok(isSame, `${texts} CPUs in ${length} s, not ${seconds} s`);
    const steps = await stepsOfTimeline(page);
    const cores = steps.map((text) => parseFloat(/· <?([\d.]+) CPUs/.exec(text)[1]));
    const busy = cores.filter((n) => n > 0);
    assert.ok(busy.length >= 2, `${steps}`);
    const inSteps = 5 * sumOf(busy);
    assert.ok(Math.abs(inSteps - seconds) <= 0.025 * busy.length, `${busy} CPUs: ${inSteps} s`);
  },
};

const chosen = Object.entries(tests).filter(([sentence]) => sentence.includes(wanted));
process.exitCode = (await runTests(Object.fromEntries(chosen), url)) ? 1 : 0;
