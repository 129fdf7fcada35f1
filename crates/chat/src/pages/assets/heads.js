// Attention, head by head: small pictures of all of them, a large one of the chosen, and numbers for the chosen token.

import { at, fill, h, mark, marks, roving } from './dom.js';
import { colour, large, paint, rowAt } from './heatmap.js';
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

  const line = tokenLine('The sentence: choose who looks', {
    onpoint: (index) => {
      query = index;
      look();
    },
  });
  line.set(tokens);
  line.element.classList.add('looking');
  fill(at('looks'), line.element);

  const small = [];
  fill(
    at('heads'),
    Array.from({ length: layers }, (_, layer) =>
      h(
        'div.layer',
        h('span.quiet', { 'aria-hidden': 'true' }, `${layer}`),
        Array.from({ length: heads }, (_, head) => {
          const canvas = h('canvas', { width: size, height: size, 'aria-hidden': 'true' });
          const button = h(
            'button',
            {
              type: 'button',
              'aria-label': `Layer ${layer}, head ${head}`,
              tabindex: -1,
              onclick: () => choose(layer, head),
              onfocus: () => choose(layer, head),
            },
            canvas,
          );
          small.push({ layer, head, canvas, button });
          return button;
        }),
      ),
    ),
  );
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
    for (const { layer, head, canvas: to } of small)
      paint(to, size, (i, j) => weight(layer, head, i, j), ink, paper);
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
    fill(at('looked-title'), h('code.sample-token', namedToken(tokens[query])), ' looks at');
    const best = row
      .map((share, key) => ({ share, key }))
      .sort((a, b) => b.share - a.share)
      .slice(0, NAMED)
      .filter(({ share }) => share > 0);
    fill(
      at('looked'),
      h(
        'thead.unseen',
        h(
          'tr',
          ['token', 'bar', 'attention'].map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        best.map(({ share, key }) =>
          h(
            'tr',
            h(
              'th',
              { scope: 'row' },
              h('code', namedToken(tokens[key])),
              h('small.quiet', key === query ? ' itself' : ` ${query - key} back`),
            ),
            h('td.wide', marks(mark(share))),
            h('td.n', percent(share)),
          ),
        ),
      ),
    );
  }
}

const perRow = () => at('heads').querySelector('.layer').querySelectorAll('button').length;
