// Knobs that say how a token is drawn.

import { h } from './dom.js';

/** What there is to turn: name in a request, label, range, step, where it does nothing, and how it is told. */
const KNOBS = {
  temperature: {
    label: 'Temperature',
    min: 0,
    max: 2,
    step: 0.05,
    start: 1,
    tell: (to) => (to === 0 ? '0 · likeliest' : to.toFixed(2)),
  },
  top_k: {
    label: 'Top-k',
    min: 0,
    max: 100,
    step: 1,
    start: 0,
    tell: (to) => (to === 0 ? 'all' : String(to)),
  },
  top_p: {
    label: 'Top-p',
    min: 0.05,
    max: 1,
    step: 0.01,
    start: 1,
    tell: (to) => (to === 1 ? 'all' : to.toFixed(2)),
  },
  min_p: {
    label: 'Min-p',
    min: 0,
    max: 0.5,
    step: 0.01,
    start: 0,
    tell: (to) => (to === 0 ? 'off' : to.toFixed(2)),
  },
};

/** Puts knobs of these names into `place`; `changed` is called when one moved. What they give has `values()`. */
export function knobs(place, names, changed = () => {}) {
  const inputs = {};
  for (const name of names) {
    const { label, min, max, step, start, tell } = KNOBS[name];
    const id = `knob-${name}`;
    const output = h('output', { for: id });
    const input = h('input', { id, type: 'range', min, max, step });
    const told = () => {
      output.textContent = tell(Number(input.value));
      input.setAttribute('aria-valuetext', output.textContent);
    };
    input.value = start;
    input.addEventListener('input', () => {
      told();
      changed();
    });
    told();
    inputs[name] = {
      input,
      reset() {
        input.value = start;
        told();
      },
    };
    place.append(h('div.knob', h('label', { for: id }, label), output, input));
  }
  const reset = () => {
    Object.values(inputs).forEach((knob) => knob.reset());
    changed();
  };
  place.append(h('button.small', { type: 'button', onclick: reset }, 'Reset'));
  return { values: () => Object.fromEntries(names.map((name) => [name, Number(inputs[name].input.value)])) };
}
