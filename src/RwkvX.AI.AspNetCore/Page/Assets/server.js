// Asks the server beside this page, as any OpenAI client would.

const base = new URL('v1/', document.baseURI);
const keyName = 'rwkvx.key';

export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const rememberKey = key => sessionStorage.setItem(keyName, key);

/** Names of the models; the default one first. */
export async function listModels() {
  const response = await send('models');
  return (await response.json()).data.map(model => model.id);
}

/**
 * Streams an answer.
 * @param {object} request the body, without what makes it a stream
 * @param {AbortSignal} signal stops the answer
 * @yields {{text?: string, thought?: string, reading?: boolean, finish?: string, usage?: object, figures?: object}}
 */
export async function* answer(request, signal) {
  const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
  const response = await send('chat/completions', { method: 'POST', body, signal, headers: { 'Content-Type': 'application/json' } });
  let isDone = false;
  for await (const line of lines(response.body)) {
    if (line.startsWith(':')) yield { reading: true };
    if (!line.startsWith('data:')) continue;
    const data = line.slice(5).trim();
    if (data === '[DONE]') { isDone = true; continue; }
    const part = JSON.parse(data);
    if (part.error) throw new ServerError(500, part.error.message);
    const choice = part.choices[0];
    if (choice?.delta.content) yield { text: choice.delta.content };
    if (choice?.delta.reasoning_content) yield { thought: choice.delta.reasoning_content };
    if (choice?.finish_reason) yield { finish: choice.finish_reason };
    if (part.usage) yield { usage: part.usage, figures: part.rwkvx };
  }

  if (!isDone) throw new ServerError(0, 'The server ended the answer early.');
}

async function send(path, options = {}) {
  const key = sessionStorage.getItem(keyName);
  const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(new URL(path, base), { ...options, headers, cache: 'no-store' });
  } catch (e) {
    throw e.name === 'AbortError' ? e : new ServerError(0, 'The server does not answer.');
  }

  if (response.ok) return response;
  const error = await response.json().then(body => body.error, () => null);
  throw new ServerError(response.status, error?.message ?? `The server answered ${response.status}.`);
}

async function* lines(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = parts.pop();
      yield* parts;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
