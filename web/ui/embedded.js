// SPDX-License-Identifier: Apache-2.0

/**
 * Embedded: the profile that the page brings along, when it is a file of its own rather than a
 * daemon's page. It lies in an element of that id, in base64; the script in another is the page's
 * and the worker's at once.
 */

const profile = globalThis.document?.getElementById('embedded-profile');
const script = globalThis.document?.getElementById('embedded-script');

export const isEmbedded = Boolean(profile);

/** The bytes of the profile, a gzip'd pprof. */
export function embeddedBytes() {
  return Uint8Array.from(atob(profile?.textContent ?? ''), (octet) => octet.charCodeAt(0));
}

/** From the disk a page may start a worker of what it holds itself, but not as a module. */
export function hireWorker() {
  if (!script) return new Worker('worker.js', { type: 'module' });
  const blob = new Blob([script.textContent ?? ''], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(blob));
}
