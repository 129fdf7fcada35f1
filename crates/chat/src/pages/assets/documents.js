// Documents that were kept or left out, page by page.

import { call } from './api.js';
import { at, fill, h, latest } from './dom.js';
import { remember } from './page.js';
import { empty, loading, problem } from './states.js';
import { count } from './text.js';

const PAGE = 12;
/** Characters of a text that are shown before somebody asks for more. */
const BEGINNING = 320;

/** Makes the browser of documents live; its `go(stage, kind, reason)` shows those. */
export function browse(stages) {
  const readable = stages.filter((stage) => stage.documents || stage.dropped_rows);
  const [stage, reason] = [at('stage'), at('reason')];
  let offset = 0;
  fill(
    stage,
    readable.map(({ name }) => h('option', name)),
  );
  if (!readable.length) {
    fill(
      at('documents'),
      empty('No stage of this run keeps its documents', 'There is nothing to read here.'),
    );
    at('filter').hidden = true;
    return { go() {} };
  }
  const kind = () => document.querySelector('input[name="kind"]:checked').value;
  const setKind = (to) => {
    document.querySelector(`input[name="kind"][value="${to}"]`).checked = true;
  };

  const load = latest(
    (signal) => {
      const query = {
        stage: stage.value,
        kind: kind(),
        reason: kind() === 'dropped' ? reason.value : '',
        offset,
        limit: PAGE,
      };
      remember({ stage: query.stage, kind: query.kind, reason: query.reason, offset: offset || '' });
      at('documents').setAttribute('aria-busy', 'true');
      return call(
        `/playground/documents?${new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))}`,
        null,
        signal,
      );
    },
    (found, refusal) => {
      at('documents').removeAttribute('aria-busy');
      fill(at('pager'));
      if (refusal) return fill(at('documents'), problem(refusal, load));
      if (!found.rows.length)
        return fill(at('documents'), empty('None', 'No document of this stage is like that.'));
      fill(at('documents'), found.rows.map(card));
      return pager(found);
    },
  );

  function pager({ total, rows }) {
    const move = (by) => () => {
      offset += by;
      load();
      at('documents-title').focus();
    };
    fill(
      at('pager'),
      h('button', { type: 'button', disabled: offset === 0, onclick: move(-PAGE) }, '← Before'),
      h('span.n', `${count(offset + 1)}–${count(offset + rows.length)} of ${count(total)}`),
      h('button', { type: 'button', disabled: offset + rows.length >= total, onclick: move(PAGE) }, 'Next →'),
    );
  }

  /** Offers what the chosen stage has. */
  function offer() {
    const chosen = readable.find(({ name }) => name === stage.value);
    document.querySelector('input[value="kept"]').disabled = !chosen.documents;
    document.querySelector('input[value="dropped"]').disabled = !chosen.dropped_rows;
    if (!chosen.dropped_rows) setKind('kept');
    if (!chosen.documents) setKind('dropped');
    fill(
      reason,
      h('option', { value: '' }, 'any'),
      chosen.dropped.map((each) =>
        h('option', { value: each.reason }, `${each.reason} (${count(each.count)})`),
      ),
    );
    reason.disabled = kind() === 'kept';
  }

  function go(name, wanted, why, from = 0) {
    stage.value = name;
    setKind(wanted);
    offer();
    reason.value = why;
    reason.disabled = kind() === 'kept';
    offset = from;
    load();
  }

  const changed = () => {
    offset = 0;
    reason.disabled = kind() === 'kept';
    load();
  };
  stage.addEventListener('change', () => {
    offer();
    changed();
  });
  for (const input of document.querySelectorAll('input[name="kind"]'))
    input.addEventListener('change', changed);
  reason.addEventListener('change', changed);

  const asked = new URLSearchParams(location.search);
  const known = readable.some(({ name }) => name === asked.get('stage'));
  fill(at('documents'), loading('Reading …'));
  go(
    known ? asked.get('stage') : readable[0].name,
    asked.get('kind') === 'kept' ? 'kept' : 'dropped',
    asked.get('reason') ?? '',
    Number(asked.get('offset')) || 0,
  );
  return {
    go(...place) {
      go(...place);
      at('documents-title').focus();
    },
  };
}

function card(row) {
  const signals = Object.entries(row.signals ?? {});
  return h(
    'article.panel.document',
    h(
      'header',
      h('h3', h('bdi', row.url ?? row.id ?? 'no address')),
      row.reason && h('span.tag.b', row.reason),
    ),
    row.detail && h('p.detail', h('bdi', row.detail)),
    row.text ? text(row) : h('p.quiet', 'No text was kept.'),
    h(
      'footer',
      row.language && h('span', `${row.language} ${Number(row.language_score ?? 0).toFixed(2)}`),
      signals.length > 0 &&
        h(
          'details',
          h('summary', `${signals.length} signals`),
          h(
            'div.signals',
            { tabindex: 0, role: 'region', 'aria-label': 'Signals' },
            h(
              'table.dense',
              h(
                'tbody',
                signals.map(([name, value]) =>
                  h('tr', h('th', { scope: 'row' }, h('code', name)), h('td.n', number(value))),
                ),
              ),
            ),
          ),
        ),
    ),
  );
}

const number = (value) => (Number.isInteger(value) ? count(value) : Number(value).toFixed(3));

function text(row) {
  const quote = h('blockquote', { dir: 'auto' }, beginning(row.text));
  if (row.text.length <= BEGINNING) return quote;
  const more = h('button.small', { type: 'button', 'aria-expanded': 'false' }, 'Read on');
  more.addEventListener('click', () => {
    const open = more.getAttribute('aria-expanded') === 'false';
    fill(quote, open ? row.text : beginning(row.text), open && row.cut && h('em.quiet', ' (cut here)'));
    more.setAttribute('aria-expanded', String(open));
    more.textContent = open ? 'Less' : 'Read on';
  });
  return [quote, more];
}

function beginning(whole) {
  if (whole.length <= BEGINNING) return whole;
  const space = whole.lastIndexOf(' ', BEGINNING);
  return `${whole.slice(0, space > BEGINNING - 40 ? space : BEGINNING).trimEnd()} …`;
}
