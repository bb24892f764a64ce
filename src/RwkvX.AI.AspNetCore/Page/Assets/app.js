import * as conversations from './conversations.js';
import { readFiles, toContent } from './documents.js';
import { answer, listModels, rememberKey, ServerError } from './server.js';
import { bytes, chip, drawMessage, drawText, element, icon, shown } from './view.js';

const by = id => document.getElementById(id);
const settingNames = ['temperature', 'max-tokens', 'instructions'];

let conversation = conversations.begin();
let pending = []; // documents for the next message
let running = null; // aborts the answer under way

// ---- a turn

async function ask(text) {
  if (running || !text.trim()) return;
  const question = { role: 'user', text: text.trim(), documents: pending };
  const reply = { role: 'assistant', text: '', isBusy: true };
  const said = [...conversation.messages, question];
  conversation.messages.push(question, reply);
  conversations.select(conversation);
  setPending([]);
  setInput('');
  notify('');
  append(question);
  await run(said, reply, append(reply), conversation);
}

async function run(said, reply, item, own) {
  running = new AbortController();
  showRunning();
  await keep(own);
  let drawn = 0;
  try {
    const request = { model: by('model').value, ...settings(), messages: await toMessages(said) };
    for await (const part of answer(request, running.signal)) {
      if (part.text) reply.text += part.text;
      if (part.thought) reply.thoughts = (reply.thoughts ?? '') + part.thought;
      if (part.finish === 'length') reply.meta = 'Cut off at the longest answer. ';
      if (part.usage) finish(own, reply, part);
      if (performance.now() - drawn < 30) continue; // a frame or two
      draw(item, reply);
      drawn = performance.now();
    }
  } catch (e) {
    if (e.name === 'AbortError') reply.isStopped = true;
    else await fail(e, reply);
  } finally {
    reply.isBusy = false;
    running = null;
    draw(item, reply);
    showRunning();
    await keep(own);
  }
}

function finish(own, reply, { usage, figures }) {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0, read = usage.prompt_tokens - cached;
  own.figures = {
    remembered: usage.total_tokens,
    state: figures?.state_bytes,
    reading: rate(read, figures?.read_milliseconds) ?? own.figures?.reading,
    writing: rate(usage.completion_tokens, figures?.write_milliseconds),
  };
  reply.meta = `${reply.meta ?? ''}${shown(cached)} tokens known, ${shown(read)} read, ${shown(usage.completion_tokens)} written`;
  if (own === conversation) showFigures();
}

async function fail(error, reply) {
  reply.error = error instanceof ServerError ? error.message : `Something went wrong: ${error.message}`;
  if (error.status === 401 && await askForKey()) reply.error = 'Ask again, now with the key.';
}

const rate = (tokens, milliseconds) => milliseconds > 0 && tokens > 0 ? Math.round(1000 * tokens / milliseconds) : null;

async function toMessages(messages) {
  const instructions = by('instructions').value.trim();
  const said = messages.filter(message => message.text || message.role === 'user');
  return [
    ...(instructions ? [{ role: 'system', content: instructions }] : []),
    ...await Promise.all(said.map(async message => ({ role: message.role, content: await toContent(message) }))),
  ];
}

function settings() {
  const temperature = Number(by('temperature').value), most = by('max-tokens').valueAsNumber;
  return { ...(temperature >= 0 ? { temperature } : {}), ...(most >= 1 ? { max_completion_tokens: Math.floor(most) } : {}) };
}

const keep = own => conversations.save(own).catch(e => notify(`This browser does not keep the conversation: ${e.message}`));

// ---- what is shown

function append(message) {
  const item = drawMessage(message);
  by('messages').append(item);
  by('welcome').hidden = true;
  toEnd(true);
  return item;
}

function draw(item, message) {
  const wasAtEnd = isAtEnd();
  drawText(item, message);
  toEnd(wasAtEnd);
}

const isAtEnd = () => by('scroll').scrollHeight - by('scroll').scrollTop - by('scroll').clientHeight < 80;

function toEnd(isWanted) {
  if (isWanted) by('scroll').scrollTop = by('scroll').scrollHeight;
}

function show(next) {
  conversation = next;
  by('messages').replaceChildren(...next.messages.map(drawMessage));
  by('welcome').hidden = next.messages.length > 0;
  showFigures();
  by('scroll').scrollTop = next.messages.length ? by('scroll').scrollHeight : 0;
}

function showFigures() {
  const figures = conversation.figures ?? {};
  by('remembered').value = shown(figures.remembered ?? 0);
  by('state').value = figures.state == null ? '–' : bytes(figures.state);
  by('reading').value = figures.reading == null ? '–' : shown(figures.reading);
  by('writing').value = figures.writing == null ? '–' : shown(figures.writing);
}

