// SPDX-License-Identifier: Apache-2.0

/**
 * What the page takes for large profiles, in headless Chromium, beside speedscope's release:
 *
 *     node tests/bench/page_bench.mjs [frames|nodes…]
 *
 * Both open the same file through their own picker, which no network delays, when the page has come
 * to rest. What takes time is noted within the page: from when the file's bytes are there to the
 * frame after the first drawing of it, and the time from each frame to the next while people zoom
 * and pan. The browser tells times in tenths of a millisecond: from frame to frame, a 60th of a
 * second is 16.6 to 16.8.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import { launch } from '../browser/chromium.mjs';
import { serve } from '../browser/synthetic_server.mjs';
import { largeProfile, SHAPES } from './large_profile.mjs';

/** @typedef {import('playwright-core').Page} Page */
/**
 * CPU is of the whole process that draws the page, with all its threads: other than times, it tells
 * nearly the same on a busy machine as on an idle one.
 * @typedef {object} Taken
 * @property {number} paintMs
 * @property {number} paintCpuMs
 * @property {number | null} frameMs
 * @property {number} frameCpuMs
 * @property {number | null} searchMs
 * @property {number} mib
 */

const RUNS = 3;
const MOVES = 12;
const MOVE_MS = 250;
const REST_MS = 1500;
const SPEEDSCOPE = fileURLToPath(
  new URL('../browser/node_modules/speedscope/dist/release/index.html', import.meta.url),
);
const TITLES = { frames: '1 M frames', nodes: '1 M boxes' };

/** Runs in a page before its own scripts: notes when bytes are there, and when they are drawn. */
function noteTimes() {
  const noted = (window.noted = { bytes: 0, painted: 0, frames: [], isMoving: false });
  const afterFrame = (then) => requestAnimationFrame(() => setTimeout(() => then(performance.now())));
  const read = Blob.prototype.arrayBuffer;
  Blob.prototype.arrayBuffer = async function () {
    const buffer = await read.call(this);
    if (buffer.byteLength > 1e5 && !noted.bytes) noted.bytes = performance.now();
    return buffer;
  };
  const onRead = FileReader.prototype.readAsArrayBuffer;
  FileReader.prototype.readAsArrayBuffer = function (blob) {
    this.addEventListener('load', () => (noted.bytes ||= performance.now()));
    return onRead.call(this, blob);
  };
  const noteDrawing = (type, name, isPicture) => {
    const draw = type.prototype[name];
    type.prototype[name] = function (...values) {
      if (noted.bytes && !noted.painted && isPicture()) {
        noted.painted = -1;
        afterFrame((now) => (noted.painted = now));
      }
      return draw.apply(this, values);
    };
  };
  // Ours shows the name of the file's host, speedscope has only its own canvas.
  noteDrawing(CanvasRenderingContext2D, 'fillText', () => document.body.dataset.source === 'file');
  for (const type of [window.WebGLRenderingContext, window.WebGL2RenderingContext]) {
    for (const name of ['drawArrays', 'drawElements']) noteDrawing(type, name, () => true);
  }
  let last = 0;
  const tick = (now) => {
    if (noted.isMoving && last) noted.frames.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

/** @param {number[]} values @param {number} share */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.ceil(share * sorted.length) - 1] : null;
}

const median = (/** @type {number[]} */ values) => quantile(values, 0.5);

/** The process of the browser that draws the page: of those that could, the largest. */
async function rendererOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  return renderers.sort((a, b) => residentMib(b) - residentMib(a))[0];
}

/** @param {number} pid */
function residentMib(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** What all threads of a process have run, in ms. @param {number} pid */
function cpuMs(pid) {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
    .reduce((sum, ns) => sum + Number(ns) / 1e6, 0);
}

/** Milliseconds from frame to frame while @move is done again and again. @param {Page} page */
async function measureFrames(page, pid, move) {
  await page.evaluate(() => (window.noted.isMoving = true));
  const before = cpuMs(pid);
  for (let i = 0; i < MOVES; i++) {
    await move(i);
    await page.waitForTimeout(MOVE_MS);
  }
  const taken = cpuMs(pid) - before;
  const frames = await page.evaluate(() => {
    window.noted.isMoving = false;
    return window.noted.frames.splice(0);
  });
  return { frameMs: quantile(frames, 0.99), frameCpuMs: taken / Math.max(1, frames.length) };
}

/** Open the file, and wait until it is drawn. @param {Page} page */
async function measurePaint(page, pid, picker, path) {
  const before = cpuMs(pid);
  await page.setInputFiles(picker, path);
  await page.waitForFunction(() => window.noted.painted > 0, null, { timeout: 120000 });
  const paintMs = await page.evaluate(() => window.noted.painted - window.noted.bytes);
  return { paintMs, paintCpuMs: cpuMs(pid) - before };
}

/** Runs in the page: from each input to the moment when its share is told. @param {string[]} texts */
async function measureSearches(texts) {
  const box = document.getElementById('search');
  const found = document.getElementById('found');
  const search = async (text, isOver) => {
    const start = performance.now();
    const end = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (!isOver(found.textContent)) return;
        observer.disconnect();
        resolve(performance.now());
      });
      observer.observe(found, { childList: true, characterData: true, subtree: true });
    });
    box.value = text;
    box.dispatchEvent(new Event('input'));
    return (await end) - start;
  };
  const taken = [];
  for (const text of texts) {
    taken.push(await search(text, (told) => told.includes('%')));
    await search('', (told) => !told);
  }
  return taken;
}

