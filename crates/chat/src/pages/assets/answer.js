// An answer as people see it while it comes: what was thought, said, and looked up; and how fast.

import { h } from './dom.js';
import { madeView } from './media.js';
import { requestOf } from './talk.js';
import { count, counted, visible } from './text.js';

const ENDS = {
  stop: 'ended by itself',
  length: 'cut at the most tokens',
  rounds: 'stopped after four rounds of tools',
  full: 'no room left behind what the tools said',
  stopped: 'stopped by you',
};

/** The view of an answer of `model` that is about to come. Its functions are what `talk.answer` calls. */
export function answerView(model, tools) {
  const body = h('div.said');
  const stats = h('p.stats');
  const element = h('div.turn.assistant', { 'aria-busy': 'true' }, body, stats);
  let [open, said] = [null, ''];
  // where what a tool says goes, by the id of its call
  const results = new Map();
  // of all rounds together; what tools take is not the model's time
  let [tokens, waited, begun, last] = [0, 0, 0, 0];

  /** Where text of this kind goes on: a new part where another kind was before. */
  function part(kind, make) {
    if (open?.kind !== kind) {
      open = { kind, ...make() };
      body.append(open.element);
    }
    return open.text;
  }

  function thinking() {
    const text = h('p.thought');
    return { text, element: h('details.thinking', h('summary', 'Thinking'), text) };
  }

  function words() {
    const text = h('p.words', { dir: 'auto' });
    return { text, element: text };
  }

  const speed = () => {
    const rate = tokens / ((waited + last - begun) / 1000);
    return tokens > 1 && Number.isFinite(rate)
      ? ` · ${rate < 100 ? rate.toFixed(1) : count(rate)} tokens/s`
      : '';
  };

  return {
    element,
    /** What it said so far, without thoughts and tools. */
    said: () => said,
    begin() {
      open = null;
      waited += last - begun;
      begun = last = performance.now();
    },
    thought(text) {
      part('thought', thinking).append(visible(text));
    },
    text(text) {
      const place = part('words', words);
      said += text;
      // answers begin with a space as often as not
      place.append(visible(place.hasChildNodes() ? text : text.trimStart()));
    },
    medium(medium) {
      open = null;
      said += ` (${medium.type === 'image' ? 'a picture' : 'a sound'}) `;
      body.append(madeView(medium, model));
    },
    tokens(number) {
      last = performance.now();
      tokens += number;
      stats.textContent = `${counted(tokens, 'token')}${speed()}`;
    },
    call({ id, function: { name, arguments: given } }) {
      const result = h('span.result', '…');
      open = { kind: 'call' };
      body.append(
        h(
          'p.call',
          h('span.quiet', `${name} `),
          h('code', requestOf(name, given, tools)),
          h('span.quiet', ' → '),
          result,
        ),
      );
      results.set(id, result);
    },
    result({ id }, { output, error }) {
      const place = results.get(id);
      place.textContent = visible(output ?? error);
      place.classList.toggle('failed', output === undefined);
    },
    /** The answer is whole; `xray` opens its X-ray, where there is one. */
    end(finish, xray) {
      element.removeAttribute('aria-busy');
      if (!body.hasChildNodes()) body.append(h('p.quiet', 'It said nothing.'));
      stats.append(`${tokens ? ' · ' : ''}${ENDS[finish] ?? finish ?? ''}`);
      if (xray) stats.append(' ', h('button.small', { type: 'button', onclick: xray }, 'X-ray'));
    },
    fail(problem) {
      element.removeAttribute('aria-busy');
      element.append(problem);
    },
  };
}
