// Texts of a base model, as the API streams them.

import { call, events } from './api.js';

/** A prompt's tokens as the model reads them, with the one in front that begins texts, and how likely it found each. */
export async function readPrompt(model, text, signal) {
  const { tokens } = await call('/playground/read', { model, text }, signal);
  return tokens.map(({ log_prob: logProb, ...token }) => ({ ...token, logProb }));
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
