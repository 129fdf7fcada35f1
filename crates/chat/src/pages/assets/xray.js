// The X-ray of an answer: every token of the talk as the model has it, who it belongs to, what fine-tuning would learn
// of it, and how likely each stage of the model's past finds it.

import { call } from './api.js';
import { at, fill, h } from './dom.js';
import { loading, problem } from './states.js';
import { namedToken, percent } from './text.js';
import { heat, tokenLine } from './tokens.js';

const VIEWS = { probability: 'probability', taught: 'taught by', role: 'role', learned: 'loss mask' };
const ROLES = { system: 'c', user: 'b', assistant: 'a', tool: 'd' };
const KINDS = { frame: 'a mark of the protocol', text: 'text', thought: 'a thought', tool_call: 'a tool call', tool_output: 'what a tool said' };
const STAGES = ['a', 'b', 'c', 'e', 'd', 'f'];

const probability = (logProb) => (logProb == null ? null : Math.exp(logProb));

/** Opens the dialog for an answer: `{model, messages, answer}`, as the server takes it. */
export async function showXray(request) {
  const body = at('xray-body');
  at('xray-title').textContent = `X-ray of an answer by ${request.model}`;
  fill(body, loading('Every stage reads the talk …'));
  if (!at('xray').open) at('xray').showModal();
  try {
    draw(body, await call('/playground/xray', request));
  } catch (refusal) {
    fill(body, problem(refusal, () => showXray(request)));
  }
}

function draw(body, { lineage, tokens }) {
  let [view, stage] = ['probability', lineage.length - 1];
  const legend = h('p', { class: 'legend-line' });
  const detail = h('div', { class: 'x-detail' });
  const line = tokenLine('The talk, token by token', {
    onpoint: (index) => fill(detail, about(tokens[index], lineage)),
    describe: (token) => `${namedToken(token)}, ${token.role}, ${KINDS[token.kind] ?? token.kind}${token.learned ? ', learned' : ''}`,
  });
  line.set(tokens);
  tokens.forEach((token, i) => line.element.children[i].classList.toggle('drawn', token.answer));

  const stages = h('div', { class: 'choice', role: 'radiogroup', 'aria-label': 'Stage' },
    radios('xray-stage', lineage.map((each, i) => [i, each.stage]), stage, (value) => { stage = Number(value); paint(); }));
  const views = h('div', { class: 'choice', role: 'radiogroup', 'aria-label': 'Colour by' },
    radios('xray-view', Object.entries(VIEWS), view, (value) => { view = value; paint(); }));
  fill(body,
    h('div', { class: 'row' }, h('span', { class: 'label' }, 'Colour by'), views, stages),
    h('div', { class: 'x-ray' }, h('div', {}, legend, h('div', { class: 'x-tokens' }, line.element)), detail),
    verdict(lineage, tokens), table(lineage, tokens));
  fill(detail, h('p', { class: 'quiet' }, 'Point at a token, or walk with the arrow keys. Underlined ones were drawn just now.'));
  paint();

  function paint() {
    stages.hidden = view !== 'probability';
    line.element.classList.toggle('flat', view !== 'probability');
    line.mark((token) => look(token, view, stage));
    fill(legend, legendOf(view, lineage));
  }
}

function look(token, view, stage) {
  const colour = {
    taught: token.taught_by === null ? null : STAGES[token.taught_by % STAGES.length],
    role: ROLES[token.role],
    learned: token.learned ? 'a' : null,
  }[view];
  return { '--heat': heat(token.log_probs?.[stage] ?? null), '--hue': colour ? `var(--${colour})` : 'transparent' };
}

function legendOf(view, lineage) {
  const key = (colour, word) => h('span', { class: 'swatch', style: { '--hue': colour ? `var(--${colour})` : 'transparent' } }, word);
  if (view === 'probability') return [h('span', {}, 'sure'), h('i', { class: 'ramp', 'aria-hidden': 'true' }), h('span', {}, 'one in a thousand')];
  if (view === 'taught') return lineage.map(({ stage, use }, i) => key(STAGES[i % STAGES.length], `${stage} (${use}) raised it most`));
  if (view === 'role') return Object.entries(ROLES).map(([role, colour]) => key(colour, role));
  return [key('a', 'learned: fine-tuning would raise it'), key(null, 'only read')];
}

function about(token, lineage) {
  const facts = [`token ${token.id}`, token.role, KINDS[token.kind] ?? token.kind, token.learned ? 'learned' : 'not learned', token.answer && 'drawn just now'];
  return [
    h('p', {}, h('code', { class: 'sample-token' }, namedToken(token))),
    h('p', { class: 'quiet' }, facts.filter(Boolean).join(' · ')),
    token.log_probs ? h('ul', { class: 'x-stages' }, lineage.map(({ stage }, i) => {
      const share = probability(token.log_probs[i]);
      return h('li', {}, h('span', {}, stage, i === token.taught_by && h('em', { class: 'tag' }, 'taught it')),
        h('span', { class: 'marks' }, h('i', { class: 'own', style: { width: `${100 * share}%` } })), h('span', { class: 'n' }, percent(share)));
    })) : h('p', { class: 'quiet' }, 'The very first token: nothing stood before it.'),
  ];
}

/** How likely each stage finds the answer as a whole. */
function verdict(lineage, tokens) {
  const drawn = tokens.filter((token) => token.answer && token.log_probs);
  if (!drawn.length) return null;
  return h('p', { class: 'x-verdict' }, 'A token of this answer has, in the geometric mean, ', lineage.map(({ stage }, i) => {
    const mean = drawn.reduce((sum, token) => sum + token.log_probs[i], 0) / drawn.length;
    return [i ? (i === lineage.length - 1 ? ' and ' : ', ') : '', h('b', {}, percent(Math.exp(mean))), ` under ${stage}`];
  }).flat(), '.');
}

function table(lineage, tokens) {
  const head = ['token', 'id', 'role', 'kind', 'learned', ...lineage.map(({ stage }) => stage), 'taught by'];
  return h('details', {}, h('summary', {}, 'The same as a table'), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Tokens as a table' },
    h('table', { class: 'dense' },
      h('thead', {}, h('tr', {}, head.map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, tokens.map((token) => h('tr', {}, h('th', { scope: 'row' }, h('code', {}, namedToken(token))),
        [token.id, token.role, token.kind, token.learned ? 'yes' : 'no'].map((value) => h('td', {}, String(value))),
        lineage.map((_, i) => h('td', { class: 'n' }, token.log_probs ? percent(probability(token.log_probs[i])) : '–')),
        h('td', {}, token.taught_by === null ? '–' : lineage[token.taught_by].stage)))))));
}

function radios(name, options, chosen, change) {
  return options.map(([value, label]) => h('label', {},
    h('input', { type: 'radio', name, value, checked: value === chosen, onchange: () => change(value) }), label));
}
