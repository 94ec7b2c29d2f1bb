// SPDX-License-Identifier: Apache-2.0

/**
 * Transform chips: what has been done to the picture, in order. Each can be taken back, and more
 * can be done by a text or a /regular expression/.
 */

import { create } from './dom.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Transform} Transform */

const FOLD_LIBRARIES = /** @type {Transform} */ ({ verb: 'fold', what: '*' });
const LONGEST_WHAT = 48;

/** Those that can be typed. @type {{verb: Transform['verb'], text: string}[]} */
const TYPED = [
  { verb: 'focus', text: 'focus on' },
  { verb: 'ignore', text: 'ignore' },
  { verb: 'hide', text: 'hide' },
  { verb: 'fold', text: 'fold' },
];

/** @param {Transform} transform */
export function describeTransform({ verb, what }) {
  if (verb === 'fold' && what === '*') return 'fold libraries';
  const name = what.replace(/^=/, '');
  const isPath = name.startsWith('/') && what.startsWith('=');
  const short = isPath ? name.slice(name.lastIndexOf('/') + 1) : name;
  const cut = short.length > LONGEST_WHAT ? `${short.slice(0, LONGEST_WHAT - 1)}…` : short;
  return what === '*' ? verb : `${verb} ${cut}`;
}

/** Whether libraries are folded. @param {Transform[]} transforms */
export function foldsLibraries(transforms) {
  return transforms.some(({ verb, what }) => verb === 'fold' && what === '*');
}

/** With libraries folded, or no more. @param {Transform[]} transforms @returns {Transform[]} */
export function toggleLibraries(transforms) {
  const rest = transforms.filter(({ verb, what }) => verb !== 'fold' || what !== '*');
  return rest.length < transforms.length ? rest : [...transforms, FOLD_LIBRARIES];
}

export class TransformChips {
  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.actions = actions;
    /** @type {Transform[]} */
    this.transforms = [];
    this.list = create('ol', { class: 'chips', 'aria-label': 'what was done to the picture' });
    this.fold = create('button', { type: 'button', 'aria-keyshortcuts': 'l' }, 'fold libraries');
    this.fold.title = 'consecutive frames of a library become one box';
    this.fold.addEventListener('click', () => this.toggleLibraries());
    this.more = create('button', { type: 'button', 'aria-expanded': 'false' }, '+ filter');
    this.more.addEventListener('click', () => this.toggleForm());
    this.form = this.createForm();
    element.replaceChildren(this.list, this.fold, this.more, this.form);
  }

  createForm() {
    const verb = create(
      'select',
      { 'aria-label': 'what to do' },
      ...TYPED.map(({ verb: value, text }) => create('option', { value }, text)),
    );
    const what = create('input', {
      'aria-label': 'with which functions or modules',
      placeholder: 'text or /regex/',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const add = create('button', { type: 'submit' }, 'add');
    const form = create('form', { class: 'add-transform', hidden: '' }, verb, what, add);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = what.value.trim();
      if (!text) return;
      what.value = '';
      this.toggleForm();
      const typed = TYPED[verb.selectedIndex];
      this.set([...this.transforms, { verb: typed.verb, what: text }]);
    });
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.toggleForm();
      this.more.focus();
    });
    return form;
  }

  toggleForm() {
    this.form.hidden = !this.form.hidden;
    this.more.ariaExpanded = String(!this.form.hidden);
    if (!this.form.hidden) this.form.querySelector('input')?.focus();
  }

  /** @param {Transform[]} transforms */
  set(transforms) {
    this.actions.change({ transforms, zoom: [] }, true);
  }

  toggleLibraries() {
    this.set(toggleLibraries(this.transforms));
  }

  /** Take back the last one. */
  undo() {
    const last = this.transforms.at(-1);
    if (!last) return;
    this.actions.say(`${describeTransform(last)}: taken back`);
    this.set(this.transforms.slice(0, -1));
  }

  /** @param {State} state */
  show({ transforms }) {
    this.transforms = transforms;
    const hadFold = this.fold === document.activeElement;
    // Once it is done, its chip takes it back.
    this.fold.hidden = foldsLibraries(transforms);
    const hadFocus = this.list.contains(document.activeElement);
    this.list.hidden = !transforms.length;
    this.list.replaceChildren(
      ...transforms.map((transform, i) => create('li', {}, this.createChip(transform, i))),
    );
    if (!hadFocus && !(hadFold && this.fold.hidden)) return;
    const last = this.list.querySelector('li:last-child button');
    if (last instanceof HTMLElement) last.focus();
    else this.more.focus();
  }

  /** @param {Transform} transform @param {number} i */
  createChip(transform, i) {
    const words = describeTransform(transform);
    const isLast = i === this.transforms.length - 1;
    const chip = create(
      'button',
      { type: 'button', class: 'chip', 'aria-label': `take back: ${words}` },
      create('bdi', {}, words),
      create('span', { 'aria-hidden': 'true' }, '×'),
    );
    chip.title = `${transform.verb} ${transform.what}\na click takes it back${isLast ? ', or u' : ''}`;
    chip.addEventListener('click', () => this.set(this.transforms.filter((_, at) => at !== i)));
    return chip;
  }
}
