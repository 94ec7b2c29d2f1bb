// SPDX-License-Identifier: Apache-2.0

/**
 * State: what the page shows, as it stands in its address, so that a link shows the same.
 *
 *     #range=30&query={comm="nginx"}&zoom=1x.2y&search=malloc&at=1700000000
 *     #view=top&do=focus:parse&do=fold:*&base-at=1699999000
 *
 * What has its default is left out. `at` stands for pause: the moment (unix s) that is looked at.
 * `do` are transforms, in the order in which they are done; `base…` is what is compared with, and
 * what of it is left out is as in the rest of the state.
 */

import { exactS } from './time_scale.js';

/** @typedef {import('./layout.js').Order} Order */
/** @typedef {typeof VIEWS[number]} ViewName */
/** @typedef {typeof VERBS[number]} Verb */
/** @typedef {{verb: Verb, what: string}} Transform what: text, /regex/, or =exact name */
/** @typedef {{query: string, rangeS: number, at: number | null}} Base at: null while live */

/**
 * @typedef {object} State
 * @property {number} rangeS     seconds; fractions too
 * @property {number | null} at  unix s of the end of the range; null while live
 * @property {string} query      a selector, or ''
 * @property {string[]} zoom     ids of frames, from below the root
 * @property {string} search
 * @property {Order} order
 * @property {ViewName} view
 * @property {Transform[]} transforms in the order in which they are done
 * @property {string} fn         id of the frame that a view is about, or ''
 * @property {string} group      label that `split` splits by, or ''
 * @property {string} open       rows of `tree` that are open, see TreeRows; '': the main way
 * @property {number} cards      that `split` shows; 0: as many as at first
 * @property {string} thread     whose stacks are shown in the order of time, or '' for all
 * @property {string} colour     module, kind, share or label:NAME
 * @property {string} sort       column of `top`, with - the other way round, or '' for self
 * @property {string} file       source file that `code` shows, or '' for the function's
 * @property {[number, number] | null} span that `time` looks at, in unix ms; null: all
 * @property {string} type       sample type, or '' for the profile's default
 * @property {Base | null} base  what is compared with; null: nothing
 * @property {'duration'|'total'} scale what makes a base comparable: as long, or as much
 * @property {number} timelineS      what the timeline spans, in s; 0: there is none
 * @property {number | null} heat end of the heat map, a whole second; 0: as it comes; null: no map
 */

/** What the range picker offers. */
export const RANGES_S = [10, 30, 60, 300, 600, 1800, 3600, 21600, 86400, 604800];
export const VIEWS = /** @type {const} */ ([
  'icicle',
  'flame',
  'time',
  'sandwich',
  'top',
  'tree',
  'code',
  'split',
]);
/** Whether a state's view is the graph itself. */
export const isGraphView = (/** @type {State} */ { view }) => view === 'icicle' || view === 'flame';
export const VERBS = /** @type {const} */ ([
  'focus',
  'ignore',
  'hide',
  'root',
  'merge',
  'drop',
  'fold',
  'recursion',
]);
const COLOUR = /^(module|kind|share|label:[A-Za-z_]\w*)$/;
const OPEN = /^(-|0([.-]+\w+)*)$/;
const MAX_ZOOM = 1024;
/** Each takes a tree and a canvas. */
const MAX_CARDS = 500;
const MAX_TRANSFORMS = 100;

/** A number above 0, or @otherwise. @template T @param {string | null} text @param {T} otherwise */
function positive(text, otherwise) {
  const number = Number(text);
  return Number.isFinite(number) && number > 0 ? number : otherwise;
}

/** What one of these words is, or the first of them. @param {readonly string[]} words */
const oneOf = (words) => (/** @type {string} */ text) => (words.includes(text) ? text : words[0]);

const asItIs = (/** @type {string} */ text) => text;

/** Two moments, unix ms. @param {string} text @returns {[number, number] | null} */
function parseSpan(text) {
  const [from, to] = text.split('_').map(Number);
  return from > 0 && to > from ? [from, to] : null;
}

/**
 * What stands in a field of its own, in that order; what is not there has the value of ''.
 * @typedef {object} Field
 * @property {string} [name] in the address, if it is another
 * @property {(text: string) => any} parse
 * @property {(value: any) => string} [format]
 */

