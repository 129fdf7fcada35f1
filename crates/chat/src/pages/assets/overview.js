// The first page: what is served, and where to go.

import { keyedPage } from './api.js';
import { at, copyButton, fill, h } from './dom.js';
import { offerModels, open } from './page.js';
import { count, counted, short } from './text.js';

open((run) => {
  at('title').textContent = run.name;
  at('about').textContent = run.about;
  const [largest] = [...run.models].sort((a, b) => b.parameters - a.parameters);
  const figures = {
    [run.models.length === 1 ? 'model' : 'models, one after the other']: count(run.models.length),
    'numbers that were learned': short(largest.parameters),
    layers: count(largest.layers),
    'tokens of vocabulary': count(largest.vocabulary),
    'tokens that it sees at once': count(largest.context),
    'seed of all chance': String(run.seed),
  };
  fill(
    at('glance'),
    Object.entries(figures).map(([what, figure]) => h('div', h('dt', what), h('dd', figure))),
  );
  at('report-part').hidden = !run.has.report;
  keyedPage('/report').then(
    (address) => {
      if (address) at('report').href = address;
    },
    () => {},
  );
  fill(at('models'), run.models.map(rung));
  const wanted = run.models.findLast((model) => model.talks) ?? run.models.at(-1);
  offerModels(at('model'), run.models, wanted.id);
  const show = () =>
    snippets(
      run,
      run.models.find(({ id }) => id === at('model').value),
    );
  at('model').addEventListener('change', show);
  show();
});

function rung(model) {
  const parent = model.lineage.at(-2);
  const able = [model.talks && 'talks', model.calls_tools && 'calls tools', model.thinks && 'thinks'].filter(
    Boolean,
  );
  const id = encodeURIComponent(model.id);
  return h(
    'li',
    { style: { '--depth': model.lineage.length - 1 } },
    h(
      'article.panel',
      h(
        'header.row',
        h('h3', model.id),
        h('code.quiet', model.use),
        able.map((word) => h('span.tag', word)),
      ),
      h(
        'p.quiet',
        parent ? `learned on from ${parent}` : 'learned from texts',
        ` · ${short(model.parameters)} parameters · ${counted(model.layers, 'layer')} × ${counted(model.heads, 'head')}` +
          ` · ${model.width} wide · reads ${count(model.context)} tokens`,
      ),
      h(
        'p.row.go',
        model.talks && h('a', { href: `/chat?model=${id}` }, 'Talk with it'),
        h('a', { href: `/base?model=${id}` }, 'Let it write'),
        h('a', { href: `/inside?model=${id}` }, 'Look inside'),
      ),
    ),
  );
}

function snippets({ examples, openings }, model) {
  const [curl, python] = model.talks
    ? talking(model.id, examples[0] ?? 'Who are you?')
    : writing(model.id, openings[0] ?? 'The');
  fill(at('snippets'), box('curl', curl), box('Python, with the openai package', python));
}

const box = (title, text) =>
  h(
    'figure.panel.snippet',
    h('figcaption', title, copyButton(text)),
    h('pre', { tabindex: 0, role: 'region', 'aria-label': title }, h('code', text)),
  );

/** A text in single quotes of a shell. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const curl = (path, body) =>
  `curl ${location.origin}/v1/${path} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}`;

const client = `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="none")\n`;

function talking(model, content) {
  const messages = [{ role: 'user', content }];
  return [
    curl('chat/completions', { model, messages }),
    `${client}answer = client.chat.completions.create(\n    model=${JSON.stringify(model)},\n    messages=[{"role": "user", "content": ${JSON.stringify(content)}}],\n)\nprint(answer.choices[0].message.content)`,
  ];
}

function writing(model, prompt) {
  return [
    curl('completions', { model, prompt, max_tokens: 40 }),
    `${client}text = client.completions.create(\n    model=${JSON.stringify(model)},\n    prompt=${JSON.stringify(prompt)},\n    max_tokens=40,\n)\nprint(text.choices[0].text)`,
  ];
}
