// SPDX-License-Identifier: Apache-2.0

/**
 * Solid colour: what the canvas understands fastest. It takes longer to read a colour in oklch than
 * to fill a box with it, and there are thousands of boxes.
 *
 *     'oklch(0.7 0.1 40)'  --solidColour-->  '#cd8764'
 */

const OKLCH = /^oklch\((\S+) (\S+) (\S+)\)$/;

/** @type {Map<string, string>} */
const known = new Map();
const MOST_KNOWN = 10000;

/** Light of a channel → the two digits of it that sRGB has. @param {number} linear */
function digitsOf(linear) {
  const light = Math.min(1, Math.max(0, linear));
  const encoded = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255)
    .toString(16)
    .padStart(2, '0');
}

/** Björn Ottosson's matrices. @param {number} lightness @param {number} a @param {number} b */
function hexOf(lightness, a, b) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
  const green = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
  const blue = -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s;
  return `#${digitsOf(red)}${digitsOf(green)}${digitsOf(blue)}`;
}

/** @param {string} colour of CSS @returns {string} the same; in digits, if it was in oklch */
export function solidColour(colour) {
  let solid = known.get(colour);
  if (solid !== undefined) return solid;
  const [, light, chroma, hue] = OKLCH.exec(colour) ?? [];
  const angle = (Number(hue) / 180) * Math.PI;
  solid = light
    ? hexOf(Number(light), Number(chroma) * Math.cos(angle), Number(chroma) * Math.sin(angle))
    : colour;
  if (known.size < MOST_KNOWN) known.set(colour, solid);
  return solid;
}