/** @param {Page} page @param {string} url @param {string} path @returns {Promise<Taken>} */
async function measureOurs(page, url, path) {
  await page.goto(url);
  await page.locator('#truth dd').first().waitFor();
  const pid = await rendererOf(page.context().browser());
  await page.waitForTimeout(REST_MS);
  const paint = await measurePaint(page, pid, '#open-file-picker', path);
  await page.waitForTimeout(REST_MS);
  const { x, y, width, height } = await page.locator('#graph').boundingBox();
  const frames = await measureFrames(page, pid, async (i) => {
    if (i % 3 === 2) await page.keyboard.press('Escape');
    else if (i % 3 === 1) await page.mouse.wheel(0, 240);
    else await page.mouse.click(x + width * (0.1 + (0.8 * i) / MOVES), y + height * 0.3);
  });
  await page.keyboard.press('Escape');
  await page.waitForTimeout(REST_MS);
  const searchMs = await page.evaluate(measureSearches, ['insert', '/^net::.*flush/', 'std::pair']);
  return { ...paint, ...frames, searchMs: Math.max(...searchMs), mib: residentMib(pid) };
}

/** @param {Page} page @param {string} path @returns {Promise<Taken>} */
async function measureSpeedscope(page, path) {
  await page.goto(pathToFileURL(SPEEDSCOPE).href);
  await page.locator('input[type=file]').waitFor({ state: 'attached' });
  const pid = await rendererOf(page.context().browser());
  await page.waitForTimeout(REST_MS);
  const paint = await measurePaint(page, pid, 'input[type=file]', path);
  await page.waitForTimeout(REST_MS);
  const { width, height } = page.viewportSize();
  await page.mouse.move(width / 2, height / 2);
  const frames = await measureFrames(page, pid, async (i) => {
    if (i % 3 === 2) await page.keyboard.press('0');
    else if (i % 3 === 1) await page.mouse.wheel(0, 240);
    else await page.keyboard.press('w');
  });
  return { ...paint, ...frames, searchMs: null, mib: residentMib(pid) };
}

/** Of several runs, each in a browser of its own. @returns {Promise<Taken>} */
async function repeat(measure) {
  const taken = [];
  for (let run = 0; run < RUNS; run++) {
    const browser = await launch();
    try {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.addInitScript(noteTimes);
      taken.push(await measure(page));
    } finally {
      await browser.close();
    }
  }
  const middle = (/** @type {string} */ key) =>
    taken[0][key] === null ? null : median(taken.map((one) => one[key]));
  return Object.fromEntries(Object.keys(taken[0]).map((key) => [key, middle(key)]));
}

const rounded = (/** @type {number} */ value) => Number(value.toPrecision(3));

/** @param {string} name @param {number} value @param {number | null | undefined} peer */
function row(name, value, unit, goal, peer) {
  const beside = peer ? { beside: { speedscope: rounded(peer) } } : {};
  return { name, value: rounded(value), unit, ...(goal && { goal }), ...beside };
}

/** @param {string} shape @param {string} path @param {string} url */
async function rowsOf(shape, path, url) {
  const ours = await repeat((page) => measureOurs(page, url, path));
  const peer = await repeat((page) => measureSpeedscope(page, path)).catch((error) => {
    console.error(`speedscope, ${shape}: ${error.message.split('\n')[0]}`);
    return null;
  });
  const title = TITLES[shape];
  return [
    row(`${title}: bytes there to first paint`, ours.paintMs, 'ms', '<= 500', peer?.paintMs),
    row(`${title}: CPU for it`, ours.paintCpuMs, 'ms', '', peer?.paintCpuMs),
    row(`${title}: zoom and pan, frame to frame, p99`, ours.frameMs, 'ms', '<= 16.8', peer?.frameMs),
    row(`${title}: CPU a frame`, ours.frameCpuMs, 'ms', '', peer?.frameCpuMs),
    row(`${title}: search`, ours.searchMs, 'ms', '<= 50', null),
    row(`${title}: memory of the page`, ours.mib, 'MiB', '', peer?.mib),
  ];
}

const shapes = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SHAPES);
const folder = mkdtempSync(join(tmpdir(), 'page-bench-'));
const server = await serve(0);
const rows = [];
try {
  for (const shape of shapes) {
    const path = join(folder, `${shape}.pb.gz`);
    writeFileSync(path, gzipSync(largeProfile(SHAPES[shape])));
    rows.push(...(await rowsOf(shape, path, `http://127.0.0.1:${server.address().port}/`)));
  }
} finally {
  server.close();
  rmSync(folder, { recursive: true });
}
console.error(`load averages at the end: ${loadavg().map((load) => load.toFixed(1)).join(' ')}`);
console.log(JSON.stringify({ rows }, null, 1));
