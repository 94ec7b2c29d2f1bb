// SPDX-License-Identifier: Apache-2.0

/**
 * Embedded: the profile that the page brings along, when it is a file of its own rather than a
 * daemon's page. It lies in an element of that id, in base64.
 */

const element = globalThis.document?.getElementById('embedded-profile');

export const isEmbedded = Boolean(element);

/** The bytes of the profile, a gzip'd pprof. */
export function embeddedBytes() {
  return Uint8Array.from(atob(element?.textContent ?? ''), (octet) => octet.charCodeAt(0));
}
