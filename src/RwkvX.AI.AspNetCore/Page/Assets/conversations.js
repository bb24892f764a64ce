// Keeps conversations in this browser: { id, changed, messages: [{ role, text, documents: [{ name, text }], isStopped, meta }], figures }.

const storeName = 'conversations';
const currentName = 'rwkvx.conversation';

const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open('rwkvx', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(storeName, { keyPath: 'id' });
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});

/** A conversation without messages; it is kept once it has one. */
export const begin = () => ({ id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, changed: Date.now(), messages: [], figures: null });

/** The conversation that this tab had, or the last one, or a new one. */
export async function resume() {
  const id = sessionStorage.getItem(currentName) ?? localStorage.getItem(currentName);
  const kept = id && await find(id);
  return kept || begin();
}

/** Which conversation a reload goes on with. */
export function select(conversation) {
  sessionStorage.setItem(currentName, conversation.id);
  localStorage.setItem(currentName, conversation.id);
}

export const find = id => run('readonly', store => store.get(id));

export async function list() {
  const all = await run('readonly', store => store.getAll());
  return all.sort((a, b) => b.changed - a.changed);
}

export function save(conversation) {
  conversation.changed = Date.now();
  return run('readwrite', store => store.put(conversation));
}

export const remove = id => run('readwrite', store => store.delete(id));

export const titleOf = conversation => conversation.messages.find(message => message.role === 'user')?.text.slice(0, 80) || 'Without a question';

async function run(mode, act) {
  const transaction = (await database).transaction(storeName, mode);
  const request = act(transaction.objectStore(storeName));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}
