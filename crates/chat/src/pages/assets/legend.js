// The colours of an X-ray, and what they mean.

import { h } from './dom.js';
import { heat } from './tokens.js';

/** By what tokens can be coloured. */
export const VIEWS = { probability: 'probability', taught: 'taught by', role: 'role', learned: 'loss mask' };
const ROLES = { system: 'c', user: 'b', assistant: 'a', tool: 'd' };
const STAGES = ['a', 'b', 'c', 'e', 'd', 'f'];

/** What a token looks like in a view; in that of probability, under which stage. */
export function look(token, view, stage) {
  const colour = {
    taught: token.taught_by === null ? null : STAGES[token.taught_by % STAGES.length],
    role: ROLES[token.role],
    learned: token.learned ? 'a' : null,
  }[view];
  return {
    '--heat': heat(token.log_probs?.[stage] ?? null),
    '--hue': colour ? `var(--${colour})` : 'transparent',
  };
}

/** What the colours of a view mean. */
export function legend(view, lineage) {
  const key = (colour, word) =>
    h('span.swatch', { style: { '--hue': colour ? `var(--${colour})` : 'transparent' } }, word);
  if (view === 'probability')
    return [h('span', 'sure'), h('i.ramp', { 'aria-hidden': 'true' }), h('span', 'one in a thousand')];
  if (view === 'taught')
    return lineage.map(({ stage, use }, i) =>
      key(STAGES[i % STAGES.length], `${stage} (${use}) raised it most`),
    );
  if (view === 'role') return Object.entries(ROLES).map(([role, colour]) => key(colour, role));
  return [key('a', 'learned: fine-tuning would raise it'), key(null, 'only read')];
}
