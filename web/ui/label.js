// SPDX-License-Identifier: Apache-2.0

/**
 * Label: the part of a function's name that fits into a box.
 *
 *     std::set<int>::insert(int const&)  →  std::set<int>::insert  →  insert  →  ins…
 *
 * Widths of characters are measured once per font; kerning is off, so they add up.
 */

const ELLIPSIS = '…';
const LONGEST = 400;
/** Less of a name than this says nothing. */
const MIN_PREFIX = 3;

/** Without the parameter list at its end. @param {string} name */
export function withoutParameters(name) {
  const end = name.lastIndexOf(')');
  let depth = 0;
  for (let i = end; i > 0; i--) {
    if (name[i] === ')') depth++;
    else if (name[i] === '(') depth--;
    if (depth === 0) {
      const rest = name.slice(end + 1);
      const isParameters = /^( const| volatile| &{1,2}| \[clone .*\])*$/.test(rest);
      return isParameters && !name.endsWith('operator()') ? name.slice(0, i) : name;
    }
  }
  return name;
}

/** What comes after the last `::` or `/` that is in no brackets. @param {string} name */
export function lastPart(name) {
  let depth = 0;
  for (let i = name.length - 1; i > 0; i--) {
    const c = name[i];
    if (c === '>' || c === ')' || c === '}') depth++;
    else if (c === '<' || c === '(' || c === '{') depth--;
    else if (depth === 0 && c === '/') return name.slice(i + 1);
    else if (depth === 0 && c === ':' && name[i - 1] === ':') return name.slice(i + 1);
  }
  return name;
}

/** A name as it can be, from long to short. @param {string} name */
export function labelForms(name) {
  const long = name.length > LONGEST ? name.slice(0, LONGEST) : name;
  const plain = withoutParameters(long);
  return [...new Set([long, plain, lastPart(plain)])];
}

/** Fits names into widths, in one font. */
export class LabelFitter {
  /** @param {CanvasRenderingContext2D} context @param {string} font */
  constructor(context, font) {
    this.font = font;
    context.font = font;
    this.widths = new Float32Array(128);
    for (let code = 32; code < 127; code++) {
      this.widths[code] = context.measureText(String.fromCharCode(code)).width;
    }
    this.wide = context.measureText('W').width;
    this.ellipsis = context.measureText(ELLIPSIS).width;
  }

  /** How many UTF-16 units of @text fit into @width. @param {string} text @param {number} width */
  prefix(text, width) {
    let used = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      used += code < 128 ? this.widths[code] : this.wide;
      if (used > width) return i;
    }
    return text.length;
  }

  /**
   * @param {string[]} forms @param {number} width pixels
   * @returns {string} the longest form that fits, or what fits of the shortest, or ''
   */
  fit(forms, width) {
    for (const form of forms) {
      if (this.prefix(form, width) === form.length) return form;
    }
    const shortest = forms[forms.length - 1];
    const n = this.prefix(shortest, width - this.ellipsis);
    return n < MIN_PREFIX ? '' : shortest.slice(0, n) + ELLIPSIS;
  }
}
