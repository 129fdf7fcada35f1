// Texts of a base model, as the API streams them.

import { call, events } from './api.js';

/**
 * A prompt's tokens as the model reads them. The server puts a token in front that stands for the beginning of a
 * text, so the ids are those that it read, and not only those of the words.
 */
export async function readPrompt(model, tokenizer, prompt, signal) {
  const request = { model, prompt, max_tokens: 1, return_token_ids: true };
  const [
    {
      choices: [{ prompt_token_ids: ids }],
    },
    { tokens: words },
  ] = await Promise.all([
    call('/v1/completions', request, signal),
    call('/playground/tokenize', { tokenizer, text: prompt }, signal),
  ]);
  const before = ids.length - words.length;
  const front = await Promise.all(ids.slice(0, Math.max(0, before)).map((id) => named(model, id)));
  return [
    ...front,
    ...ids.slice(front.length).map((id, i) => (words[i]?.id === id ? words[i] : { id, text: '' })),
  ];
}

const names = new Map();

/** A token by its id alone. */
function named(model, id) {
  const key = `${model} ${id}`;
  if (!names.has(key))
    names.set(
      key,
      call('/playground/inside', { model, ids: [id] }).then(({ tokens: [token] }) => token),
    );
  return names.get(key);
}

/** What is written behind these tokens: `{tokens, finish}`, piece by piece. */
export async function* write(settings, tokens, signal) {
  const request = {
    ...settings,
    prompt: tokens.map(({ id }) => id),
    stream: true,
    logprobs: 20,
    return_token_ids: true,
  };
  for await (const {
    choices: [choice],
  } of events('/v1/completions', request, signal)) {
    if (choice)
      yield { tokens: choice.logprobs ? tokensOf(choice.logprobs) : [], finish: choice.finish_reason };
  }
}

function tokensOf({ tokens, token_logprobs: logProbs, token_ids: ids, top_logprobs: top }) {
  return ids.map((id, i) => ({
    id,
    text: tokens[i],
    logProb: logProbs[i],
    // an object has no order of its own: the likeliest first
    top: Object.entries(top?.[i] ?? {}).sort(([, a], [, b]) => b - a),
  }));
}
