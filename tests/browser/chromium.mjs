// SPDX-License-Identifier: Apache-2.0

/** Chromium: the browser of the tests, Debian's, without a window. */

import { existsSync } from 'node:fs';

const PROGRAM = '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** End the test as one that cannot run here. @param {string} reason */
export function skip(reason) {
  console.log(reason);
  process.exit(77);
}

/** A running browser, which the caller closes; without one, the test is skipped. */
export async function launch() {
  const playwright = await import('playwright-core').catch(() => null);
  if (!playwright) skip('playwright-core is not installed: run npm ci in tests/browser');
  if (!existsSync(PROGRAM)) skip(`there is no ${PROGRAM}`);
  return playwright.chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS });
}
