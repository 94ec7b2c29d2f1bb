// SPDX-License-Identifier: Apache-2.0

/**
 * Processes: who used the CPU, by name and then by pid.
 *
 *     Profile  --sumProcesses-->  ProcessGroup[], the largest first
 */

import { sampleWeights } from './call_tree.js';
import { labelColumn } from './selector.js';

/** @typedef {import('./pprof.js').Profile} Profile */
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

/** @param {Profile} profile @returns {ProcessGroup[]} */
export function sumProcesses(profile) {
  const { time } = sampleWeights(profile);
  const [comms, pids, exes] = ['comm', 'pid', 'exe'].map((name) => labelColumn(profile, name));
  /** @type {Map<string, {comm: string, timeNs: number, byPid: Map<string, ProcessEntry>}>} */
  const groups = new Map();
  for (let sample = 0; sample < time.length; sample++) {
    const comm = profile.strings[comms[sample]] || '?';
    const pid = profile.strings[pids[sample]];
    const group = groups.get(comm) ?? { comm, timeNs: 0, byPid: new Map() };
    const exe = profile.strings[exes[sample]];
    const entry = group.byPid.get(pid) ?? { pid, exe, timeNs: 0 };
    group.timeNs += time[sample];
    entry.timeNs += time[sample];
    group.byPid.set(pid, entry);
    groups.set(comm, group);
  }
  return [...groups.values()]
    .map(({ comm, timeNs, byPid }) => ({
      comm,
      timeNs,
      pids: [...byPid.values()].sort((a, b) => compare(a, b, a.pid, b.pid)),
    }))
    .sort((a, b) => compare(a, b, a.comm, b.comm));
}
