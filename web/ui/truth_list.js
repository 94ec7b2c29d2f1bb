// SPDX-License-Identifier: Apache-2.0

/** Truth list: the truths in one line, and each with its reasons. */

import { create } from './dom.js';

/** @typedef {import('./truth.js').Truth} Truth */
/** @typedef {import('./truth.js').Reason} Reason */

/** @param {HTMLElement} list a <dl> @param {Truth[]} items */
export function showTruths(list, items) {
  list.replaceChildren(
    ...items.map(({ name, value, reasons, isWarning }) => {
      const item = create('div', isWarning ? { class: 'warning' } : {});
      item.append(create('dt', {}, name), create('dd', {}, value));
      const why = reasons.map((reason) => `${reason.value} ${reason.text}`.trim()).join('\n');
      if (why) item.title = why;
      if (isWarning && reasons.length) {
        item.append(create('dd', { class: 'why' }, reasons[0].text));
      }
      return item;
    }),
  );
}

/** @param {HTMLElement} list a <dl> @param {Truth[]} items */
export function showReasons(list, items) {
  list.replaceChildren(
    ...items.map(({ name, value, reasons, isWarning }) =>
      create(
        'div',
        isWarning ? { class: 'warning' } : {},
        create('dt', {}, `${name} `, create('b', {}, value)),
        ...reasons.map(describe),
      ),
    ),
  );
}

/** @param {Reason} reason */
function describe({ value, text }) {
  return create('dd', {}, ...(value ? [create('b', {}, value), ' '] : []), text);
}
