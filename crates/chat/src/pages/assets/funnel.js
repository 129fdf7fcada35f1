// The funnel: how much came into each stage, how much stayed, and why the rest did not.

import { at, fill, h } from './dom.js';
import { count, counted, percent } from './text.js';

/** Reasons that are shown at once. */
const SHOWN = 8;

/** Shows stages; `choose(stage, reason)` is called with a reason, or with the kept of a stage and no reason. */
export function showFunnel(stages, choose) {
  const most = Math.max(1, ...stages.map((stage) => stage.in ?? 0));
  // where everything comes from stands first; what comes later and counts nothing would only hide what counts
  const first = stages.findIndex((stage) => stage.in);
  const [shown, others] = [[], []];
  stages.forEach((stage, i) => (stage.in || i < first ? shown : others).push(stage));
  fill(
    at('funnel'),
    shown.map((stage) =>
      h(
        'li.step',
        h('div.who', h('h3', stage.name), h('p.quiet', stage.use)),
        h('div', stage.in ? flow(stage, most, choose) : h('p.quiet', stage.summary)),
      ),
    ),
  );
  if (others.length) {
    at('funnel').after(
      h(
        'details',
        h('summary', `${counted(others.length, 'stage')} that leave nothing out`),
        h(
          'ul.others',
          others.map(({ name, summary }) => h('li', h('b', name), h('span.quiet', summary))),
        ),
      ),
    );
  }
}

function flow(stage, most, choose) {
  const dropped = stage.dropped.reduce((sum, { count: of }) => sum + of, 0);
  const width = (of) => ({ width: `${(100 * of) / most}%` });
  const scale = Math.max(1, ...stage.dropped.map(({ count: of }) => of));
  const row = ({ reason, count: of }) =>
    h(
      'li',
      stage.dropped_rows
        ? h(
            'button',
            { type: 'button', onclick: () => choose(stage.name, 'dropped', reason) },
            h('code', reason),
          )
        : h('code', reason),
      h('span.n', count(of)),
      h('span.n.quiet', percent(of / stage.in)),
      h('span.fall', { 'aria-hidden': 'true' }, h('i', { style: { width: `${(100 * of) / scale}%` } })),
    );
  const rest = stage.dropped.slice(SHOWN);
  return [
    h(
      'p',
      h('b', count(stage.in)),
      ' in, ',
      h('b.kept-word', count(stage.kept)),
      ` kept (${percent(stage.kept / stage.in)}), `,
      h('b.dropped-word', count(dropped)),
      ' left out',
      stage.documents && [
        ' · ',
        h('button.small', { type: 'button', onclick: () => choose(stage.name, 'kept', '') }, 'Read the kept'),
      ],
    ),
    h(
      'div.stream',
      { 'aria-hidden': 'true' },
      h('i.keep', { style: width(stage.kept) }),
      h('i.drop', { style: width(dropped) }),
    ),
    h('ul.reasons', stage.dropped.slice(0, SHOWN).map(row)),
    rest.length > 0 &&
      h('details', h('summary', `${rest.length} rarer reasons`), h('ul.reasons', rest.map(row))),
  ];
}
