// SPDX-License-Identifier: Apache-2.0

/**
 * What the server that does not exist tells of time: its timeline, heat map and builds. They agree
 * with its profiles where tests count: a profile of some cells has their samples.
 */

import { WORKLOAD } from './synthetic_host.mjs';

const SERVICES = WORKLOAD.map(([comm]) => comm);
/** Cells in a second, of which each has samples of its own. */
const CELLS = 50;
/** When the collector became another build: so long before the server started. */
const DEPLOYED_S = 1200;
const FILE = '/usr/local/bin/collector';
const startedS = Date.now() / 1000;

/** When a build changed, unix s. */
export const changeS = Math.floor(startedS) - DEPLOYED_S + 0.25;

/** A number from [0, 1) that belongs to two others. @param {number} a @param {number} b */
function chance(a, b) {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 13)) >>> 0) / 2 ** 32;
}

/** Samples in a cell: some always, more ten times a second. @param {number} cell since 1970 */
function cellCount(cell) {
  const burst = cell % 5 === 0 ? 4 : 0;
  return Math.floor(1 + burst + 3 * chance(Math.floor(cell / 65536), cell % 65536));
}

/** Samples between two times, which are those of cells. @param {number} fromS @param {number} toS */
export function countBetween(fromS, toS) {
  let count = 0;
  const end = Math.round(toS * CELLS);
  for (let cell = Math.round(fromS * CELLS); cell < end; cell++) count += cellCount(cell);
  return count;
}

/** @param {URLSearchParams} fields */
export function heatmap(fields) {
  const from = Number(fields.get('from'));
  const columns = Number(fields.get('to')) - from;
  const counts = Array.from({ length: columns }, (_, column) =>
    Array.from({ length: CELLS }, (_, row) => cellCount((from + column) * CELLS + row)),
  );
  const count = counts.flat().reduce((a, b) => a + b, 0);
  const coarse = Array(columns).fill(0);
  return { from, column: 1, columns, rows: CELLS, count, value: count * 1e7, counts, coarse, limits: [] };
}

/** CPUs that a service uses at a time: with the day, with the hour, and a little by chance. */
function coresOf(/** @type {number} */ i, /** @type {number} */ s, /** @type {number} */ stepS) {
  const base = 0.6 / (i + 1);
  const wave = 1 + 0.5 * Math.sin(s / 3600 + i) + 0.3 * Math.sin(s / 290 + 2 * i);
  return base * wave * (0.85 + 0.3 * chance(Math.floor(s / stepS), i));
}

/** @param {URLSearchParams} fields */
export function timeline(fields) {
  const [from, to, step] = ['from', 'to', 'step'].map((name) => Number(fields.get(name)));
  const steps = Math.round((to - from) / step);
  const nowS = Date.now() / 1000;
  const wanted = /service_name="([^"]*)"/.exec(fields.get('query') ?? '')?.[1];
  const series = SERVICES.flatMap((name, i) => {
    if (wanted !== undefined && wanted !== name) return [];
    const values = Array.from({ length: steps }, (_, k) => {
      const s = from + k * step;
      const length = Math.max(0, Math.min(step, nowS - s));
      return Math.round(coresOf(i, s, step) * length * 1e9);
    });
    return [{ labels: { service_name: name }, count: 1, value: 1, values }];
  });
  const limit = Number(fields.get('limit'));
  const rest = series.slice(limit);
  const sum = (/** @type {number} */ k) => rest.reduce((total, { values }) => total + values[k], 0);
  const values = Array.from({ length: steps }, (_, k) => sum(k));
  const other = rest.length ? { groups: rest.length, count: 1, value: 1, values } : null;
  return { from, to, step, steps, count: 1, value: 1, series: series.slice(0, limit), other, limits: [] };
}

/** @param {URLSearchParams} fields */
export function builds(fields) {
  const [from, to] = ['from', 'to'].map((name) => Number(fields.get(name)));
  const change = {
    time: changeS,
    file: FILE,
    build_id: 'ab8cc7f40011',
    before: '51d2b0e90022',
    before_until: changeS - 0.5,
    count: 4711,
  };
  const isThere = from < changeS && changeS < to;
  return { from, to, builds: isThere ? [change] : [], left_out: 0, limits: [] };
}
