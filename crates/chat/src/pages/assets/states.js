// What a page shows when it has nothing to show yet, nothing at all, or bad news.

import { announce, h } from './dom.js';
import { counted } from './text.js';

/** Something is on its way. */
export const loading = (what) => h('p.loading', h('i', { 'aria-hidden': 'true' }), what);

/** There is nothing, and why. */
export const empty = (title, ...why) => h('div.empty', h('h3', title), h('p', why));

const TITLES = {
  0: 'Nobody answers',
  400: 'The server cannot do that',
  404: 'There is no such thing',
  413: 'That is too much',
  429: 'Too many ask at once',
  500: 'The server failed',
  503: 'The server is closing',
};

/** Bad news, with a way on where there is one: `retry` is called when somebody wants to try again. */
export function problem(refusal, retry) {
  const { status = 500, message, wait } = refusal;
  if (refusal.status === undefined) console.error(refusal);
  const title = TITLES[status] ?? TITLES[500];
  announce(`${title}. ${message}`);
  const box = h('div.problem', h('h3', title), h('p', sentence(message)));
  if (retry) box.append(h('p', tryAgain(retry, status === 429 ? (wait ?? 1) : 0)));
  return box;
}

const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

function tryAgain(retry, seconds) {
  const button = h('button', { type: 'button', onclick: retry }, 'Try again');
  const tick = () => {
    button.disabled = seconds > 0;
    button.textContent = seconds > 0 ? `Try again in ${counted(seconds, 'second')}` : 'Try again';
    if (seconds-- > 0) setTimeout(tick, 1000);
  };
  tick();
  return button;
}
