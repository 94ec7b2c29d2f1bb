// SPDX-License-Identifier: Apache-2.0

/**
 * DOM: small words for what every view does. Texts always become text nodes: names come from
 * strangers, and nothing here, or elsewhere in the page, reads markup.
 */

/**
 * The element with this id, which index.html has.
 * @template {HTMLElement} T
 * @param {string} id @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return element;
}

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function create(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * A button, and what a click on it does.
 * @param {() => void} run @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function createButton(run, attributes, ...children) {
  const button = create('button', { type: 'button', ...attributes }, ...children);
  button.addEventListener('click', run);
  return button;
}

/** Whether a key is the browser's or the system's. */
export function hasModifier(/** @type {KeyboardEvent} */ { altKey, ctrlKey, metaKey }) {
  return altKey || ctrlKey || metaKey;
}

/** The key that was pressed: menus have one of their own. @param {KeyboardEvent} event */
export const keyOf = ({ key, shiftKey }) => (key === 'F10' && shiftKey ? 'ContextMenu' : key);

/**
 * Give a canvas a size, in pixels of the page, and clear it.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height
 * @returns {number} pixels of the screen for each of the page
 */
export function sizeCanvas(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return ratio;
}

/** Set a text if it differs: selections and live regions stay quiet. */
export function setText(/** @type {Element} */ element, /** @type {string} */ text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * What can be picked; made anew only if it is something else: people may be picking.
 * @param {HTMLSelectElement} select @param {{value: string, text: string, title?: string}[]} options
 * @param {string} picked
 */
export function showOptions(select, options, picked) {
  const told = options.map(({ value, text }) => `${value}\n${text}`).join('\n');
  const known = Array.from(select.options, ({ value, textContent }) => `${value}\n${textContent}`);
  if (known.join('\n') !== told) {
    select.replaceChildren(
      ...options.map(({ value, text, title = '' }) => create('option', { value, title }, text)),
    );
  }
  select.value = picked;
}

/**
 * A select, and what happens with what is picked.
 * @param {(value: string) => void} onPick @param {Record<string, string>} attributes
 * @param {{value: string, text: string}[]} options
 */
export function createSelect(onPick, attributes, options = []) {
  const select = create('select', attributes);
  showOptions(select, options, '');
  select.addEventListener('change', () => onPick(select.value));
  return select;
}

/**
 * Have just these children, in this order. Those that are there stay, with their focus.
 * @param {Element} parent @param {Element[]} children
 */
export function arrange(parent, children) {
  for (const child of [...parent.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
}

/** What an error says. @param {unknown} error */
export const sentenceOf = (error) => (error instanceof Error ? error.message : String(error));

/** The root's size of text where nobody wants it otherwise, see style.css. */
const USUAL_TEXT_PX = 14;

/** How much larger than usual texts are to be, as the browser was told, or for a large screen. */
export function textScale() {
  // Under node, where arithmetic of views is tested, nobody reads.
  if (typeof document === 'undefined') return 1;
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_TEXT_PX;
}

/** True while people ask for less motion. */
export function prefersLessMotion() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/*
 * Keys: one table, which both the keyboard and the page's help follow.
 */

/**
 * @typedef {object} KeyBinding
 * @property {string} key      as KeyboardEvent.key names it
 * @property {string} text     what it does
 * @property {() => void} action
 * @property {boolean} inGraph only while the graph, or nothing, has the focus
 */

/** What the help calls keys whose names are long. @type {Record<string, string>} */
const KEY_CAPS = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  ContextMenu: 'Shift+F10',
  Escape: 'Esc',
  ' ': 'Space',
};

/** What has the keys for itself while it is there. */
const MODAL = 'dialog[open], [role=menu]:not([hidden])';

/** Elements that need their keys for themselves. @param {EventTarget | null} target */
function wantsText(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

/** @param {EventTarget | null} target @param {HTMLElement} graph */
function isAtGraph(target, graph) {
  return target === document.body || (target instanceof Node && graph.contains(target));
}

/** @param {KeyBinding[]} bindings @param {HTMLElement} graph */
export function listenToKeys(bindings, graph) {
  document.addEventListener('keydown', (event) => {
    if (hasModifier(event) || event.defaultPrevented) return;
    if (wantsText(event.target) || document.querySelector(MODAL)) return;
    const binding = bindings.find(({ key }) => key === keyOf(event));
    if (!binding || (binding.inGraph && !isAtGraph(event.target, graph))) return;
    event.preventDefault();
    binding.action();
  });
}

/** @param {HTMLElement} list a <dl> @param {KeyBinding[]} bindings */
export function showKeys(list, bindings) {
  list.replaceChildren(
    ...bindings.map(({ key, text }) => {
      const cap = create('kbd', {}, KEY_CAPS[key] ?? key);
      return create('div', {}, create('dt', {}, cap), create('dd', {}, text));
    }),
  );
}
