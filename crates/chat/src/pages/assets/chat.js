// The chat's page: up to three models, one question to all, with pictures and sounds for those that see and hear.

import { attachments, senses } from './attach.js';
import { answerView } from './answer.js';
import { announce, at, chips, fill, h } from './dom.js';
import { givenView } from './media.js';
import { offerModels, open } from './page.js';
import { knobs } from './settings.js';
import { problem } from './states.js';
import { answer } from './talk.js';
import { showXray } from './xray.js';

const MOST_MODELS = 3;

/** The first model, and those that learned most from it. */
const beginning = (models) => [models[0], ...models.slice(1).slice(1 - MOST_MODELS)];

open((run) => {
  const settings = knobs(at('settings'), ['temperature', 'top_p']);
  const columns = [];
  let stopping = null;
  const attached = attachments(run, () => columns.map((column) => column.model()));

  const talkers = run.models.filter((model) => model.talks);
  const wanted = run.models.find(({ id }) => id === new URLSearchParams(location.search).get('model'));
  // where there is room, what a model was before beside what it became
  const room = matchMedia('(min-width: 60rem)').matches;
  const shown = wanted ? [wanted] : room ? beginning(run.models) : [talkers.at(-1) ?? run.models.at(-1)];
  shown.forEach(({ id }) => add(id));
  at('add').addEventListener('click', () => {
    const used = columns.map((column) => column.model());
    add((run.models.find(({ id }) => !used.includes(id)) ?? run.models[0]).id);
  });
  fill(
    at('examples'),
    chips(run.examples.slice(0, 5), (example) => {
      at('question').value = example;
      send();
    }),
  );
  at('tool-list').textContent = run.tools.length
    ? `Tools of this run: ${run.tools.map((tool) => tool.function.name).join(', ')}. This page does what a model calls for, as a client of the API does.`
    : 'This run has no tools.';
  at('tools').disabled = run.tools.length === 0;
  at('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  at('question').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  at('stop').addEventListener('click', () => stopping?.abort());
  at('fresh').addEventListener('click', () => {
    stopping?.abort();
    columns.forEach((column) => column.fresh());
    attached.take();
    at('examples').hidden = false;
    document.body.classList.remove('begun');
    at('question').focus();
  });

  function request(model) {
    const [most, seed] = ['most', 'seed'].map((id) => at(id).value);
    const card = run.models.find(({ id }) => id === model);
    const tools = at('tools').checked && card.calls_tools && run.tools.length ? { tools: run.tools } : {};
    return {
      model,
      ...settings.values(),
      max_tokens: Number(most) || 256,
      ...(seed === '' ? {} : { seed: Number(seed) }),
      ...tools,
    };
  }

  async function send() {
    const question = at('question').value.trim();
    if ((!question && !attached.some()) || attached.busy() || stopping) return;
    const shown = attached.take();
    at('question').value = '';
    at('examples').hidden = true;
    document.body.classList.add('begun');
    await together(columns.map((column) => (signal) => column.ask(question, shown, signal)));
  }

  /** Lets all of them answer, and can be stopped. */
  async function together(asks) {
    const mine = (stopping = new AbortController());
    at('stop').hidden = false;
    at('send').disabled = true;
    await Promise.all(asks.map((ask) => ask(mine.signal)));
    stopping = null;
    at('stop').hidden = true;
    at('send').disabled = false;
  }

  function add(id) {
    const number = columns.length + 1;
    const select = h('select', {
      'aria-label': `Model ${number}`,
      onchange: () => {
        fresh();
        about();
        attached.offer();
      },
    });
    const remove = h(
      'button.small',
      { type: 'button', onclick: away, 'aria-label': `Remove model ${number}` },
      'Remove',
    );
    const note = h('p.quiet.about-model');
    const log = h('div.log', {
      role: 'log',
      'aria-live': 'off',
      'aria-label': `Talk ${number}`,
      tabindex: 0,
    });
    const element = h('article.panel.talk', h('header.row', select, remove), note, log);
    let messages = [];
    /** Counts talks: what is still being answered when a new one begins belongs to the old one. */
    let talk = 0;
    offerModels(select, run.models, id);
    select.value = id;
    const column = { model: () => select.value, fresh, ask, element, remove };
    columns.push(column);
    at('talks').append(element);
    about();
    shape();

    function about() {
      const model = run.models.find((each) => each.id === select.value);
      const can = [
        model.calls_tools ? 'calls tools' : 'no tools',
        model.thinks && 'thinks',
        model.sees && 'sees pictures',
        model.hears && 'hears sounds',
      ]
        .filter(Boolean)
        .join(', ');
      note.textContent = `${model.lineage.join(' → ')} · ${model.talks ? can : 'never saw a conversation: it goes on with the text'}`;
      fresh();
    }

    function fresh() {
      talk += 1;
      messages = [];
      fill(log, h('p.quiet.hint', 'Its answers will stand here.'));
    }

    function away() {
      columns.splice(columns.indexOf(column), 1);
      element.remove();
      shape();
      at('add').focus();
    }

    async function ask(question, shown, signal) {
      if (messages.length === 0) {
        log.replaceChildren();
        if (at('system').value.trim()) messages.push({ role: 'system', content: at('system').value });
      }
      const senseless = shown.find(({ kind }) => !senses(run, select.value, kind));
      if (senseless) {
        const missing = `${select.value} does not ${senseless.kind === 'image' ? 'see pictures' : 'hear sounds'}`;
        log.append(h('p.quiet', `${missing}, and was not asked.`));
        return;
      }
      // a question that got no answer is asked no more
      if (messages.at(-1)?.role === 'user') messages.pop();
      const words = question ? [{ type: 'text', text: question }] : [];
      const content = shown.length ? [...shown.map(({ part }) => part), ...words] : question;
      messages.push({ role: 'user', content });
      log.append(
        h(
          'div.turn.user',
          shown.map((each) => givenView(each)),
          question && h('p', { dir: 'auto' }, question),
        ),
      );
      await reply(signal);
    }

    async function reply(signal) {
      const before = [...messages];
      const mine = talk;
      const view = answerView(select.value, run.tools);
      log.append(view.element);
      log.scrollTop = log.scrollHeight;
      const follow = new MutationObserver(() => {
        // who has scrolled up reads something
        if (log.scrollHeight - log.scrollTop - log.clientHeight < 120) log.scrollTop = log.scrollHeight;
      });
      follow.observe(view.element, { childList: true, subtree: true, characterData: true });
      try {
        const ended = await answer(request(select.value), messages, view, signal);
        const model = select.value;
        view.end(ended.finish, () => showXray({ model, messages: ended.messages, answer: ended.ids }));
        announce(`${model} answered: ${view.said()}`);
      } catch (refusal) {
        if (mine !== talk) return view.end('stopped');
        if (refusal.name === 'AbortError') {
          // what was said stays said, for the next question
          messages = [...before, { role: 'assistant', content: view.said() || '…' }];
          return view.end('stopped');
        }
        messages = before;
        view.fail(
          problem(refusal, () => {
            view.element.remove();
            together([reply]);
          }),
        );
      } finally {
        setTimeout(() => follow.disconnect());
      }
      return null;
    }
  }

  function shape() {
    at('talks').style.setProperty('--columns', columns.length);
    attached.offer();
    at('add').hidden = columns.length >= Math.min(MOST_MODELS, run.models.length + 1);
    columns.forEach((column) => {
      column.remove.hidden = columns.length === 1;
    });
  }
});
