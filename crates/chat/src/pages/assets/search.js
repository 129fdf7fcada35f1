// Words looked for in the texts that were trained on.

import { call } from './api.js';
import { announce, at, chips, fill, h, latest } from './dom.js';
import { empty, loading, problem } from './states.js';
import { counted } from './text.js';

const MOST = 50;
/** Places that are shown at once. */
const SHOWN = 12;

/** Makes the search live. */
export function searching(run) {
  const find = latest(
    (signal) =>
      call(
        `/playground/search?${new URLSearchParams({ phrase: at('phrase').value, limit: MOST })}`,
        null,
        signal,
      ),
    (found, refusal) => (refusal ? fill(at('found'), problem(refusal, find)) : show(found)),
  );
  const go = () => {
    fill(at('found'), loading('Looking through all texts …'));
    find();
  };
  at('search').addEventListener('submit', (event) => {
    event.preventDefault();
    go();
  });
  const words = run.openings.slice(0, 3).map((opening) => opening.split(' ').slice(0, 4).join(' '));
  fill(
    at('found'),
    h(
      'div.row',
      chips(words, (word) => {
        at('phrase').value = word;
        go();
      }),
    ),
  );
}

function show(found) {
  const phrase = at('phrase').value;
  const searched = `${found.complete ? '' : 'the first '}${counted(found.documents, 'document')}`;
  if (!found.matches) {
    announce('Not found');
    return fill(
      at('found'),
      empty(
        'Not found',
        `“${phrase}” stands in none of ${searched} that were searched. If the model says it all the same, it made it up, or put it together.`,
      ),
    );
  }
  const told = `${counted(found.matches, 'time')} in ${counted(found.documents_with, 'document')}, of ${searched}`;
  announce(told);
  const left = found.rows.slice(SHOWN);
  const list = h('ol.matches', found.rows.slice(0, SHOWN).map(place));
  const more = h(
    'button',
    {
      type: 'button',
      onclick: () => {
        more.remove();
        list.append(...left.map(place));
      },
    },
    `Show ${left.length} more`,
  );
  return fill(
    at('found'),
    h(
      'p.facts',
      told,
      found.rows.length < found.matches && `; the first ${found.rows.length} can be read here`,
    ),
    list,
    left.length > 0 && more,
  );
}

/** A place in a text, with what stands around it. */
function place({ before, found, after, url, id }) {
  const line = (text) => text.replace(/\s+/g, ' ');
  return h(
    'li',
    h(
      'p.match',
      h('span.before', h('bdi', line(before))),
      h('mark', line(found)),
      h('span.after', h('bdi', line(after))),
    ),
    h('p.quiet', h('bdi', url ?? id)),
  );
}
