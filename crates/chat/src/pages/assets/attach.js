// Pictures and sounds that go with a question: dropped, pasted, chosen, or taken from those of the run.

import { call } from './api.js';
import { announce, at, fill, h } from './dom.js';
import { WORDS, seenView } from './media.js';
import { loading, problem } from './states.js';
import { count, counted } from './text.js';

const KINDS = { 'image/png': 'image', 'image/jpeg': 'image', 'audio/wav': 'audio' };
const ENDINGS = { png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', wav: 'audio/wav', wave: 'audio/wav' };
const SENSES = { image: 'sees', audio: 'hears' };

/** What kind of file it is; browsers have several names for sounds, and none for what they do not know. */
const typeOf = ({ type, name }) =>
  KINDS[type] ? type : /^audio\/(x-|vnd\.)?wave?$/.test(type) ? 'audio/wav' : ENDINGS[name.split('.').at(-1).toLowerCase()];

/** Whether the model of that name sees or hears. */
export const senses = (run, name, kind) =>
  run.models.some((model) => model.id === name && model[SENSES[kind]]);

/** The attachments of the question that is being written. `models()` are the names of those that will be asked. */
export function attachments(run, models) {
  const all = [];
  const asked = (kind) => models().find((name) => senses(run, name, kind));

  at('file').accept = Object.keys(KINDS).join();
  at('file').addEventListener('change', () => {
    addAll(at('file').files);
    at('file').value = '';
  });
  for (const id of ['attach', 'choose']) at(id).addEventListener('click', () => at('file').click());
  document.addEventListener('paste', ({ clipboardData }) => addAll(clipboardData?.files ?? []));
  const carries = (event) => any() && event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) document.body.classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    document.body.classList.remove('dropping');
    addAll(event.dataTransfer.files);
  });

  const any = () => ['image', 'audio'].some(asked);

  function addAll(files) {
    if (any()) for (const file of files) add(file);
  }

  async function add(file) {
    const type = typeOf(file);
    const kind = KINDS[type];
    const body = h('div');
    const remove = h('button.small', { type: 'button', 'aria-label': `Remove ${file.name}`, onclick: away }, 'Remove');
    const told = h('span.quiet');
    const element = h('article.panel.attachment', h('header', h('span', h('b', file.name), ' ', told), remove), body);
    const each = { element, kind, name: file.name, ready: false };
    all.push(each);
    at('attached').append(element);
    fill(body, loading('It is cut into codes …'));
    try {
      if (!kind) throw refused('a PNG, a JPEG or a WAV can be shown or played, and this is neither');
      if (file.size > run.largest_file) throw refused(`a file has ${count(run.largest_file)} bytes at most here`);
      const model = asked(kind);
      if (!model) throw refused(`no model that is asked ${SENSES[kind]} ${WORDS[kind]}s`);
      const base64 = await base64Of(file);
      const seen = await call(`/playground/media?model=${encodeURIComponent(model)}`, file.slice(0, file.size, type));
      each.url = `data:${type};base64,${base64}`;
      each.part =
        kind === 'image'
          ? { type: 'image_url', image_url: { url: each.url } }
          : { type: 'input_audio', input_audio: { data: base64, format: 'wav' } };
      each.ready = true;
      told.textContent = counted(seen.ids.length, 'token');
      fill(body, ...seenView(seen));
      element.scrollIntoView({ block: 'nearest' });
      announce(`${file.name} is ${counted(seen.ids.length, 'token')}`);
    } catch (refusal) {
      fill(body, problem(refusal));
      each.failed = true;
    }

    function away() {
      all.splice(all.indexOf(each), 1);
      element.remove();
      at('question').focus();
    }
  }

  /** Shows the drop zone where one of the models sees or hears, with what of the run there is to try. */
  function offer() {
    at('drop').hidden = at('attach').hidden = !any();
    const samples = run.samples.filter(({ kind }) => asked(kind));
    fill(
      at('samples'),
      samples.map((sample, i) =>
        h(
          'button.chip.sample',
          { type: 'button', onclick: () => take(sample, i) },
          sample.kind === 'image' ? h('img', { src: sample.url, alt: '' }) : h('span', { 'aria-hidden': 'true' }, '♪'),
          sample.question,
        ),
      ),
    );
  }

  function take({ url, kind, question }, i) {
    const [type, base64] = url.slice('data:'.length).split(';base64,');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    at('question').value = question;
    at('question').focus();
    return add(new File([bytes], `${WORDS[kind]} ${i + 1}`, { type }));
  }

  return {
    offer,
    some: () => all.some((each) => each.ready),
    busy: () => all.some((each) => !each.ready && !each.failed),
    /** Those that are ready; nothing is attached any more. */
    take() {
      const ready = all.filter((each) => each.ready);
      all.splice(0);
      at('attached').replaceChildren();
      return ready;
    },
  };
}

const refused = (message) => Object.assign(new Error(message), { status: 400 });

function base64Of(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(refused('this file cannot be read'));
    reader.readAsDataURL(file);
  });
}
