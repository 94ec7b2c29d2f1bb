// SPDX-License-Identifier: Apache-2.0
'use strict';
(() => {
  const root = document.currentScript.closest('svg.pl-flame');
  const own_document = document.documentElement === root;
  const XHTML = 'http://www.w3.org/1999/xhtml';
  const MARGIN_PX = 8;
  const LEAST_CHARACTERS = 3;

  /* Of each frame, in the order of the picture, that is preorder: which samples are in it. */
  const frames = [...root.querySelectorAll('.pl-frame')].map((box) => {
    const [depth, start, count] = box.dataset.at.split(' ').map(Number);
    const name = box.querySelector('title').textContent.split('\n', 1)[0];
    return { box, text: box.querySelector('text'), depth, start, end: start + count, name, width: 0 };
  });
  if (!frames.length) return;
  const everything = frames[0];

  const probe = frames[0].text;
  const kept = probe.textContent;
  probe.textContent = 'm'.repeat(20);
  const character_px = probe.getComputedTextLength() / 20 || 7.3;
  probe.textContent = kept;

  function fit_texts() {
    const root_px = root.getBoundingClientRect().width;
    for (const frame of frames) {
      if (!frame.width) continue;
      const room = Math.floor((frame.width * root_px - MARGIN_PX) / character_px);
      const characters = [...frame.name];
      if (room < LEAST_CHARACTERS) frame.text.textContent = '';
      else if (characters.length <= room) frame.text.textContent = frame.name;
      else frame.text.textContent = characters.slice(0, room - 1).join('') + '…';
    }
  }

  let zoomed = everything;

  function place(frame) {
    const span = zoomed.end - zoomed.start;
    const is_above =
      frame.depth < zoomed.depth && frame.start <= zoomed.start && frame.end >= zoomed.end;
    const is_below =
      frame.depth >= zoomed.depth && frame.start >= zoomed.start && frame.end <= zoomed.end;
    const left = is_below ? (frame.start - zoomed.start) / span : 0;
    frame.width = is_above ? 1 : is_below ? (frame.end - frame.start) / span : 0;
    frame.box.setAttribute('x', `${left * 100}%`);
    frame.box.setAttribute('width', `${frame.width * 100}%`);
    frame.box.style.display = frame.width ? '' : 'none';
    frame.box.classList.toggle('pl-above', is_above);
  }

  function zoom(frame) {
    zoomed = frame;
    frames.forEach(place);
    fit_texts();
    reset.hidden = zoomed === everything;
  }

  function pattern_of(text) {
    try {
      return new RegExp(text, 'i');
    } catch {
      return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i'); // not yet whole
    }
  }

  /* A sample counts once, however many of its frames match. */
  function search(text) {
    const pattern = text ? pattern_of(text) : null;
    let matched = 0;
    let covered = 0;
    for (const frame of frames) {
      const is_match = pattern !== null && frame !== everything && pattern.test(frame.name);
      frame.box.classList.toggle('pl-match', is_match);
      if (!is_match || frame.start < covered) continue;
      matched += frame.end - frame.start;
      covered = frame.end;
    }
    const share = (matched / (everything.end - everything.start)) * 100;
    result.textContent = pattern ? `${share.toFixed(2)} % matched` : '';
  }

  function element(tag, attributes) {
    const made = document.createElementNS(XHTML, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  const result = element('span', { role: 'status' });
  const reset = element('button', { type: 'button', title: 'Escape', hidden: '' });
  reset.textContent = 'Reset zoom';
  const input = element('input', {
    type: 'search',
    placeholder: own_document ? 'Search, regex (Ctrl-F)' : 'Search, regex',
    'aria-label': 'Search frames by regular expression',
  });
  const controls = element('div', { class: 'pl-controls' });
  controls.append(result, reset, input);
  const holder = root.querySelector('.pl-holder');
  holder.append(controls);

  input.addEventListener('input', () => search(input.value));
  reset.addEventListener('click', () => zoom(everything));
  root.addEventListener('click', (event) => {
    const box = event.target.closest('.pl-frame');
    if (box) zoom(frames.find((frame) => frame.box === box));
  });
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    if (input.value) {
      input.value = '';
      search('');
    } else {
      zoom(everything);
    }
  });
  if (own_document) {
    root.setAttribute('width', '100%');
    document.addEventListener('keydown', (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== 'f') return;
      event.preventDefault();
      input.focus();
      input.select();
    });
  }
  window.addEventListener('resize', fit_texts);
  zoom(everything);
})();
