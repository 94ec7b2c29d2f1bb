// SPDX-License-Identifier: Apache-2.0

/**
 * Text lines: the lines of a text, which may be longer than a string can be.
 *
 *     bytes  --eachLine-->  line, number from 1
 */

const CHUNK = 1 << 22;
const NEWLINE = 10;
/** Of bytes that are a text, so many are looked at. */
const LOOKED_AT = 4096;

/** Whether bytes are a text: pprof has control characters soon. @param {Uint8Array} bytes */
export function isText(bytes) {
  const isControl = (/** @type {number} */ byte) => byte < 32 && ![9, 10, 13].includes(byte);
  return !bytes.subarray(0, LOOKED_AT).some(isControl);
}

/**
 * @param {Uint8Array} bytes
 * @param {(line: string, number: number) => boolean | void} onLine true is enough
 */
export function eachLine(bytes, onLine) {
  const utf8 = new TextDecoder();
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + CHUNK, bytes.length);
    if (end < bytes.length) {
      const last = bytes.lastIndexOf(NEWLINE, end - 1);
      const next = bytes.indexOf(NEWLINE, end);
      if (last >= start) end = last + 1;
      else end = next < 0 ? bytes.length : next + 1;
    }
    const text = utf8.decode(bytes.subarray(start, end));
    for (const line of text.replace(/\n$/, '').split('\n')) {
      if (onLine(line.endsWith('\r') ? line.slice(0, -1) : line, ++number)) return;
    }
    start = end;
  }
}

/** What we write as \xHH is what it was. @param {string} text */
export function unescapeText(text) {
  if (!text.includes('\\x')) return text;
  return text.replace(/\\x([0-7][0-9a-f])/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
