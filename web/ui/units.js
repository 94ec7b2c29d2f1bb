// SPDX-License-Identifier: Apache-2.0

/** Units: numbers as people read them. All texts are for display only. */

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

/** Unix s → "14:03:20" where the reader is. @param {number} s */
export function formatClock(s) {
  return new Date(s * 1000).toLocaleTimeString([], { hour12: false });
}

/** Of the values of the profile that is shown. */
let valueUnit = 'nanoseconds';

/** Values are of this unit from now on, as pprof names units. @param {string} unit */
export function setValueUnit(unit) {
  valueUnit = unit;
}

/** A value of the profile that is shown: "340 ms", "12.0 MiB", "1,234". @param {number} value */
export function formatValue(value) {
  if (valueUnit === 'nanoseconds') return formatTime(value);
  return valueUnit === 'bytes' ? formatBytes(value) : formatCount(value);
}

/** What values are called. */
export function valueName() {
  return { nanoseconds: 'CPU time', bytes: 'memory' }[valueUnit] ?? valueUnit;
}
