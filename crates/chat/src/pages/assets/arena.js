// The arena: two answers without names, a vote, and what many votes say.

import { call } from './api.js';
import { announce, at, chips, fill, h, latest } from './dom.js';
import { open } from './page.js';
import { showBoard } from './board.js';
import { empty, loading, problem } from './states.js';

const OUTCOMES = [
  ['left', 'Left is better', '1'],
  ['tie', 'A tie', '2'],
  ['right', 'Right is better', '3'],
];
/** Tokens of an answer: a base model would fill its whole context. */
const MOST = 160;
const TOLD = {
  left: 'You preferred the left one.',
  right: 'You preferred the right one.',
  tie: 'You called it a tie.',
};

open(async (run) => {
  if (run.models.length < 2) {
    fill(
      at('trouble'),
      empty(
        'One model has no opponent',
        `This run has ${run.models[0].id} alone. A run with several stages, such as demo, lets them meet here.`,
      ),
    );
    return;
  }
  if (!run.has.ballots) {
    fill(
      at('trouble'),
      empty('No votes are kept here', 'This server has no place for them, so there is nothing to vote for.'),
    );
    return;
  }
  at('shown').hidden = false;
  let vote = null;
  fill(
    at('examples'),
    chips(run.examples.slice(0, 4), (example) => {
      at('prompt').value = example;
      pair();
    }),
  );
  at('prompt').value = run.examples[0] ?? '';
  at('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    pair();
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, textarea, select');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = OUTCOMES.find(([, , key]) => key === event.key);
    if (chosen) vote?.(chosen[0]);
  });
  const board = latest(
    (signal) => call('/playground/arena', null, signal),
    (found, refusal) =>
      refusal ? fill(at('board'), problem(refusal, board)) : showBoard(at('board'), found),
  );
  board();

  const meet = latest(
    (signal, prompt) => call('/playground/arena/pair', { prompt, max_tokens: MOST }, signal),
    (battle, refusal) => {
      if (refusal) return fill(at('battle'), problem(refusal, pair));
      return show(battle);
    },
  );

  function pair() {
    if (!at('prompt').value.trim()) return;
    vote = null;
    fill(at('battle'), loading('Two models answer …'));
    meet(at('prompt').value);
  }

  function show({ battle, left, right }) {
    const sides = Object.entries({ left, right }).map(([side, { text }]) => {
      const name = h('h3', side === 'left' ? 'Left' : 'Right');
      const element = h(
        'article.panel.side',
        name,
        h('blockquote', { dir: 'auto' }, text.trim() || '(nothing)'),
      );
      return { side, name, element };
    });
    const buttons = OUTCOMES.map(([outcome, label, key]) =>
      h(
        'button',
        { type: 'button', onclick: () => vote?.(outcome), 'aria-keyshortcuts': key },
        label,
        ' ',
        h('kbd', key),
      ),
    );
    const choice = h('div.votes', { role: 'group', 'aria-label': 'Your vote' }, buttons);
    const words = h('p.quiet.center', 'Keys 1, 2 and 3 vote as well.');
    fill(
      at('battle'),
      h(
        'div.sides',
        sides.map(({ element }) => element),
      ),
      choice,
      words,
    );
    announce(`Left: ${left.text}. Right: ${right.text}.`);
    buttons[0].focus({ preventScroll: true });

    vote = choose;

    async function choose(outcome) {
      vote = null;
      enable(false);
      try {
        const told = await call('/playground/arena/vote', { battle, outcome });
        for (const { side, name, element } of sides) {
          name.textContent = told[side];
          element.classList.toggle('won', side === outcome);
        }
        const next = h('button.primary', { type: 'button', onclick: pair }, 'The same again');
        fill(choice, next);
        fill(words, `${TOLD[outcome]} Left was ${told.left}, right was ${told.right}.`);
        announce(words.textContent);
        next.focus({ preventScroll: true });
        showBoard(at('board'), told);
      } catch (refusal) {
        fill(words, problem(refusal));
        // the battle waits on at the server, unless another has come meanwhile
        if (!choice.isConnected) return;
        enable(true);
        vote = choose;
      }
    }

    function enable(yes) {
      buttons.forEach((button) => {
        button.disabled = !yes;
      });
    }
  }
});
