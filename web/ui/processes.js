// SPDX-License-Identifier: Apache-2.0

/**
 * Processes: who used the CPU, by name and then by pid.
 *
 *     Stacks  --sumProcesses-->  ProcessGroup[], the largest first
 */

import { labelColumn } from './selector.js';

/** @typedef {import('./stacks.js').Stacks} Stacks */
/** @typedef {{pid: string, exe: string, timeNs: number}} ProcessEntry */
/** @typedef {{comm: string, timeNs: number, pids: ProcessEntry[]}} ProcessGroup */

/** Larger times first; equal ones stay in an order of their own. */
function compare(
  /** @type {{timeNs: number}} */ a,
  /** @type {{timeNs: number}} */ b,
  /** @type {string} */ nameA,
  /** @type {string} */ nameB,
) {
  return b.timeNs - a.timeNs || (nameA < nameB ? -1 : 1);
}

/** The value of each set of labels. @param {Stacks} stacks */
export function sumSets({ labels, set, time }) {
  const sums = new Float64Array(labels.setLabels.length - 1);
  for (let i = 0; i < set.length; i++) sums[set[i]] += time[i];
  return sums;
}

/** @param {Stacks} stacks @returns {ProcessGroup[]} */
export function sumProcesses(stacks) {
  const { labels } = stacks;
  const sums = sumSets(stacks);
  const [comms, pids, exes] = ['comm', 'pid', 'exe'].map((name) => labelColumn(labels, name));
  /** @type {Map<string, {comm: string, timeNs: number, byPid: Map<string, ProcessEntry>}>} */
  const groups = new Map();
  sums.forEach((time, set) => {
    const comm = labels.strings[comms[set]] || '?';
    const pid = labels.strings[pids[set]];
    const group = groups.get(comm) ?? { comm, timeNs: 0, byPid: new Map() };
    const entry = group.byPid.get(pid) ?? { pid, exe: labels.strings[exes[set]], timeNs: 0 };
    group.timeNs += time;
    entry.timeNs += time;
    group.byPid.set(pid, entry);
    groups.set(comm, group);
  });
  return [...groups.values()]
    .map(({ comm, timeNs, byPid }) => ({
      comm,
      timeNs,
      pids: [...byPid.values()].sort((a, b) => compare(a, b, a.pid, b.pid)),
    }))
    .sort((a, b) => compare(a, b, a.comm, b.comm));
}
