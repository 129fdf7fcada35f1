// A line of tokens: coloured, one tab stop, arrows walk along it.

import { h, roving } from './dom.js';
import { namedToken, shownToken } from './text.js';

/**
 * A list of tokens. A token may have a `place` of its own within the list, and something that is `shown` for it. `onpoint(index)` is called when one is focused, clicked or pointed at, `onpick(index)` when one
 * is clicked or entered; `describe(token, index)` is what a screen reader says of one.
 */
export function tokenLine(label, { onpoint, onpick, describe = namedToken } = {}) {
  const element = h('div.tokens', { role: 'listbox', 'aria-label': label, 'aria-orientation': 'horizontal' });
  const line = { element, tokens: [], spans: [], set, add, select, mark, selected: -1 };
  const indexOf = (event) => line.spans.indexOf(event.target.closest('.token'));

  function set(tokens) {
    line.tokens = [];
    line.spans = [];
    line.selected = -1;
    element.replaceChildren();
    tokens.forEach(add);
  }

  function add(token) {
    const index = line.tokens.push(token) - 1;
    const span = h(
      'span',
      {
        class: token.place ? 'token code' : token.special ? 'token special' : `token hue-${index % 6}`,
        role: 'option',
        'aria-selected': 'false',
        tabindex: index ? -1 : 0,
        'aria-label': describe(token, index),
      },
      token.shown ?? shownToken(token),
    );
    line.spans.push(span);
    if (token.place && !element.contains(token.place)) element.append(token.place.closest('.mosaic'));
    (token.place ?? element).append(span);
    return span;
  }

  /** Marks one as the one that is spoken of; nothing is called. */
  function select(index) {
    line.spans[line.selected]?.setAttribute('aria-selected', 'false');
    line.spans[index]?.setAttribute('aria-selected', 'true');
    line.selected = index;
  }

  /** Gives every token what `paint(token, index)` says: custom properties of its style. */
  function mark(paint) {
    line.tokens.forEach((token, index) => {
      for (const [name, value] of Object.entries(paint(token, index))) {
        line.spans[index].style.setProperty(name, value);
      }
    });
  }

  const point = (event) => {
    const index = indexOf(event);
    if (index < 0 || index === line.selected) return;
    select(index);
    onpoint?.(index);
  };
  element.addEventListener('focusin', point);
  element.addEventListener('pointerover', (event) => {
    if (event.pointerType === 'mouse') point(event);
  });
  element.addEventListener('click', (event) => {
    const index = indexOf(event);
    if (index < 0) return;
    line.spans[index].focus();
    onpick?.(index);
  });
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onpick?.(line.selected);
  });
  roving(element, '.token');
  return line;
}

/** How hot a token is by its probability: 0 where it was sure, 1 at one in a thousand and below. */
export const heat = (logProb) => (logProb === null ? 0 : Math.min(1, -logProb / Math.log(1000)));
