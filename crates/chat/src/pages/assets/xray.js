// The X-ray of an answer: every token of the talk as the model has it, who it belongs to, what fine-tuning would learn
// of it, and how likely each stage of the model's past finds it.

import { call } from './api.js';
import { at, fill, h, mark, marks, wideTable } from './dom.js';
import { VIEWS, legend as legendOf, look } from './legend.js';
import { mosaic } from './media.js';
import { loading, problem } from './states.js';
import { namedToken, percent } from './text.js';
import { tokenLine } from './tokens.js';

const KINDS = {
  frame: 'a mark of the protocol',
  text: 'text',
  thought: 'a thought',
  tool_call: 'a tool call',
  tool_output: 'what a tool said',
  image: 'a code of a picture',
  audio: 'a code of a sound',
};

const probability = (logProb) => (logProb == null ? null : Math.exp(logProb));

/** Opens the dialog for an answer: `{model, messages, answer}`, as the server takes it. */
export async function showXray(request) {
  const body = at('xray-body');
  at('xray-title').textContent = `X-ray of an answer by ${request.model}`;
  fill(body, loading('Every stage reads the talk …'));
  if (!at('xray').open) at('xray').showModal();
  try {
    const seen = await call('/playground/xray', request);
    seen.media.forEach((medium) => place(seen.tokens, medium));
    draw(body, seen);
  } catch (refusal) {
    fill(
      body,
      problem(refusal, () => showXray(request)),
    );
  }
}

/** Gives codes their places over what they stand for; those of nothing whole stand in the line. */
function place(tokens, { at: start, ...seen }) {
  const over = mosaic(seen);
  seen.ids.forEach((_, i) => Object.assign(tokens[start + i], { place: over.cell(i), shown: '' }));
}

function draw(body, { lineage, tokens }) {
  let [view, stage] = ['probability', lineage.length - 1];
  const legend = h('p.legend-line');
  const detail = h('div.x-detail');
  const line = tokenLine('The talk, token by token', {
    onpoint: (index) => fill(detail, about(tokens[index], lineage)),
    describe: (token) =>
      `${namedToken(token)}, ${token.role}, ${KINDS[token.kind] ?? token.kind}${token.learned ? ', learned' : ''}`,
  });
  line.set(tokens);
  tokens.forEach((token, i) => line.spans[i].classList.toggle('drawn', token.answer));

  const stages = h(
    'div.choice',
    { role: 'radiogroup', 'aria-label': 'Stage' },
    radios(
      'xray-stage',
      lineage.map((each, i) => [i, each.stage]),
      stage,
      (value) => {
        stage = Number(value);
        paint();
      },
    ),
  );
  const views = h(
    'div.choice',
    { role: 'radiogroup', 'aria-label': 'Colour by' },
    radios('xray-view', Object.entries(VIEWS), view, (value) => {
      view = value;
      paint();
    }),
  );
  fill(
    body,
    h('div.row', h('span.label', 'Colour by'), views, stages),
    h(
      'div.x-ray',
      h(
        'div',
        legend,
        h('div.x-tokens', line.element),
        h('p.facts', 'Underlined tokens were drawn just now. Point at one, or walk with the arrow keys.'),
      ),
      detail,
    ),
    verdict(lineage, tokens),
    table(lineage, tokens),
  );
  paint();
  const first = Math.max(
    0,
    tokens.findIndex((token) => token.answer),
  );
  line.select(first);
  fill(detail, about(tokens[first], lineage));

  function paint() {
    stages.hidden = view !== 'probability' || lineage.length === 1;
    line.element.classList.toggle('flat', view !== 'probability');
    line.mark((token) => look(token, view, stage));
    fill(legend, legendOf(view, lineage));
  }
}

function about(token, lineage) {
  const facts = [
    `token ${token.id}`,
    token.role,
    KINDS[token.kind] ?? token.kind,
    token.learned ? 'learned' : 'not learned',
    token.answer && 'drawn just now',
  ];
  return [
    h('p', h('code.sample-token', namedToken(token))),
    h('p.quiet', facts.filter(Boolean).join(' · ')),
    token.log_probs
      ? h(
          'ul.x-stages',
          lineage.map(({ stage }, i) => {
            const share = probability(token.log_probs[i]);
            return h(
              'li',
              h('span', stage, i === token.taught_by && h('em.tag', 'taught it')),
              marks(mark(share)),
              h('span.n', percent(share)),
            );
          }),
        )
      : h('p.quiet', 'The very first token: nothing stood before it.'),
  ];
}

/** How likely each stage finds the answer as a whole. */
function verdict(lineage, tokens) {
  const drawn = tokens.filter((token) => token.answer && token.log_probs);
  if (!drawn.length) return null;
  return h(
    'p.x-verdict',
    'A token of this answer has, in the geometric mean, ',
    lineage
      .map(({ stage }, i) => {
        const mean = drawn.reduce((sum, token) => sum + token.log_probs[i], 0) / drawn.length;
        return [
          i ? (i === lineage.length - 1 ? ' and ' : ', ') : '',
          h('b', percent(Math.exp(mean))),
          ` under ${stage}`,
        ];
      })
      .flat(),
    '.',
  );
}

function table(lineage, tokens) {
  const head = ['token', 'id', 'role', 'kind', 'learned', ...lineage.map(({ stage }) => stage), 'taught by'];
  return h(
    'details',
    h('summary', 'The same as a table'),
    wideTable(
      'Tokens as a table',
      { class: 'dense' },
      h(
        'thead',
        h(
          'tr',
          head.map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        tokens.map((token) =>
          h(
            'tr',
            h('th', { scope: 'row' }, h('code', namedToken(token))),
            [token.id, token.role, token.kind, token.learned ? 'yes' : 'no'].map((value) =>
              h('td', String(value)),
            ),
            lineage.map((_, i) =>
              h('td.n', token.log_probs ? percent(probability(token.log_probs[i])) : '–'),
            ),
            h('td', token.taught_by === null ? '–' : lineage[token.taught_by].stage),
          ),
        ),
      ),
    ),
  );
}

function radios(name, options, chosen, change) {
  return options.map(([value, label]) =>
    h(
      'label',
      h('input', { type: 'radio', name, value, checked: value === chosen, onchange: () => change(value) }),
      label,
    ),
  );
}