/** @type {Partial<Record<keyof State, Field>>} */
const FIELDS = {
  view: { parse: oneOf(VIEWS) },
  rangeS: { name: 'range', parse: (text) => positive(text, 30) },
  at: { parse: (text) => positive(text, null) },
  query: { parse: asItIs },
  zoom: {
    parse: (text) => (text ? text.split('.').slice(0, MAX_ZOOM) : []),
    format: (zoom) => zoom.join('.'),
  },
  search: { parse: asItIs },
  order: { parse: oneOf(['name', 'size']) },
  fn: { parse: asItIs },
  group: { parse: asItIs },
  cards: { parse: (text) => Math.min(MAX_CARDS, Math.floor(positive(text, 0))) },
  open: { parse: (text) => (OPEN.test(text) ? text : '') },
  thread: { parse: asItIs },
  type: { parse: asItIs },
  sort: { parse: asItIs },
  file: { parse: asItIs },
  span: {
    parse: parseSpan,
    format: (span) => span?.map((/** @type {number} */ ms) => ms.toFixed(3)).join('_') ?? '',
  },
  colour: { parse: (text) => (COLOUR.test(text) ? text : 'module') },
  scale: { parse: oneOf(['duration', 'total']) },
  timelineS: { name: 'timeline', parse: (text) => (text === '0' ? 0 : positive(text, 3600)) },
  heat: {
    parse: (text) => (text ? Math.round(positive(text, 0)) : null),
    format: (heat) => (heat === null ? '' : String(heat || 'on')),
  },
};

/** @param {string[]} texts `verb:what` @returns {Transform[]} those that have a known verb */
function parseTransforms(texts) {
  const transforms = /** @type {Transform[]} */ ([]);
  for (const text of texts.slice(0, MAX_TRANSFORMS)) {
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    const verb = VERBS.find((known) => known === name);
    if (verb) transforms.push({ verb, what: colon < 0 ? '' : text.slice(colon + 1) });
  }
  return transforms;
}

/**
 * @param {URLSearchParams} fields @param {Base} rest what a base has unless it says otherwise
 * @returns {Base | null}
 */
function parseBase(fields, rest) {
  const names = ['base', 'base-range', 'base-at'];
  if (!names.some((name) => fields.has(name))) return null;
  return {
    query: fields.get('base') ?? rest.query,
    rangeS: positive(fields.get('base-range'), rest.rangeS),
    at: fields.get('base-at') === 'now' ? null : positive(fields.get('base-at'), rest.at),
  };
}

/** @param {string} hash with or without its # @returns {State} */
export function parseState(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const state = /** @type {any} */ ({ transforms: parseTransforms(fields.getAll('do')) });
  for (const [key, { name = key, parse }] of Object.entries(FIELDS)) {
    state[key] = parse(fields.get(name) ?? '');
  }
  return { ...state, base: parseBase(fields, state) };
}

/** @param {URLSearchParams} fields @param {State} state */
function formatBase(fields, { base, query, rangeS, at }) {
  if (!base) return;
  if (base.rangeS !== rangeS) fields.set('base-range', String(base.rangeS));
  if (base.at !== at) fields.set('base-at', String(base.at ?? 'now'));
  const isSame = !fields.has('base-range') && !fields.has('base-at');
  if (base.query !== query || isSame) fields.set('base', base.query);
}

/** @param {State} state @returns {string} '' or #… */
export function formatState(state) {
  const fields = new URLSearchParams();
  for (const [key, { name = key, parse, format = String }] of Object.entries(FIELDS)) {
    const text = format(state[/** @type {keyof State} */ (key)]);
    if (text !== format(parse(''))) fields.set(name, text);
  }
  for (const { verb, what } of state.transforms) {
    fields.append('do', what ? `${verb}:${what}` : verb);
  }
  formatBase(fields, state);
  const text = fields.toString();
  return text ? `#${text}` : '';
}

/** The parameters that select what a state shows. @param {Base} state */
export function selectionOf({ query, rangeS, at }) {
  const from = at === null ? `now-${rangeS}s` : String(exactS(at - rangeS));
  return { from, to: String(at ?? 'now'), ...(query && { query }) };
}

/** Where it is in another format. @param {Base} state @param {string} format */
export function profileUrl(state, format) {
  return `/api/v1/profile?${new URLSearchParams({ format, ...selectionOf(state) })}`;
}

/** What the colours of boxes stand for: `module`, `kind`, `share`, or `label:NAME`. */

/** @typedef {{by: 'module'|'kind'|'share'|'label', label: string}} Colouring */

/** @type {Colouring} */
export const BY_MODULE = { by: 'module', label: '' };

/** @param {string} text @returns {Colouring} by module, if it is none */
export function parseColouring(text) {
  if (text === 'kind' || text === 'share') return { by: text, label: '' };
  if (text.startsWith('label:') && text.length > 6) return { by: 'label', label: text.slice(6) };
  return BY_MODULE;
}

/** @param {string[]} labels that samples have @returns {{value: string, text: string}[]} */
export function colourings(labels) {
  return [
    { value: 'module', text: 'module' },
    { value: 'kind', text: 'language, kernel, inlined' },
    { value: 'share', text: 'own share of the time' },
    ...labels.map((name) => ({ value: `label:${name}`, text: `label ${name}` })),
  ];
}
