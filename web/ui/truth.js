// SPDX-License-Identifier: Apache-2.0

/**
 * Truth: one line that says how much of what happened is in the picture, and what is missing.
 *
 *     CallTree, Status  --truths-->  the line's items, those worth a warning marked
 */

import { ROOT } from './call_tree.js';
import { create } from './dom.js';
import { formatCount, formatRange, formatShare, formatTime } from './units.js';

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./pprof.js').Profile} Profile */
/** @typedef {import('./source.js').Status} Status */
/** @typedef {import('./state.js').State} State */
/** @typedef {{name: string, value: string, why?: string, isWarning?: boolean}} Truth */

/** A loss beyond this is marked. */
const WORRYING_SHARE = 0.01;

/** @param {Record<string, number> | undefined} counts @param {(name: string) => boolean} [take] */
function sum(counts, take = () => true) {
  const entries = Object.entries(counts ?? {}).filter(([name, n]) => take(name) && n > 0);
  const words = (/** @type {string} */ name) => name.replace('truncated_', '').replaceAll('_', ' ');
  return {
    total: entries.reduce((total, [, n]) => total + n, 0),
    reasons: entries.map(([name, n]) => `${words(name)} ${formatCount(n)}`).join(', '),
  };
}

/** @param {string} name @param {{total: number, reasons: string}} count @param {number} of */
function loss(name, { total, reasons }, of) {
  const share = of && total ? ` (${formatShare(total / of)})` : '';
  const why = reasons && `since the daemon started: ${reasons}`;
  return { name, value: formatCount(total) + share, why, isWarning: total > of * WORRYING_SHARE };
}

/** @param {CallTree} tree what is shown @returns {Truth[]} */
function ofProfile(tree) {
  const unnamed = tree.size ? unnamedTime(tree) : 0;
  const total = tree.size ? tree.total[ROOT] : 0;
  return [
    { name: 'samples', value: formatCount(tree.size ? tree.samples[ROOT] : 0) },
    { name: 'CPU time', value: formatTime(total) },
    {
      name: 'unnamed',
      value: formatShare(total ? unnamed / total : 0),
      why: 'time in functions that have no symbol',
    },
  ];
}

/** @param {CallTree} tree */
function unnamedTime(tree) {
  let time = 0;
  for (let node = 0; node < tree.size; node++) {
    if (tree.frameOf(node).kind === 'unnamed') time += tree.self[node];
  }
  return time;
}

/** @param {Status} status @returns {Truth[]} */
function ofDaemon(status) {
  const items = /** @type {Truth[]} */ ([]);
  const { frequency_hz, ticks, dropped, stacks, files, roles, debuginfod } = status;
  if (frequency_hz) items.push({ name: 'rate', value: `${formatCount(frequency_hz)} Hz` });
  if (dropped) items.push(loss('dropped', sum(dropped), ticks ?? 0));
  if (stacks) {
    const truncated = sum(stacks, (outcome) => outcome.startsWith('truncated'));
    items.push(loss('stacks truncated', truncated, sum(stacks).total));
  }
  if (files?.pending) {
    const why = 'files whose symbols are being read; names appear by themselves';
    items.push({ name: 'names pending', value: `${formatCount(files.pending)} files`, why });
  }
  if (debuginfod?.queued) {
    const why = 'debug files that servers are asked for; lines appear by themselves';
    items.push({ name: 'debug files', value: `${formatCount(debuginfod.queued)} to come`, why });
  }
  const restarts = sum(
    Object.fromEntries(Object.entries(roles ?? {}).map(([name, r]) => [name, r.restarts ?? 0])),
  );
  if (restarts.total) {
    const value = formatCount(restarts.total);
    items.push({ name: 'restarts', value, why: restarts.reasons, isWarning: true });
  }
  return items;
}

/** @param {CallTree | null} tree @param {Status} status @returns {Truth[]} */
export function truths(tree, status) {
  return [...(tree ? ofProfile(tree) : []), ...ofDaemon(status)];
}

/** @param {HTMLElement} list a <dl> @param {Truth[]} items */
export function showTruths(list, items) {
  list.replaceChildren(
    ...items.map(({ name, value, why, isWarning }) => {
      const item = create('div', isWarning ? { class: 'warning' } : {});
      item.append(create('dt', {}, name), create('dd', {}, value));
      if (why) item.title = why;
      if (why && isWarning) item.append(create('dd', { class: 'why' }, why));
      return item;
    }),
  );
}

/**
 * Why there is no picture.
 * @param {Profile} profile @param {State} state
 */
export function describeEmptiness(profile, { at, query, rangeS }) {
  const isFirst = profile.sampleLabels.length === 1 && at === null;
  if (isFirst) return 'Waiting for the first samples…';
  const range = formatRange(rangeS);
  return query ? `${query} used no CPU in these ${range}.` : `No samples are from these ${range}.`;
}
