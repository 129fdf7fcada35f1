// The logit lens: what a model would say after each of its layers.

import { at, fill, h, mark, marks, roving } from './dom.js';
import { namedToken, percent } from './text.js';

/** A table of layers by places, with the likeliest token in each cell; the chosen cell tells five. */
export function showLens({ tokens, lens }) {
  const cells = [];
  const head = h(
    'tr',
    { role: 'row' },
    h('th', { scope: 'col', role: 'columnheader' }, h('span.quiet', 'layer')),
    tokens.map((token) => h('th', { scope: 'col', role: 'columnheader' }, h('code', namedToken(token)))),
  );
  const rows = lens.map((places, layer) =>
    h(
      'tr',
      { role: 'row' },
      h('th', { scope: 'row', role: 'rowheader' }, layer === lens.length - 1 ? 'answer' : String(layer)),
      places.map((guesses, place) => {
        const [best] = guesses;
        const right = tokens[place + 1] && best.id === tokens[place + 1].id;
        const cell = h(
          'td',
          {
            role: 'gridcell',
            tabindex: -1,
            'aria-label': `${namedToken(best)}, ${percent(best.probability)}${right ? ', right' : ''}`,
            class: right ? 'right' : null,
            style: { '--look': best.probability },
            onfocus: () => tell(layer, place),
            onpointerenter: () => tell(layer, place),
            onclick: (event) => event.currentTarget.focus(),
          },
          h('code', namedToken(best)),
        );
        cells.push(cell);
        return cell;
      }),
    ),
  );
  const table = h(
    'table',
    { id: 'lens', class: 'lens', role: 'grid', 'aria-labelledby': 'lens-title' },
    h('thead', { role: 'rowgroup' }, head),
    h('tbody', { role: 'rowgroup' }, rows),
  );
  at('lens').replaceWith(table);
  const wide = tokens.length;
  roving(table, 'td', (key, from) => {
    const to = from + ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[key] ?? NaN);
    return Number.isNaN(to) ? null : to;
  });
  cells.at(-1).tabIndex = 0;
  tell(lens.length - 1, wide - 1);

  function tell(layer, place) {
    table.querySelector('.told')?.classList.remove('told');
    cells[layer * wide + place].classList.add('told');
    const where = layer === lens.length - 1 ? 'The answer' : `After layer ${layer}`;
    fill(
      at('guess'),
      h('h3', `${where}, behind `, h('code.sample-token', namedToken(tokens[place]))),
      h(
        'ol.bars',
        lens[layer][place].map((guess) =>
          h(
            'li',
            h(
              'div',
              { class: `bar plain${guess.id === tokens[place + 1]?.id ? ' here' : ''}` },
              h('code', namedToken(guess)),
              marks(mark(guess.probability)),
              h('span.n', percent(guess.probability)),
            ),
          ),
        ),
      ),
      tokens[place + 1] &&
        h('p.quiet', 'In the sentence follows ', h('code', namedToken(tokens[place + 1])), '.'),
    );
  }
}
