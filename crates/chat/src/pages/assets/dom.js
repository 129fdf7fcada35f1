// Elements without a framework.

import { visible } from './text.js';

/**
 * An element. Attributes that begin with `on` are listeners, `style` is an object, and a child is an element or a
 * text; whatever a text says is shown as text.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [key, to] of Object.entries(value)) element.style.setProperty(key, to);
    else element.setAttribute(name, value === true ? '' : visible(value));
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false)
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
  setTimeout(() => { said.textContent = visible(text); }, 60);
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
    const mine = running = new AbortController();
    try {
      const found = await act(mine.signal, ...values);
      if (!mine.signal.aborted) show(found, null);
    } catch (problem) {
      if (!mine.signal.aborted) show(null, problem);
    }
  };
}

/** A button that copies a text. */
export function copyButton(text) {
  const button = h('button', { type: 'button', class: 'small copy' }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'function' ? text() : text);
      button.textContent = 'Copied';
      announce('Copied');
    } catch {
      button.textContent = 'Not allowed here';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1600);
  });
  return button;
}

/** A row of words that can be taken as they are: examples, openings. */
export function chips(words, take) {
  return words.map((word) => h('button', { type: 'button', class: 'chip', onclick: () => take(word) }, word));
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
