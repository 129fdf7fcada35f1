// How every page begins: it asks what is served, and then shows itself.

import { call } from './api.js';
import { at, fill, h } from './dom.js';
import { problem } from './states.js';

/** Asks for the run, and calls `start` with it. */
export async function open(start) {
  const notice = at('main').appendChild(h('div.notice'));
  try {
    const run = await call('/playground/run');
    at('run-name').textContent = run.name;
    document.title = document.title.replace('deepdive', `${run.name} · deepdive`);
    notice.remove();
    await start(run);
  } catch (refusal) {
    at('main').prepend(notice);
    fill(
      notice,
      problem(refusal, () => location.reload()),
    );
  }
}

/** Fills a `<select>` with models; one that the address names (`?model=`) or that is wanted is chosen. */
export function offerModels(select, models, wanted) {
  fill(
    select,
    models.map((model) => h('option', { value: model.id }, model.id)),
  );
  const named = new URLSearchParams(location.search).get('model');
  select.value = models.some((model) => model.id === named) ? named : (wanted ?? models[0].id);
}

/** Keeps what a page shows in its address, so that it can be sent to somebody. */
export function remember(values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  history.replaceState(null, '', query.size ? `?${query}` : location.pathname);
}
