// Attention, head by head: small pictures of all of them, a large one of the chosen, and numbers for the chosen token.

import { at, fill, h, roving } from './dom.js';
import { namedToken, percent } from './text.js';
import { tokenLine } from './tokens.js';

/** Others that the table names. */
const NAMED = 8;
const dark = matchMedia('(prefers-color-scheme: dark)');
let redraw = () => {};
let chosen = { layer: 0, head: 0 };
dark.addEventListener('change', () => redraw());

/** Shows the attention of one reading. */
export function showHeads({ tokens, layers, heads, attention }) {
  const size = tokens.length;
  const weights = attention.map((layer) => Uint8Array.from(atob(layer), (char) => char.charCodeAt(0)));
  const weight = (layer, head, query, key) => weights[layer][(head * size + query) * size + key] / 255;
  let query = size - 1;
  chosen = { layer: Math.min(chosen.layer, layers - 1), head: Math.min(chosen.head, heads - 1) };

  const line = tokenLine('The sentence: choose who looks', { onpoint: (index) => { query = index; look(); } });
  line.set(tokens);
  line.element.classList.add('looking');
  fill(at('looks'), line.element);

  const small = [];
  fill(at('heads'), Array.from({ length: layers }, (_, layer) => h('div', { class: 'layer' },
    h('span', { class: 'quiet', 'aria-hidden': 'true' }, `${layer}`),
    Array.from({ length: heads }, (_, head) => {
      const canvas = h('canvas', { width: size, height: size, 'aria-hidden': 'true' });
      const button = h('button', {
        type: 'button', 'aria-label': `Layer ${layer}, head ${head}`, tabindex: -1,
        onclick: () => choose(layer, head), onfocus: () => choose(layer, head),
      }, canvas);
      small.push({ layer, head, canvas, button });
      return button;
    }))));
  if (!at('heads').dataset.roving) {
    roving(at('heads'), 'button', (key, from) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow(), ArrowDown: perRow() }[key];
      return by === undefined ? null : from + by;
    });
    at('heads').dataset.roving = 'yes';
  }
  const canvas = at('large');
  canvas.onpointermove = (event) => {
    const row = rowAt(canvas, event, size);
    if (row === query) return;
    query = row;
    line.select(row);
    look();
  };

  redraw = () => {
    const [ink, paper] = [colour('--a'), colour('--card')];
    for (const { layer, head, canvas: to } of small) paint(to, size, (i, j) => weight(layer, head, i, j), ink, paper);
    choose(chosen.layer, chosen.head);
  };
  line.select(query);
  redraw();

  function choose(layer, head) {
    chosen = { layer, head };
    for (const each of small) {
      const is = each.layer === layer && each.head === head;
      each.button.setAttribute('aria-pressed', String(is));
      each.button.tabIndex = is ? 0 : -1;
    }
    at('head-title').textContent = `Layer ${layer}, head ${head}`;
    look();
  }

  function look() {
    const { layer, head } = chosen;
    const row = tokens.map((_, key) => (key <= query ? weight(layer, head, query, key) : 0));
    line.mark((_, key) => ({ '--look': row[key] }));
    line.tokens.forEach((_, key) => line.element.children[key].classList.toggle('after', key > query));
    const picture = large(canvas, tokens, (i, j) => weight(layer, head, i, j), query);
    canvas.setAttribute('aria-label', `Layer ${layer}, head ${head}: ${picture}`);
    fill(at('looked-title'), h('code', { class: 'sample-token' }, namedToken(tokens[query])), ' looks at');
    const best = row.map((share, key) => ({ share, key })).sort((a, b) => b.share - a.share).slice(0, NAMED).filter(({ share }) => share > 0);
    fill(at('looked'),
      h('thead', { class: 'unseen' }, h('tr', {}, ['token', 'bar', 'attention'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, best.map(({ share, key }) => h('tr', {},
        h('th', { scope: 'row' }, h('code', {}, namedToken(tokens[key])), h('small', { class: 'quiet' }, key === query ? ' itself' : ` ${query - key} back`)),
        h('td', { class: 'wide' }, h('span', { class: 'marks' }, h('i', { class: 'own', style: { width: `${100 * share}%` } }))),
        h('td', { class: 'n' }, percent(share))))));
  }
}

const perRow = () => at('heads').querySelector('.layer').querySelectorAll('button').length;

const colour = (name) => {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
};

/** A square of so many cells, each a pixel. The root brings out what is small. */
function paint(canvas, size, share, ink, paper) {
  const image = new ImageData(size, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const much = j <= i ? Math.sqrt(share(i, j)) : 0;
      const at = (i * size + j) * 4;
      for (let part = 0; part < 3; part++) image.data[at + part] = paper[part] + (ink[part] - paper[part]) * much;
      image.data[at + 3] = 255;
    }
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
}

const LABELS = 92;
const cellOf = (size) => Math.max(11, Math.min(38, Math.floor(440 / size)));

function rowAt(canvas, event, size) {
  const y = (event.offsetY * (LABELS + cellOf(size) * size)) / canvas.clientHeight - LABELS;
  return Math.max(0, Math.min(size - 1, Math.floor(y / cellOf(size))));
}

/** The chosen head with its tokens on both sides, and the row of the token that looks. */
function large(canvas, tokens, share, query) {
  const [size, cell, scale] = [tokens.length, cellOf(tokens.length), window.devicePixelRatio || 1];
  const side = LABELS + cell * size;
  Object.assign(canvas, { width: side * scale, height: side * scale });
  Object.assign(canvas.style, { width: `${side}px`, height: `${side}px` });
  const pen = canvas.getContext('2d');
  const css = getComputedStyle(document.documentElement);
  const of = (name) => css.getPropertyValue(name).trim();
  pen.scale(scale, scale);
  const cells = document.createElement('canvas');
  cells.width = cells.height = size;
  paint(cells, size, share, colour('--a'), colour('--card'));
  pen.imageSmoothingEnabled = false;
  pen.drawImage(cells, LABELS, LABELS, cell * size, cell * size);
  pen.strokeStyle = of('--rule');
  pen.strokeRect(LABELS - 0.5, LABELS - 0.5, cell * size + 1, cell * size + 1);
  pen.strokeStyle = of('--b');
  pen.lineWidth = 2;
  pen.strokeRect(LABELS, LABELS + query * cell, (query + 1) * cell, cell);
  pen.font = `${Math.min(12, cell)}px ${of('--mono')}`;
  pen.textBaseline = 'middle';
  tokens.forEach((token, i) => {
    const name = [...namedToken(token)].slice(0, 11).join('');
    const middle = LABELS + (i + 0.5) * cell;
    pen.fillStyle = of(i === query ? '--b' : '--quiet');
    pen.textAlign = 'right';
    pen.fillText(name, LABELS - 6, middle);
    pen.save();
    pen.translate(middle, LABELS - 6);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = 'left';
    pen.fillStyle = of('--quiet');
    pen.fillText(name, 0, 0);
    pen.restore();
  });
  return `attention of ${size} tokens to those before them; the table beside it has the numbers of the chosen one`;
}
