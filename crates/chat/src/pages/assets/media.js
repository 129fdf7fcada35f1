// Pictures and sounds: what a model has of them, code by code, and what it made.

import { call } from './api.js';
import { fill, h } from './dom.js';
import { loading, problem } from './states.js';
import { count, counted } from './text.js';
import { tokenLine } from './tokens.js';

/** What a kind is called. */
export const WORDS = { image: 'picture', audio: 'sound' };

/** Places for codes over what they stand for: `cell(index)` is that of a code. */
export function mosaic({ kind, grid: { columns, rows, levels }, picture, rounded }) {
  const places = Array.from({ length: columns * rows }, () => h('span.cell'));
  const element = h(
    'span.mosaic',
    {
      class: kind,
      role: 'group',
      'aria-label': `a ${WORDS[kind]} in ${counted(columns * rows * levels, 'code')}`,
      style: { '--columns': columns, '--rows': rows, '--seen': `url("${picture ?? rounded}")` },
    },
    places,
  );
  return { element, cell: (index) => places[Math.floor(index / levels)] };
}

/** Where a code stands, in words. */
function placed({ kind, grid: { columns, levels } }, { id, number, level }, index) {
  const at = Math.floor(index / levels);
  const where =
    kind === 'image' ? `row ${Math.floor(at / columns) + 1}, column ${(at % columns) + 1}` : `step ${at + 1}`;
  return `${where}: code ${number}${levels > 1 ? ` of level ${level + 1}` : ''}, token ${count(id)}`;
}

/** What `/playground/media` tells: the codes over the picture, and beside it what they give back. */
export function seenView(seen) {
  const { kind, grid, tokens, seconds, decoded, picture } = seen;
  const fact = h('p.facts', { 'aria-live': 'off' }, 'Point at a code, or walk with the arrow keys.');
  const over = mosaic(seen);
  const line = tokenLine(`The ${WORDS[kind]} as codes`, {
    describe: (code, i) => placed(seen, code, i),
    onpoint: (i) => {
      fact.textContent = placed(seen, tokens[i], i);
    },
  });
  line.set(tokens.map((code, i) => ({ ...code, place: over.cell(i), shown: String(code.number) })));
  const size = grid.rows > 1 ? `${grid.columns} × ${grid.rows}` : count(grid.columns);
  const long = seconds === null ? '' : ` · ${seconds.toFixed(2)} s`;
  const levels = grid.levels > 1 ? `, ${grid.levels} codes each` : '';
  const back =
    kind === 'image'
      ? h('img.plain-picture', { src: decoded, alt: 'The picture as its codes give it back' })
      : h('audio', { controls: true, src: decoded, 'aria-label': 'The sound as its codes give it back' });
  return [
    h(
      'div.seen',
      h(
        'figure',
        h('figcaption', `${picture ? 'What it gets' : 'What they say'}: ${size} places${levels}${long}`),
        line.element,
      ),
      h('figure', h('figcaption', 'What the codes give back'), back),
    ),
    fact,
  ];
}

/** What somebody showed or played, small. */
export function givenView({ kind, url, name }) {
  const view =
    kind === 'image'
      ? h('img', { src: url, alt: `The picture ${name}` })
      : h('audio', { controls: true, src: url, 'aria-label': `The sound ${name}` });
  return h('div.given', view);
}

/** What a model drew or spoke, as an answer tells it: `{type, url, ids, error}`. */
export function madeView({ type, url, ids, error }, model) {
  const codes = h('div');
  const open = h('button.small', { type: 'button', 'aria-expanded': 'false', onclick: show }, 'Codes');
  const view =
    type === 'image'
      ? h('img.plain-picture', { src: url, alt: `A picture that ${model} drew` })
      : h('audio', { controls: true, src: url, 'aria-label': `A sound that ${model} made` });
  return h(
    'figure.made',
    url && view,
    error && h('p.failed', `A ${WORDS[type]} that is not whole: ${error}.`),
    h('figcaption', counted(ids.length, 'code'), ' ', url && open),
    codes,
  );

  async function show() {
    const shown = codes.hasChildNodes();
    open.setAttribute('aria-expanded', String(!shown));
    if (shown) return codes.replaceChildren();
    fill(codes, loading('Codes are read …'));
    try {
      fill(codes, ...seenView(await call('/playground/media/decode', { model, ids })));
    } catch (refusal) {
      fill(codes, problem(refusal));
    }
    return null;
  }
}
