// SPDX-License-Identifier: Apache-2.0

/**
 * A server like the daemon's, for working on the page without one:
 *
 *     node tests/browser/synthetic_server.mjs [PORT]
 *
 * It serves web/ui as it is in the tree, and profiles that change a little all the time.
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { syntheticListing, syntheticSource } from './synthetic_code.mjs';
import { syntheticStatus } from './synthetic_host.mjs';
import { countedProfile, syntheticProfile } from './synthetic_profile.mjs';
import { builds, changeS, countBetween, heatmap, timeline } from './synthetic_time.mjs';

const UI = fileURLToPath(new URL('../../web/ui/', import.meta.url));
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const HEADERS = {
  'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** @type {Record<string, (fields: URLSearchParams) => unknown>} */
const JSON_ROUTES = {
  '/api/v1/status': syntheticStatus,
  '/api/v1/timeline': timeline,
  '/api/v1/heatmap': heatmap,
  '/api/v1/builds': builds,
};

/** @param {number} seconds @param {number} endS @param {boolean} [inOrder] one sample by one */
function profile(seconds, endS, inOrder = false) {
  const isRebuilt = endS > changeS;
  return gzipSync(syntheticProfile({ seed: Math.floor(endS), seconds, endS, inOrder, isRebuilt }));
}

/** Of a range whose ends are those of cells of the heat map. @param {number} from @param {number} to */
function profileOfCells(from, to) {
  const count = countBetween(from, to);
  return gzipSync(countedProfile({ count, seconds: to - from, endS: to }));
}

/** What a style sheet imports is put in its place, as in a build. @param {string} name */
async function fileOf(name) {
  const text = await readFile(UI + name, 'utf8');
  const parts = text.split(/^@import "([\w.]+)";$/m);
  const texts = await Promise.all(parts.map((part, i) => (i % 2 ? fileOf(part) : part)));
  return texts.join('');
}

/**
 * @param {URL} url @param {Uint8Array | null} only the profile that every range has
 * @returns {Promise<[string, Uint8Array | string]>} type and body
 */
async function answer(url, only) {
  const { pathname, searchParams } = url;
  const now = Date.now() / 1000;
  if (only && pathname.endsWith('/profile')) return ['application/octet-stream', only];
  if (pathname === '/debug/pprof/profile') {
    return ['application/octet-stream', profile(Number(searchParams.get('seconds')), now)];
  }
  if (pathname === '/api/v1/profile') {
    const to = Number(searchParams.get('to')) || now;
    const from = Number(searchParams.get('from')) || to - 30;
    const inOrder = searchParams.get('order') === 'time';
    const isOfCells = !inOrder && !Number.isInteger(to - from) && to - from < 120;
    const bytes = isOfCells ? profileOfCells(from, to) : profile(to - from, to, inOrder);
    return ['application/octet-stream', bytes];
  }
  if (pathname === '/api/v1/disassembly') {
    const name = searchParams.get('function') ?? '';
    const listing = syntheticListing(name, searchParams.get('build_id') ?? '');
    return ['application/json', JSON.stringify(listing)];
  }
  if (pathname === '/api/v1/source') {
    return ['text/plain; charset=utf-8', syntheticSource(searchParams.get('file') ?? '')];
  }
  const json = JSON_ROUTES[pathname];
  if (json) return ['application/json', JSON.stringify(json(searchParams))];
  const name = pathname === '/' ? 'index.html' : basename(pathname);
  return [TYPES[extname(name)] ?? 'text/plain', await fileOf(name)];
}

/**
 * @param {number} port 0 for any @param {Uint8Array | null} [only] a profile, instead of made-up ones
 * @returns {Promise<import('node:http').Server>}
 */
export function serve(port, only = null) {
  const server = createServer(async (request, response) => {
    try {
      const [type, body] = await answer(new URL(request.url ?? '/', 'http://localhost'), only);
      response.writeHead(200, { ...HEADERS, 'Content-Type': type }).end(body);
    } catch {
      response.writeHead(404, HEADERS).end('there is nothing here\n');
    }
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 7373));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.error(`http://127.0.0.1:${address.port}/`);
}
