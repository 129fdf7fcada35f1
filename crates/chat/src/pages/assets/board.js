// Ratings with their intervals.

import { fill, h, wideTable } from './dom.js';
import { empty } from './states.js';
import { count, counted } from './text.js';

/** A leaderboard, the best first, or what is missing for one. */
export function showBoard(place, { votes, standings, judge }) {
  if (!votes || !standings.length) {
    return fill(place, empty('No votes yet', 'The first one begins the board.'));
  }
  const low = Math.min(...standings.map((of) => of.low));
  const high = Math.max(...standings.map((of) => of.high));
  const at = (rating) => `${(100 * (rating - low)) / (high - low || 1)}%`;
  const interval = (of) =>
    h(
      'span.interval',
      { 'aria-hidden': 'true' },
      h('i', { style: { left: at(of.low), right: `calc(100% - ${at(of.high)})` } }),
      h('b', { style: { left: at(of.rating) } }),
    );
  const head = ['model', 'rating', 'interval', '', 'battles', 'won', 'tied', 'lost'];
  return fill(
    place,
    h('p.facts', `${counted(votes, 'vote')}, judge: ${judge}`),
    wideTable(
      'Leaderboard',
      { class: 'board' },
      h(
        'thead',
        h(
          'tr',
          head.map((name, i) =>
            name ? h('th', { scope: 'col', class: i && i !== 3 ? 'n' : null }, name) : h('td'),
          ),
        ),
      ),
      h(
        'tbody',
        standings.map((of) =>
          h(
            'tr',
            h('th', { scope: 'row' }, of.model),
            h('td.n', whole(of.rating)),
            h('td.n.quiet', `${whole(of.low)} to ${whole(of.high)}`),
            h('td.wide', interval(of)),
            [of.games, of.wins, of.ties, of.losses].map((value) => h('td.n', count(value))),
          ),
        ),
      ),
    ),
  );
}

const whole = (rating) => String(Math.round(rating)).replace('-', '−');
