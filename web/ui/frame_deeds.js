// SPDX-License-Identifier: Apache-2.0

/**
 * Frame deeds: what can be done with a frame, and what becomes of the state.
 *
 *     Frame, State  --deedsOf-->  groups of deeds, each with the change that it makes
 *
 * Deeds that change the picture are transforms, which stack up; others lead to another view.
 */

import { baseName } from './frame.js';
import { formatSelector } from './selector.js';

/** @typedef {import('./frame.js').Frame} Frame */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Transform} Transform */

/**
 * @typedef {object} Deed
 * @property {string} text
 * @property {string} [hint]
 * @property {Partial<State>} [change]
 * @property {string} [copy] what is put on the clipboard instead
 */

/** @typedef {{title: string, deeds: Deed[]}} DeedGroup */

const LONGEST_TITLE = 60;

/** Exactly this, as transforms name it. @param {string} name */
export function exactly(name) {
  return `=${name}`;
}

/** The state's transforms, and one more. @param {State} state @param {Transform} transform */
function with1(state, transform) {
  return { transforms: [...state.transforms, transform], zoom: [] };
}

/** @param {Frame} frame @param {State} state @returns {DeedGroup} */
function ofFunction(frame, state) {
  const what = exactly(frame.name);
  /** @type {(text: string, verb: Transform['verb'], hint: string) => Deed} */
  const deed = (text, verb, hint) => ({ text, hint, change: with1(state, { verb, what }) });
  return {
    title: 'function',
    deeds: [
      deed('Focus on it', 'focus', 'leave only stacks that it is part of'),
      deed('Root here', 'root', 'cut away what leads to it'),
      deed('Merge into its callers', 'merge', 'its boxes vanish, their time goes to the callers'),
      deed('Collapse its recursion', 'recursion', 'calls of itself become one box'),
      deed('Drop stacks with it', 'drop', 'leave out all stacks that it is part of'),
    ],
  };
}

/** @param {Frame} frame @param {State} state @returns {DeedGroup} */
function ofModule(frame, state) {
  const what = exactly(frame.module);
  /** @type {(text: string, verb: Transform['verb'], hint: string) => Deed} */
  const deed = (text, verb, hint) => ({ text, hint, change: with1(state, { verb, what }) });
  return {
    title: baseName(frame.module).slice(0, LONGEST_TITLE),
    deeds: [
      deed('Fold it into one box', 'fold', 'its frames that follow one another become one'),
      deed('Focus on it', 'focus', 'leave only stacks that it is part of'),
      deed('Hide its frames', 'hide', 'their time goes to the callers'),
      deed('Ignore stacks with it', 'ignore', 'leave out all stacks that it is part of'),
    ],
  };
}

/** @param {Frame} frame @returns {DeedGroup} */
function ofViews(frame) {
  return {
    title: 'show',
    deeds: [
      { text: 'Callers and callees', change: { view: 'sandwich', fn: frame.id } },
      { text: 'In the top table', change: { view: 'top', fn: frame.id, search: '' } },
      { text: 'Source and assembly', change: { view: 'code', fn: frame.id } },
    ],
  };
}

/** @param {Frame} frame a process @param {State} state @returns {DeedGroup} */
function ofProcess(frame, state) {
  const query = formatSelector([{ name: 'comm', operator: '=', value: frame.name }]);
  const deeds = /** @type {Deed[]} */ ([]);
  if (query !== state.query) {
    deeds.push({ text: 'Only this process', change: { query, zoom: [] } });
  }
  return { title: 'process', deeds };
}

/**
 * @param {Frame} frame @param {State} state
 * @param {string[]} [path] of the box, where there is one
 * @returns {DeedGroup[]}
 */
export function deedsOf(frame, state, path) {
  const groups = /** @type {DeedGroup[]} */ ([]);
  const isGraph = state.view === 'icicle' || state.view === 'flame';
  if (path && isGraph)
    groups.push({ title: '', deeds: [{ text: 'Zoom in', change: { zoom: path } }] });
  if (frame.kind === 'process') groups.push(ofProcess(frame, state));
  else if (frame.kind !== 'host') {
    groups.push(ofViews(frame), ofFunction(frame, state));
    if (frame.module) groups.push(ofModule(frame, state));
  }
  groups.push({ title: '', deeds: [{ text: 'Copy the name', copy: frame.name }] });
  return groups.filter(({ deeds }) => deeds.length);
}