function showRunning() {
  by('stop').hidden = !running;
  by('send').hidden = !!running;
  by('messages').setAttribute('aria-busy', String(!!running)); // read aloud once, when it is whole
  by('new').disabled = by('history-button').disabled = !!running;
  by('send').disabled = !by('input').value.trim();
}

function notify(text) {
  by('notice').textContent = text;
  by('notice').hidden = !text;
}

function setInput(text) {
  const input = by('input');
  input.value = text;
  input.style.height = 'auto';
  input.style.height = `${input.scrollHeight}px`;
  showRunning();
}

// ---- documents

function setPending(documents) {
  pending = documents;
  by('documents').replaceChildren(...documents.map(each => chip(each, () => setPending(pending.filter(other => other !== each)))));
  by('documents').hidden = documents.length === 0;
  by('input').placeholder = documents.length ? 'Ask about what it reads' : 'Say something';
}

async function attach(files) {
  try {
    setPending([...pending, ...await readFiles(files)]);
    notify('');
  } catch (e) {
    notify(e.message);
  }

  by('input').focus();
}

// ---- earlier conversations

async function listConversations() {
  const all = await conversations.list();
  by('conversations').replaceChildren(...all.map(each => {
    const title = conversations.titleOf(each);
    const open = element('button', 'open', element('span', '', title), element('time', '', new Date(each.changed).toLocaleString()));
    open.setAttribute('aria-current', String(each.id === conversation.id));
    open.addEventListener('click', () => { by('history').hidePopover(); go(each); });
    const remove = element('button', 'remove', icon('M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13'));
    remove.setAttribute('aria-label', `Remove: ${title}`);
    remove.addEventListener('click', async () => {
      await conversations.remove(each.id);
      if (each.id === conversation.id) go(conversations.begin());
      await listConversations();
    });
    return element('li', '', open, remove);
  }));
  by('no-conversations').hidden = all.length > 0;
}

function go(next) {
  conversations.select(next);
  show(next);
  by('input').focus();
}

// ---- the server

async function connect() {
  try {
    const models = await listModels();
    by('model').replaceChildren(...models.map(model => element('option', '', model)));
    by('model').disabled = models.length < 2;
    document.title = `${models[0] ?? 'RwkvX'} · RwkvX`;
  } catch (e) {
    if (e.status === 401 && await askForKey()) return connect();
    by('model').replaceChildren(element('option', '', 'not connected'));
    notify(e.message);
  }
}

function askForKey() {
  const dialog = by('key-dialog');
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'ok') rememberKey(by('key').value.trim());
    by('key').value = '';
    resolve(dialog.returnValue === 'ok');
  }, { once: true }));
}

// ---- what people do

by('composer').addEventListener('submit', event => { event.preventDefault(); ask(by('input').value); });
by('input').addEventListener('input', () => setInput(by('input').value));
by('input').addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  ask(by('input').value);
});
by('stop').addEventListener('click', () => running?.abort());
document.addEventListener('keydown', event => { if (event.key === 'Escape' && !document.querySelector(':popover-open, dialog[open]')) running?.abort(); });
by('new').addEventListener('click', () => go(conversations.begin()));
by('attach').addEventListener('click', () => by('files').click());
by('idea-document').addEventListener('click', () => by('files').click());
by('files').addEventListener('change', async () => { await attach(by('files').files); by('files').value = ''; });
document.querySelectorAll('.idea').forEach(button => button.addEventListener('click', () => ask(button.textContent)));
by('history').addEventListener('beforetoggle', event => { if (event.newState === 'open') listConversations(); });

const hasFiles = event => event.dataTransfer?.types.includes('Files');
document.addEventListener('dragover', event => { if (hasFiles(event)) { event.preventDefault(); by('drop').hidden = false; } });
document.addEventListener('dragleave', event => { if (!event.relatedTarget) by('drop').hidden = true; });
document.addEventListener('drop', event => {
  by('drop').hidden = true;
  if (!hasFiles(event)) return;
  event.preventDefault();
  attach(event.dataTransfer.files);
});

for (const name of settingNames) {
  by(name).value = localStorage.getItem(`rwkvx.${name}`) ?? by(name).value;
  by(name).addEventListener('input', () => { localStorage.setItem(`rwkvx.${name}`, by(name).value); showSettings(); });
}

function showSettings() {
  const temperature = Number(by('temperature').value);
  by('temperature-value').textContent = temperature < 0 ? 'as the model says' : temperature.toFixed(1);
}

showSettings();
show(await conversations.resume().catch(() => conversations.begin()));
for (const message of conversation.messages.filter(message => message.isBusy)) [message.isBusy, message.isStopped] = [false, true]; // the page was left
show(conversation);
await connect();
document.body.dataset.ready = 'true'; // for tests
