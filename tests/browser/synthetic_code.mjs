// SPDX-License-Identifier: Apache-2.0

/**
 * Code of functions that do not exist: what the daemon's /api/v1/disassembly and /api/v1/source
 * would tell of them. The counts are known: see SELF.
 */

export const SOURCE_FILE = 'fixture.c';
/** Samples at each instruction. */
export const SELF = [0, 3, 90, 21, 0, 6];
const TEXTS = [
  'push rbp',
  'mov rbp, rsp',
  'imul rax, rax, 0x9e3779b1',
  'xor rax, qword ptr [rdi + 8*rcx]',
  'call 0x1040',
  'ret',
];
const LINES = [53, 54, 55, 55, 56, 57];

/** @param {string} name @param {string} buildId */
export function syntheticListing(name, buildId) {
  const own = (/** @type {number} */ line) => ({ function: name, file: SOURCE_FILE, line });
  const inlined = { function: 'mix', file: 'mix.h', line: 7 };
  return {
    build_id: buildId,
    file: '/srv/fixture/fixture',
    function: name,
    start: '0x1130',
    end: '0x1148',
    self: SELF.reduce((sum, n) => sum + n, 0),
    total: SELF.reduce((sum, n) => sum + n, 0) + 12,
    instructions: TEXTS.map((text, i) => ({
      address: `0x${(0x1130 + 4 * i).toString(16)}`,
      bytes: '90909090',
      text,
      self: SELF[i],
      total: SELF[i] + (text.startsWith('call') ? 12 : 0),
      frames: i === 3 ? [inlined, own(LINES[i])] : [own(LINES[i])],
    })),
  };
}

/** A file of 80 lines. @param {string} file */
export function syntheticSource(file) {
  return Array.from({ length: 80 }, (_, i) => {
    const line = i + 1;
    if (line === 52) return `static unsigned long burn(unsigned long rounds)\t/* ${file} */`;
    if (line === 53) return '{';
    if (line === 55) return '\t\tvalue = value * 0x9e3779b1 ^ table[i & 63];';
    return line > 53 && line < 58 ? `\t/* line ${line} of the loop */` : `/* line ${line} */`;
  }).join('\n');
}
