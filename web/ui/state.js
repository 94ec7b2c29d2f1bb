// SPDX-License-Identifier: Apache-2.0

/**
 * State: what the page shows, as it stands in its address, so that a link shows the same.
 *
 *     #range=30&query={comm="nginx"}&zoom=1x.2y&search=malloc&at=1700000000
 *
 * What has its default is left out. `at` stands for pause: the moment (unix s) that is looked at.
 */

/** @typedef {import('./layout.js').Order} Order */

/**
 * @typedef {object} State
 * @property {number} rangeS
 * @property {number | null} at   null while live
 * @property {string} query      a selector, or ''
 * @property {string[]} zoom     ids of frames, from below the root
 * @property {string} search
 * @property {Order} order
 */

/** What the range picker offers. */
export const RANGES_S = [10, 30, 60, 300, 600];
const DEFAULT_RANGE_S = 30;
const MAX_ZOOM = 1024;

/** @param {string} hash with or without its # @returns {State} */
export function parseState(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const rangeS = Number(fields.get('range'));
  const at = Number(fields.get('at'));
  const zoom = fields.get('zoom');
  return {
    rangeS: RANGES_S.includes(rangeS) ? rangeS : DEFAULT_RANGE_S,
    at: Number.isFinite(at) && at > 0 ? at : null,
    query: fields.get('query') ?? '',
    zoom: zoom ? zoom.split('.').slice(0, MAX_ZOOM) : [],
    search: fields.get('search') ?? '',
    order: fields.get('order') === 'size' ? 'size' : 'name',
  };
}

/** @param {State} state @returns {string} '' or #… */
export function formatState(state) {
  const fields = new URLSearchParams();
  if (state.rangeS !== DEFAULT_RANGE_S) fields.set('range', String(state.rangeS));
  if (state.at !== null) fields.set('at', String(state.at));
  if (state.query) fields.set('query', state.query);
  if (state.zoom.length) fields.set('zoom', state.zoom.join('.'));
  if (state.search) fields.set('search', state.search);
  if (state.order !== 'name') fields.set('order', state.order);
  const text = fields.toString();
  return text ? `#${text}` : '';
}

/**
 * The parameters that select what a state shows, for links to other formats.
 * @param {State} state @param {string} format
 */
export function profileUrl(state, format) {
  const fields = new URLSearchParams({ format });
  fields.set('from', state.at === null ? `now-${state.rangeS}s` : String(state.at - state.rangeS));
  fields.set('to', state.at === null ? 'now' : String(state.at));
  if (state.query) fields.set('query', state.query);
  return `/api/v1/profile?${fields}`;
}
