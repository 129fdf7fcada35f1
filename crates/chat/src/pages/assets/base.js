// The base model's page: a text as it is written, the lottery behind each of its tokens, and the ways not taken.

import { showOdds, showTop } from './bars.js';
import { announce, at, chips, debounced, fill, h, latest } from './dom.js';
import { offerModels, open } from './page.js';
import { knobs } from './settings.js';
import { empty, loading, problem } from './states.js';
import { namedToken, percent } from './text.js';
import { heat, tokenLine } from './tokens.js';
import { branchList } from './branches.js';
import { readPrompt, write } from './writing.js';

/** Stands behind the last token: what comes next. */
const NEXT = { id: -1, text: ' … ', next: true };

open(async (run) => {
  const models = run.models;
  const [prompt, trouble] = [at('prompt'), at('trouble')];
  offerModels(at('model'), models);
  const settings = knobs(
    at('settings'),
    ['temperature', 'top_k', 'top_p', 'min_p'],
    debounced(120, () => odds()),
  );
  const line = tokenLine('The text, token by token', { onpoint: point, describe });
  const branches = branchList(at('branches-part'), at('branches'), (branch) => show(branch));
  let shown = { tokens: [], given: 0 };
  let place = 0;
  let writing = null;

  at('openings').append(
    ...chips(run.openings, (opening) => {
      prompt.value = opening;
      read();
    }),
  );
  prompt.value = run.openings[0] ?? 'The';
  prompt.addEventListener(
    'input',
    debounced(350, () => read()),
  );
  at('model').addEventListener('change', () => read());
  at('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    go(Number(at('most').value));
  });
  at('one').addEventListener('click', () => go(1));
  at('stop').addEventListener('click', () => writing?.abort());
  const odds = showOdds({
    sequence: () => ({ model: at('model').value, tokens: shown.tokens, place }),
    settings: () => settings.values(),
    take: (candidate) => branch(candidate),
    again: () => branch(null),
  });

  const read = latest(
    async (signal) => {
      writing?.abort();
      return readPrompt(at('model').value, prompt.value, signal);
    },
    (tokens, refusal) => {
      if (at('text').querySelector('.loading')) fill(at('text'));
      if (refusal)
        return fill(
          trouble,
          problem(refusal, () => read()),
        );
      fill(trouble);
      return show({ tokens, given: tokens.length });
    },
  );
  fill(at('text'), loading('The model reads …'));
  read();

  /** Shows a text; what comes next is chosen. */
  function show(branch) {
    shown = branch;
    fill(at('text'), line.element);
    line.set([...branch.tokens, NEXT]);
    line.element.lastChild.classList.add('next');
    line.element.lastChild.setAttribute('aria-label', 'what comes next');
    paint();
    line.select(branch.tokens.length);
    point(branch.tokens.length);
    branches.current(branch);
  }

  function paint() {
    line.mark((token) => ({ '--heat': heat(token.logProb ?? null) }));
    line.tokens.forEach((token, i) => line.element.children[i].classList.toggle('given', i < shown.given));
  }

  function point(index) {
    if (writing) return;
    place = index;
    const token = shown.tokens[index];
    fill(
      at('about-token'),
      token
        ? [
            h('code.sample-token', namedToken(token)),
            index < shown.given ? ' was given' : ' was drawn',
            token.logProb == null ? '' : ` · the model gave it ${percent(Math.exp(token.logProb))}`,
            ` · token ${token.id}`,
          ]
        : 'Nothing stands here yet: this is what the model expects.',
    );
    odds();
  }

  function describe(token) {
    return token.logProb == null
      ? namedToken(token)
      : `${namedToken(token)}, ${percent(Math.exp(token.logProb))}`;
  }

  /** Leaves the text at the chosen place, by that candidate or by another draw, and writes on. */
  function branch(candidate) {
    const kept = shown.tokens.slice(0, place);
    if (candidate) kept.push({ ...candidate, logProb: candidate.log_prob });
    const most = Number(at('most').value);
    const left = candidate ? most - 1 : most;
    begin(
      { tokens: kept, given: Math.min(shown.given, place), parent: shown, from: place },
      Math.max(1, left),
    );
  }

  function go(most) {
    const same = shown.number && shown.tokens.length > shown.given;
    if (same) return begin(shown, most);
    return begin(
      { tokens: [...shown.tokens], given: shown.given, parent: null, from: shown.tokens.length },
      most,
    );
  }

  async function begin(branch, most) {
    writing?.abort();
    const mine = (writing = new AbortController());
    fill(trouble);
    busy(true);
    shown = branch;
    fill(at('text'), line.element);
    line.set(branch.tokens);
    paint();
    if (!branch.number) branches.add(branch);
    let ended = null;
    try {
      const request = { model: at('model').value, max_tokens: most, ...settings.values() };
      for await (const step of write(request, branch.tokens, mine.signal)) {
        if (mine.signal.aborted) break;
        ended = step.finish ?? ended;
        for (const token of step.tokens) {
          branch.tokens.push(token);
          const span = line.add(token);
          span.style.setProperty('--heat', heat(token.logProb));
          showTop(token, branch.tokens.length);
        }
      }
    } catch (refusal) {
      if (refusal.name !== 'AbortError')
        fill(
          trouble,
          problem(refusal, () => begin(branch, most)),
        );
    }
    if (writing !== mine) return;
    writing = null;
    busy(false);
    branches.changed(branch);
    show(branch);
    const fresh = branch.tokens
      .slice(branch.from)
      .map(({ text }) => text)
      .join('');
    announce(`Written: ${fresh}`);
    if (ended === 'stop')
      fill(trouble, empty('The text ended here', 'The model drew the token that ends a document.'));
  }

  function busy(now) {
    at('stop').hidden = !now;
    at('go').disabled = at('one').disabled = now;
    at('text').setAttribute('aria-busy', String(now));
  }
});
