// The page about a model's inside: a sentence on its way through the layers.

import { call } from './api.js';
import { showBlocks } from './blocks.js';
import { at, debounced, fill, latest } from './dom.js';
import { showHeads } from './heads.js';
import { showLens } from './lens.js';
import { offerModels, open } from './page.js';
import { loading, problem } from './states.js';
import { counted } from './text.js';

open((run) => {
  offerModels(at('model'), run.models);
  at('text').value = run.openings[0] ?? 'The town has a river, and the river has a bridge.';
  const read = latest(
    (signal) => call('/playground/inside', { model: at('model').value, text: at('text').value }, signal),
    (found, refusal) => {
      at('shown').hidden = Boolean(refusal) || found.tokens.length === 0;
      fill(at('trouble'), refusal && problem(refusal, read));
      if (refusal) return;
      at('read').textContent =
        `${counted(found.tokens.length, 'token')}${found.truncated ? ': the sentence is longer, this is its beginning' : ''}`;
      if (found.tokens.length === 0) return;
      showHeads(found);
      showLens(found);
      showBlocks(found);
    },
  );
  fill(at('trouble'), loading('The model reads …'));
  at('text').addEventListener('input', debounced(300, read));
  at('model').addEventListener('change', read);
  at('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    read();
  });
  read();
});
