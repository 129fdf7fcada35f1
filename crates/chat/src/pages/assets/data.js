// The page about the data: the funnel, the documents behind it, and a search in what was trained on.

import { call } from './api.js';
import { at, fill } from './dom.js';
import { browse } from './documents.js';
import { showFunnel } from './funnel.js';
import { open } from './page.js';
import { searching } from './search.js';
import { empty, loading, problem } from './states.js';

open(async (run) => {
  const trouble = at('trouble');
  if (!run.has.documents) {
    fill(
      trouble,
      empty(
        'This run has no documents',
        'It began with a model of others, or with tokens. A run that filters pages itself shows here what it kept, what it left out, and why.',
      ),
    );
    return;
  }
  const load = async () => {
    fill(trouble, loading('Counting …'));
    try {
      const { stages } = await call('/playground/funnel');
      fill(trouble);
      at('shown').hidden = false;
      const browser = browse(stages);
      showFunnel(stages, browser.go);
      searching(run);
    } catch (refusal) {
      fill(trouble, problem(refusal, load));
    }
  };
  await load();
});
