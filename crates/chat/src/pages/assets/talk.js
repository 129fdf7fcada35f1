// A talk with one model, as any client of the API would have it: ask, read the stream, do what tools are called for,
// ask again.

import { call, events } from './api.js';

/** Rounds of one answer: a model that calls tools for ever is stopped. */
const MOST_ROUNDS = 4;

/** The code of the refusal of a talk that fills the model's context. */
const TOO_LONG = 'context_length_exceeded';

/**
 * Asks for the next answer of a talk and adds it, with what tools said, to `messages`. `see` has a function for what
 * happens: `begin`, `thought(text)`, `text(text)`, `medium(medium)`, `call(tool call)`, `result(call, output)`, `tokens(number)`. Gives
 * how it ended, and what an X-ray needs: the messages before the last round and its ids.
 */
export async function answer(request, messages, see, signal) {
  let ended = null;
  for (let round = 1; ; round++) {
    const before = [...messages];
    const said = await oneRound({ ...request, messages }, see, signal).catch((refusal) => {
      // what was said and looked up stays, where only what comes after it has no room
      if (ended && refusal.code === TOO_LONG) return null;
      throw refusal;
    });
    if (!said) return { ...ended, finish: 'full' };
    const { message, ids, finish } = said;
    messages.push(message);
    ended = { finish, messages: before, ids };
    const calls = message.tool_calls ?? [];
    if (finish !== 'tool_calls' || calls.length === 0) return ended;
    for (const made of calls) {
      const output = await useTool(made.function, request.tools ?? [], signal);
      see.result(made, output);
      messages.push({
        role: 'tool',
        tool_call_id: made.id,
        content: output.output ?? `error: ${output.error}`,
      });
    }
    if (round === MOST_ROUNDS) return { ...ended, finish: 'rounds' };
  }
}

async function oneRound(request, see, signal) {
  const message = { role: 'assistant', content: '' };
  const ids = [];
  let finish = null;
  see.begin();
  const body = { ...request, stream: true, return_token_ids: true };
  for await (const { choices } of events('/v1/chat/completions', body, signal)) {
    const [choice] = choices;
    if (!choice) continue;
    const { delta = {}, token_ids: fresh = [] } = choice;
    ids.push(...fresh);
    if (fresh.length) see.tokens(fresh.length);
    if (delta.reasoning_content) {
      message.reasoning_content = (message.reasoning_content ?? '') + delta.reasoning_content;
      see.thought(delta.reasoning_content);
    }
    if (delta.content) {
      message.content += delta.content;
      see.text(delta.content);
    }
    for (const medium of delta.media ?? []) {
      (message.media ??= []).push(medium);
      see.medium(medium);
    }
    for (const part of delta.tool_calls ?? []) gather(message, part);
    finish = choice.finish_reason ?? finish;
  }
  for (const made of message.tool_calls ?? []) see.call(made);
  if (message.content === '') message.content = null;
  return { message, ids, finish };
}

/** A tool call may come in pieces: the first has its name, the others go on with its arguments. */
function gather(message, { index, id, function: piece }) {
  message.tool_calls ??= [];
  const made = (message.tool_calls[index] ??= {
    id,
    type: 'function',
    function: { name: '', arguments: '' },
  });
  if (id) made.id = id;
  made.function.name += piece?.name ?? '';
  made.function.arguments += piece?.arguments ?? '';
}

async function useTool({ name, arguments: text }, tools, signal) {
  // a model that learned little may ask for anything
  if (!tools.some((tool) => tool.function.name === name)) return { error: `there is no tool ${name}` };
  return call(
    `/playground/tools/${encodeURIComponent(name)}`,
    { request: requestOf(name, text, tools) },
    signal,
  ).catch((refusal) => {
    if (refusal.name === 'AbortError') throw refusal;
    return { error: refusal.message };
  });
}

/** What a call asks for: the one argument that our tools have. */
export function requestOf(name, text, tools) {
  try {
    const given = JSON.parse(text);
    const known = tools.find((tool) => tool.function.name === name)?.function.parameters?.required?.[0];
    const value = given[known] ?? Object.values(given)[0];
    return typeof value === 'string' ? value : JSON.stringify(value ?? given);
  } catch {
    return text;
  }
}
