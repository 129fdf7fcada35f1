// The distribution at one place of a text, as bars: the model's own, and what settings make of it.

import { call } from './api.js';
import { at, fill, h, latest, mark, marks } from './dom.js';
import { problem } from './states.js';
import { count, namedToken, percent } from './text.js';

/** Candidates that are shown. */
const SHOWN = 20;

/** Where the axis ends: bars of one place have one scale, and small ones can be told apart. */
const axisOf = (shares) => [0.1, 0.25, 0.5].find((end) => Math.max(...shares) <= end) ?? 1;

const axis = (end) =>
  h('li.axis', { 'aria-hidden': 'true' }, h('span', h('i', '0'), h('i', percent(end).replace('.0', ''))));

/** The next look at what is being written. */
let frame = null;

/**
 * What may come at the chosen place, asked anew whenever it is called. A click on a candidate takes it; `again`
 * draws anew.
 */
export function showOdds({ sequence, settings, take, again }) {
  const ask = latest(
    (signal) => {
      const { model, tokens, place } = sequence();
      if (place === 0) return null;
      return call(
        '/playground/next',
        { model, ids: tokens.slice(0, place).map(({ id }) => id), count: SHOWN, ...settings() },
        signal,
      );
    },
    (found, refusal) => {
      // an answer may be faster than the screen: what was drawn last must not come over it
      cancelAnimationFrame(frame);
      if (refusal) return fill(at('odds'), h('li', problem(refusal, ask)));
      const { tokens, place } = sequence();
      if (!found) return nothing();
      const here = tokens[place];
      fill(
        at('odds-place'),
        here ? 'Instead of ' : 'After ',
        h('code.sample-token', namedToken(here ?? tokens[place - 1])),
        here
          ? [': take another below, or ', h('button.small', { type: 'button', onclick: again }, 'draw again')]
          : ': take one below to go on with it',
      );
      const end = axisOf(found.candidates.flatMap(({ log_prob: own, share }) => [Math.exp(own), share]));
      fill(
        at('odds'),
        axis(end),
        found.candidates.map((candidate) =>
          bar(candidate, end, candidate.id === here?.id, () => take(candidate)),
        ),
      );
      at('odds-rest').textContent =
        found.rest.tokens > 0
          ? `${count(found.rest.tokens)} others have ${percent(found.rest.probability)} together, ${percent(found.rest.share)} under these settings.`
          : '';
      return null;
    },
  );
  return ask;
}

function nothing() {
  fill(at('odds'));
  at('odds-rest').textContent = '';
  at('odds-place').textContent =
    'Every text begins with this token. Nothing stood before it, so there was nothing to choose.';
}

function bar(candidate, end, here, take) {
  const own = Math.exp(candidate.log_prob);
  const cut = candidate.share === 0;
  return h(
    'li',
    h(
      'button',
      {
        type: 'button',
        class: `bar${cut ? ' off' : ''}${here ? ' here' : ''}`,
        'aria-current': here,
        onclick: take,
      },
      h('code', namedToken(candidate)),
      marks(mark(own / end), mark(candidate.share / end, 'share')),
      h('span.n', percent(own)),
      h('span.unseen', ' under these settings '),
      h('span.n.share-n', cut ? 'cut' : percent(candidate.share)),
    ),
  );
}

/** The distribution behind a token that was just drawn, as the stream tells it. */
export function showTop(token, length) {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    fill(at('odds-place'), 'Token ', String(length), ': drew ', h('code.sample-token', namedToken(token)));
    at('odds-rest').textContent = '';
    const end = axisOf(token.top.map(([, logProb]) => Math.exp(logProb)));
    fill(
      at('odds'),
      axis(end),
      token.top.slice(0, SHOWN).map(([text, logProb]) => {
        const here = text === token.text;
        return h(
          'li',
          h(
            'div',
            { class: `bar${here ? ' here' : ''}` },
            h('code', namedToken({ text })),
            marks(mark(Math.exp(logProb) / end)),
            h('span.n', percent(Math.exp(logProb))),
          ),
        );
      }),
    );
  });
}
