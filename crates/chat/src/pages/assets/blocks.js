// The parts of a model: their shapes, numbers and work.

import { at, fill, h, mark, marks } from './dom.js';
import { count, short } from './text.js';

/** A table of blocks, with bars for parameters and for work per token. */
export function showBlocks({ blocks, parameters, flops_per_token: flops }) {
  at('blocks-lead').textContent =
    `${count(parameters)} numbers were learned. To read one token they are multiplied and added ` +
    `in about ${short(flops)} operations: twice per number that a token meets, and more for looking back.`;
  const most = {
    parameters: Math.max(...blocks.map((block) => block.parameters), 1),
    work: Math.max(...blocks.map((block) => block.flops_per_token), 1),
  };
  fill(
    at('blocks'),
    h(
      'thead',
      h(
        'tr',
        h('th', { scope: 'col' }, 'block'),
        h('th', { scope: 'col', colspan: 2 }, 'parameters'),
        h('th', { scope: 'col', colspan: 2 }, 'operations a token'),
        h('th', { scope: 'col' }, 'shapes'),
      ),
    ),
    h(
      'tbody',
      blocks.map((block) =>
        h(
          'tr',
          h('th', { scope: 'row' }, block.name),
          cells(block.parameters, most.parameters, 'own'),
          cells(block.flops_per_token, most.work, 'share'),
          h('td.shapes', shapes(block)),
        ),
      ),
    ),
    h(
      'tfoot',
      h(
        'tr',
        h('th', { scope: 'row' }, 'together'),
        h('td.n', short(parameters)),
        h('td.wide'),
        h('td.n', short(flops)),
        h('td.wide'),
        h('td'),
      ),
    ),
  );
}

const cells = (value, most, kind) => [
  h('td.n', value ? short(value) : '–'),
  h('td.wide', marks(mark(value / most, kind))),
];

const shapes = ({ shapes: all }) =>
  all.map(({ name, shape }) => h('span.shape', name && h('span.quiet', `${name} `), shape.join(' × ')));
