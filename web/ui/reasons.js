// SPDX-License-Identifier: Apache-2.0

/**
 * Reasons: why something is lost, cut or not named, in a sentence each. The keys are the daemon's
 * words, of /metrics and docs/metrics.md; what is not known here is shown as it is.
 */

/** Why a sample was lost. @type {Record<string, string>} */
export const DROPS = {
  ring_full: 'the sampler got too little CPU to read what the kernel handed over',
  no_scratch: 'a tick came while another sample was being taken on the same CPU',
  not_selected: 'of a process that is not followed',
  bad_record: 'what the kernel half handed over is no record: a bug',
  no_stack: 'of a stack that the sampler had forgotten',
  no_memory: 'there was no memory',
  table_full: 'more processes, threads or stacks at once than the tables hold',
  server_busy: 'the server was too busy to take it',
  server_lost: 'the server ended before it was stored',
  label_rule: 'a rule of the configuration leaves its process out',
  store_full: 'it did not fit into the memory that the store may use (--memory)',
};

/**
 * Why a stack lacks callers: [what the mark in the picture says, the sentence].
 * @type {Record<string, [string, string]>}
 */
export const CUTS = {
  pending: ['unwind table pending', 'the unwind table of a file did not come in time'],
  truncated_depth: ['too deep', 'deeper than 512 frames'],
  truncated_read: ['stack not readable', 'memory of the stack was swapped out, or not there'],
  truncated_no_mapping: ['pc in no mapping', 'code in a mapping that was just being changed'],
  truncated_no_rule: ['no unwind rule', 'assembler that has no unwind rule and no frame pointer'],
  truncated_no_table: ['no unwind table', 'a file that no unwind table can be made of'],
  truncated_jit: [
    'JIT without frame pointers',
    'code made at run time without frame pointers; the runtime has an option to keep them',
  ],
  truncated_register: [
    'register of a caller not known',
    'a rule needs a register of a caller that was not kept',
  ],
  truncated_unsupported: ['unwind rule not supported', 'a rule that a table cannot say'],
  truncated_astray: ['stack went astray', 'a caller would lie below its callee'],
};

/** Why a file has no names. @type {Record<string, string>} */
export const BUILDS = {
  no_names: 'it is stripped, and no debug file of it was found',
  damaged: 'it could not be read as ELF or DWARF',
  no_memory: 'reading it took more memory than is allowed',
  too_large: 'its symbols would be larger than is allowed',
  timed_out: 'reading it took longer than is allowed',
  crashed: 'reading it made the reader crash; it is left alone',
  gone: 'it had been deleted when it was to be read',
};

/** Why history was not written. @type {Record<string, string>} */
export const HISTORY = {
  full: 'the disk was full',
  read_only: 'the disk, or the file, is read-only',
  damaged: 'the database was damaged, and has been put aside',
  busy: 'another process has the database open',
  version: 'a newer Pilotlight has written the database; it is left alone',
  no_memory: 'there was no memory',
  io: 'the disk reported an error',
};

/**
 * What an answer may lack, '' if nothing: of groups too many, others are in it, and of samples too
 * many, a profile says so itself.
 * @param {Response} response
 */
export function lackOf({ headers }) {
  if (!headers.get('X-Pilotlight-Limits')?.includes('match')) return '';
  return 'may lack some: a regular expression has too many ways to match';
}

/** The sentence for what the mark of a cut stack says. @param {string} mark */
export function reasonOfMark(mark) {
  const words = mark.replace(/^\[truncated: (.*)\]$/, '$1');
  return Object.values(CUTS).find(([known]) => known === words)?.[1] ?? words;
}
