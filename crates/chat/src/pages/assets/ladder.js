// Bits, bytes, and one merge after the other.

import { call } from './api.js';
import { announce, at, debounced, fill, h, latest } from './dom.js';
import { loading, problem } from './states.js';
import { bytesOf, counted, namedToken } from './text.js';

/** What the server merges for us. */
const MOST_BYTES = 256;

/** Makes the ladder live: its word, its tokenizer, its steps. */
export function showLadder(run) {
  const [word, by, place] = [at('word'), at('by'), at('ladder')];
  fill(
    by,
    run.tokenizers.map((name) => h('option', name)),
  );
  word.value = (run.openings[0] ?? 'unbelievable tokenization').split(' ').slice(0, 3).join(' ');
  const climb = latest(
    (signal) => call('/playground/ladder', { tokenizer: by.value, text: beginning(word.value) }, signal),
    (found, refusal) => (refusal ? fill(place, problem(refusal, climb)) : draw(place, found)),
  );
  word.addEventListener('input', debounced(150, climb));
  by.addEventListener('change', climb);
  fill(place, loading('Merging …'));
  climb();
}

function beginning(text) {
  let [kept, bytes] = ['', 0];
  for (const char of text) {
    bytes += bytesOf(char).length;
    if (bytes > MOST_BYTES) break;
    kept += char;
  }
  return kept;
}

function draw(place, { steps, tokens }) {
  if (!steps.length || !steps[0].length) return fill(place, h('p.quiet', 'Write a word above.'));
  const last = steps.length - 1;
  const slider = h('input', {
    type: 'range',
    id: 'step',
    min: 0,
    max: last,
    value: 0,
    'aria-describedby': 'merge',
  });
  const [back, on] = [-1, 1].map((by) =>
    h(
      'button',
      {
        type: 'button',
        onclick: () => go(Number(slider.value) + by),
        'aria-label': by < 0 ? 'One merge back' : 'One merge on',
      },
      by < 0 ? '←' : '→',
    ),
  );
  const play = h('button.primary', { type: 'button', onclick: run }, 'Play');
  const merge = h('p', { id: 'merge', class: 'merge' });
  const blocks = h('div.blocks');
  const merged = steps.map((ids, i) => (i ? changed(steps[i - 1], ids, tokens) : null));
  const list = h(
    'ol.merges',
    merged
      .slice(1)
      .map((change, i) => h('li', h('button', { type: 'button', onclick: () => go(i + 1) }, named(change)))),
  );
  let timer;

  fill(
    place,
    h('div.row', play, back, h('label.unseen', { for: 'step' }, 'Merges done'), slider, on),
    merge,
    blocks,
    last > 0 && h('details', h('summary', 'All merges as a list'), list),
  );
  slider.addEventListener('input', () => go(Number(slider.value)));
  go(0);
  return null;

  function go(to) {
    clearTimeout(timer);
    play.textContent = 'Play';
    show(Math.max(0, Math.min(last, to)));
  }

  function show(step) {
    slider.value = step;
    back.disabled = step === 0;
    on.disabled = step === last;
    const change = merged[step];
    slider.setAttribute('aria-valuetext', change ? `merge ${step} of ${last}` : 'bytes alone');
    fill(
      merge,
      h('b', counted(steps[step].length, 'token')),
      change
        ? [` after merge ${step} of ${last}: `, h('code', named(change))]
        : ', each of them a byte; no merge yet',
    );
    fill(blocks, blocksOf(steps[step], tokens, change));
    [...list.children].forEach((item, i) =>
      item.firstChild.setAttribute('aria-pressed', String(i + 1 === step)),
    );
  }

  function run() {
    if (play.textContent === 'Stop') return go(Number(slider.value));
    const next = () => {
      const step = Number(slider.value) === last ? 0 : Number(slider.value) + 1;
      show(step);
      if (step === last) {
        play.textContent = 'Play';
        return announce(`${counted(steps[last].length, 'token')} are left`);
      }
      timer = setTimeout(next, 700);
      return null;
    };
    play.textContent = 'Stop';
    return next();
  }
}

/** What a merge made: the new token, its parts, and the bytes from where it stands. */
function changed(before, after, tokens) {
  const starts = (ids) => {
    let at = 0;
    return ids.map((id) => [at, (at += tokens[id].bytes.length), id]);
  };
  const old = starts(before);
  const made = starts(after).filter(([from, to]) => !old.some(([a, b]) => a === from && b === to));
  const [[from, to, id]] = made.length ? made : [[0, 0, after[0]]];
  const parts = old
    .filter(([a, b]) => a >= from && b <= to)
    .map(([, , part]) => ({ id: part, ...tokens[part] }));
  return { token: { id, ...tokens[id] }, parts, places: made.map(([at]) => at) };
}

const named = ({ token, parts }) =>
  `${parts.map(namedToken).join(' + ')} → ${namedToken(token)} (${token.id})`;

/** Tokens as blocks over their bytes, and these over their bits. */
function blocksOf(ids, tokens, change) {
  let at = 0;
  return ids.map((id, index) => {
    const token = { id, ...tokens[id] };
    const fresh = change?.places.includes(at);
    at += token.bytes.length;
    return h(
      'div',
      { class: `block hue-${index % 6}${fresh ? ' fresh' : ''}` },
      h(
        'div.bytes',
        token.bytes.map((byte) =>
          h(
            'span.byte',
            h('small', { 'aria-hidden': 'true' }, byte.toString(2).padStart(8, '0').replace(/^..../, '$& ')),
            h('b', byte.toString(16).toUpperCase().padStart(2, '0')),
          ),
        ),
      ),
      h('div.name', h('code', namedToken(token)), ' ', h('span', String(id))),
    );
  });
}
