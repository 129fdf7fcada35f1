// The server's answers, whole and streamed, and what it says when it does not answer.

import { askKey } from './key.js';

const KEY = 'deepdive-key';

/** Why there is no answer. `status` 0: nobody was there. */
export class Refusal extends Error {
  constructor(status, message, { code = null, param = null, wait = null } = {}) {
    super(message);
    Object.assign(this, { status, code, param, wait });
  }
}

/** What a path answers: GET, or POST where there is a body, which may be a file. */
export async function call(path, body, signal) {
  const response = await ask(path, body, signal);
  return response.json();
}

/** A page that wants the key, too, for which a link has no place: its address once it was fetched, or none. */
export async function keyedPage(path) {
  if (!sessionStorage.getItem(KEY)) return null;
  const response = await ask(path);
  return URL.createObjectURL(await response.blob());
}

/** What a path streams, event by event. */
export async function* events(path, body, signal) {
  const response = await ask(path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    while (true) {
      const { done, value } = await reader.read().catch(gone);
      if (done) throw new Refusal(0, 'The answer broke off: the server ended before it was whole.');
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith('data:')) continue;
        const data = line.slice(5).trim();
        if (data === '[DONE]') return;
        const event = JSON.parse(data);
        if (event.error) throw refusal(500, event.error, null);
        yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function ask(path, body, signal, again = false) {
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  const request = { signal, headers };
  if (body instanceof Blob) {
    Object.assign(request, { method: 'POST', body });
    headers['Content-Type'] = body.type;
  } else if (body !== undefined && body !== null) {
    Object.assign(request, { method: 'POST', body: JSON.stringify(body) });
    headers['Content-Type'] = 'application/json';
  }
  const response = await fetch(path, request).catch(gone);
  if (response.status === 401) {
    // another request may have asked for it meanwhile
    if (sessionStorage.getItem(KEY) === key) sessionStorage.setItem(KEY, await askKey(again));
    return ask(path, body, signal, true);
  }
  if (!response.ok) {
    const { error } = await response.json().catch(() => ({}));
    throw refusal(response.status, error, response.headers.get('Retry-After'));
  }
  return response;
}

function refusal(status, error, wait) {
  const { message, code, param } = error ?? { message: `The server answered ${status}.` };
  return new Refusal(status, message, { code, param, wait: Number(wait) || null });
}

function gone(problem) {
  if (problem.name === 'AbortError') throw problem;
  throw new Refusal(0, 'Nobody answers at this address. Is the server still running?');
}
