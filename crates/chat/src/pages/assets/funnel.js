// The funnel: how much came into each stage, how much stayed, and why the rest did not.

import { at, fill, h } from './dom.js';
import { count, percent } from './text.js';

/** Reasons that are shown at once. */
const SHOWN = 8;

/** Shows stages; `choose(stage, reason)` is called with a reason, or with the kept of a stage and no reason. */
export function showFunnel(stages, choose) {
  const most = Math.max(1, ...stages.map((stage) => stage.in ?? 0));
  fill(at('funnel'), stages.map((stage) => h('li', { class: 'step' },
    h('div', { class: 'who' }, h('h3', {}, stage.name), h('p', { class: 'quiet' }, stage.use)),
    h('div', {}, stage.in ? flow(stage, most, choose) : h('p', { class: 'quiet' }, stage.summary)))));
}

function flow(stage, most, choose) {
  const dropped = stage.dropped.reduce((sum, { count: of }) => sum + of, 0);
  const width = (of) => ({ width: `${(100 * of) / most}%` });
  const scale = Math.max(1, ...stage.dropped.map(({ count: of }) => of));
  const row = ({ reason, count: of }) => h('li', {},
    stage.dropped_rows ? h('button', { type: 'button', onclick: () => choose(stage.name, 'dropped', reason) }, h('code', {}, reason)) : h('code', {}, reason),
    h('span', { class: 'n' }, count(of)), h('span', { class: 'n quiet' }, percent(of / stage.in)),
    h('span', { class: 'fall', 'aria-hidden': 'true' }, h('i', { style: { width: `${(100 * of) / scale}%` } })));
  const rest = stage.dropped.slice(SHOWN);
  return [
    h('p', {}, h('b', {}, count(stage.in)), ' in, ', h('b', { class: 'kept-word' }, count(stage.kept)), ` kept (${percent(stage.kept / stage.in)}), `,
      h('b', { class: 'dropped-word' }, count(dropped)), ' left out',
      stage.documents && [' · ', h('button', { type: 'button', class: 'small', onclick: () => choose(stage.name, 'kept', '') }, 'Read the kept')]),
    h('div', { class: 'stream', 'aria-hidden': 'true' }, h('i', { class: 'keep', style: width(stage.kept) }), h('i', { class: 'drop', style: width(dropped) })),
    h('ul', { class: 'reasons' }, stage.dropped.slice(0, SHOWN).map(row)),
    rest.length > 0 && h('details', {}, h('summary', {}, `${rest.length} rarer reasons`), h('ul', { class: 'reasons' }, rest.map(row))),
  ];
}
