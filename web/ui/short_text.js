// SPDX-License-Identifier: Apache-2.0

/** Short text: numbers and names as people read them, for display only. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 12345 → "12,345". @param {number} count */
export function formatCount(count) {
  return grouped.format(count);
}

/** 0.0423 → "4.23 %"; three digits, and nothing that is there reads as 0. @param {number} share */
export function formatShare(share) {
  const percent = share * 100;
  if (percent > 0 && percent < 0.01) return '<0.01 %';
  const digits = percent >= 99.95 || percent === 0 ? 0 : percent >= 10 ? 1 : 2;
  return `${percent.toFixed(digits)} %`;
}

/** Nanoseconds → "1.25 s", "340 ms", "12.0 µs". @param {number} ns */
export function formatTime(ns) {
  const steps = /** @type {[number, string][]} */ ([
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
  ]);
  if (ns >= 600e9) return `${(ns / 60e9).toFixed(1)} min`;
  if (ns === 0) return '0 s';
  const [size, unit] = steps.find(([limit]) => ns >= limit) ?? [1, 'ns'];
  const value = ns / size;
  return `${value.toFixed(value >= 100 || unit === 'ns' ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}

/** 41943040 → "40.0 MB". @param {number} bytes */
export function formatBytes(bytes) {
  const steps = /** @type {[number, string][]} */ ([
    [2 ** 30, 'GB'],
    [2 ** 20, 'MB'],
    [2 ** 10, 'KB'],
  ]);
  const [size, unit] = steps.find(([limit]) => bytes >= limit) ?? [1, 'B'];
  const value = bytes / size;
  return `${value.toFixed(unit === 'B' || value >= 100 ? 0 : 1)} ${unit}`;
}

/** CPUs in use: 1.234 → "1.23". @param {number} cores */
export function formatCores(cores) {
  return cores > 0 && cores < 0.005 ? '<0.01' : cores.toFixed(cores >= 10 ? 1 : 2);
}

/** Seconds → "250 ms", "10 s", "5 min", "1.5 h", "2 d". @param {number} s */
export function formatRange(s) {
  const steps = /** @type {[number, string][]} */ ([
    [86400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ]);
  const [size, unit] = steps.find(([limit]) => s >= limit) ?? [0.001, 'ms'];
  return `${Number((s / size).toPrecision(3))} ${unit}`;
}

/** Of the values of the profile that is shown, and of how often they were met. */
let valueUnit = 'nanoseconds';
let valueWords = 'CPU time';
let countWords = 'samples';

/** A type of value, as people read it. @param {string} type */
export const wordsOf = (type) => type.replaceAll('_', ' ');

/**
 * Values are of this type from now on, and counts of that one, as pprof names types and units.
 * @param {{type: string, unit: string}} value @param {string} [countType]
 */
export function setValueType({ type, unit }, countType = 'samples') {
  valueUnit = unit;
  valueWords = type === 'cpu' && unit === 'nanoseconds' ? 'CPU time' : wordsOf(type);
  countWords = wordsOf(countType);
}

/** A value of the profile that is shown: "340 ms", "12.0 MiB", "1,234". @param {number} value */
export function formatValue(value) {
  if (valueUnit === 'nanoseconds') return formatTime(value);
  return valueUnit === 'bytes' ? formatBytes(value) : formatCount(value);
}

/** What values are called. */
export const valueName = () => valueWords;

/** What counts are called. */
export const countName = () => countWords;

/** 1 → "1 value", 1234 → "1,234 values". @param {number} count @param {string} words for several */
export function formatSome(count, words) {
  return `${formatCount(count)} ${count === 1 ? words.replace(/s$/, '') : words}`;
}

/** 1234 → "1,234 samples", or objects, or what else is counted. @param {number} count */
export const formatSamples = (count) => formatSome(count, countWords);

/*
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
