// SPDX-License-Identifier: Apache-2.0

/**
 * Colouring: what the colours of boxes stand for, as it stands in the address: `module`, `kind`,
 * `share`, or `label:NAME`.
 */

/** @typedef {{by: 'module'|'kind'|'share'|'label', label: string}} Colouring */

/** @type {Colouring} */
export const BY_MODULE = { by: 'module', label: '' };

/** @param {string} text @returns {Colouring} by module, if it is none */
export function parseColouring(text) {
  if (text === 'kind' || text === 'share') return { by: text, label: '' };
  if (text.startsWith('label:') && text.length > 6) return { by: 'label', label: text.slice(6) };
  return BY_MODULE;
}

/** @param {Colouring} colouring */
export function formatColouring({ by, label }) {
  return by === 'label' ? `label:${label}` : by;
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
