// Elements without a framework.

import { visible } from './text.js';

/**
 * An element: `h('p.quiet', 'text')`, `h('button', { onclick: go }, 'Go')`. Attributes that begin with `on` are
 * listeners, `style` is an object, and a child is an element or a text; whatever a text says is shown as text.
 */
export function h(name, ...rest) {
  const [tag, ...classes] = name.split('.');
  const attributes = Object.getPrototypeOf(rest[0] ?? '') === Object.prototype ? rest.shift() : {};
  const element = document.createElement(tag);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'class') element.classList.add(...value.split(' '));
    else if (key === 'style')
      for (const [property, to] of Object.entries(value)) element.style.setProperty(property, to);
    else element.setAttribute(key, value === true ? '' : visible(value));
  }
  element.append(...nodes(rest));
  return element;
}

function nodes(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : visible(child)));
}

/** Puts these children in place of what an element had. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** The element of that id. */
export const at = (id) => document.getElementById(id);

/** Tells a screen reader something, once it has nothing better to say. */
export function announce(text) {
  const said = at('said');
  said.textContent = '';
  // a change is announced, so that the same words twice need a pause between
  setTimeout(() => {
    said.textContent = visible(text);
  }, 60);
}

/** Calls `act` when nobody has called again for a while. */
export function debounced(milliseconds, act) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), milliseconds);
  };
}

/**
 * Runs `act` such that only the last call counts: an earlier one is aborted, and what it still brings is thrown
 * away. `act` gets a signal and what the call was given.
 */
export function latest(act, show) {
  let running;
  return async (...values) => {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      const found = await act(mine.signal, ...values);
      if (!mine.signal.aborted) show(found, null);
    } catch (problem) {
      if (!mine.signal.aborted) show(null, problem);
    }
  };
}

/** A bar that is `share` of its place long, 0 to 1. */
export const mark = (share, kind = 'own') => h('i', { class: kind, style: { width: `${100 * share}%` } });

/** One bar or two, one below the other. */
export const marks = (...bars) => h('span.marks', bars);

/** A table that may be wider than the page, with a name for those who do not see it. */
export const wideTable = (label, attributes, ...parts) =>
  h('div.scroll', { tabindex: 0, role: 'region', 'aria-label': label }, h('table', attributes, ...parts));

/** A button that copies a text. */
export function copyButton(text) {
  const button = h('button.small.copy', { type: 'button' }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'function' ? text() : text);
      button.textContent = 'Copied';
      announce('Copied');
    } catch {
      button.textContent = 'Not allowed here';
    }
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1600);
  });
  return button;
}

/** A row of words that can be taken as they are: examples, openings. */
export function chips(words, take) {
  return words.map((word) => h('button.chip', { type: 'button', onclick: () => take(word) }, word));
}

/**
 * Makes one tab stop of many elements: arrows walk among them. `step` tells where a key leads from a place, in
 * indices; without it left and up go back, right and down go on.
 */
export function roving(container, selector, step = plain) {
  const all = () => [...container.querySelectorAll(selector)];
  container.addEventListener('keydown', (event) => {
    const elements = all();
    const from = elements.indexOf(document.activeElement);
    if (from < 0) return;
    const to = { Home: 0, End: elements.length - 1 }[event.key] ?? step(event.key, from, elements.length);
    if (to === null || to === undefined || !elements[to]) return;
    event.preventDefault();
    elements[to].focus();
  });
  container.addEventListener('focusin', (event) => {
    const chosen = event.target.closest(selector);
    if (chosen) for (const element of all()) element.tabIndex = element === chosen ? 0 : -1;
  });
}

function plain(key, from) {
  if (key === 'ArrowLeft' || key === 'ArrowUp') return from - 1;
  if (key === 'ArrowRight' || key === 'ArrowDown') return from + 1;
  return null;
}
