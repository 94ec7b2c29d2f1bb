// SPDX-License-Identifier: Apache-2.0

/**
 * Actions: all that a view can have the page do. Views touch neither the address nor the network.
 */

/** @typedef {import('./call_tree.js').CallTree} CallTree */
/** @typedef {import('./frame_details.js').Facts} Facts */
/** @typedef {import('./frames.js').Frame} Frame */
/** @typedef {import('./palette.js').Palette} Palette */
/** @typedef {import('./state.js').State} State */

/**
 * Where a menu opens, and what gets the focus back.
 * @typedef {{x: number, y: number, from: HTMLElement, path?: string[]}} MenuPlace
 *   path: the ids of the frames that lead to it, where it is one box and not a function
 */

/**
 * @typedef {object} Actions
 * @property {(change: Partial<State>, isStep: boolean) => void} change the state, and what is shown
 * @property {(text: string) => void} say to those who do not see the page
 * @property {(frame: Frame, facts: Facts) => void} pick tell all about it
 * @property {(frame: Frame, place: MenuPlace) => void} openMenu
 * @property {(tree: CallTree, node: number, x: number, y: number) => void} showTip
 * @property {() => void} hideTip
 * @property {(element: HTMLElement, frame: Frame) => void} paintSwatch with the frame's colour
 * @property {() => Palette} palette
 * @property {() => Uint8Array | null} found 1 for each frame that the search has found
 */

export {};
