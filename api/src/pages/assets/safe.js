// What has to outlive a page and may name a patient or a pack: kept in the browser's database, each entry sealed (AES-GCM) under a
// key that no script can read out. Where the browser has no cipher, as without HTTPS, nothing is kept beyond the page.

const NAME = "veridose-safe";
const KEY = "entries";
const NONCE_BYTES = 12;
const memory = new Map();

export const isKept = Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// What was asked for in a transaction, once it is on the disk.
function write(database, store, work) {
  const transaction = database.transaction(store, "readwrite", { durability: "strict" });
  return new Promise((resolve, reject) => {
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    work(transaction.objectStore(store), (value) => (result = value));
  });
}

async function open() {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("keys");
    asked.result.createObjectStore("entries");
  };
  const database = await answer(asked);
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Of two windows that come here at once the first one's key stays.
  const key = await write(database, "keys", (keys, give) => {
    const asked = keys.get(KEY);
    asked.onsuccess = () => {
      give(asked.result ?? fresh);
      if (asked.result === undefined) keys.put(fresh, KEY);
    };
  });
  return { database, key };
}

let opened;
const safe = () =>
  (opened ??= open().catch((error) => {
    opened = undefined;
    throw error;
  }));

// An entry can be read under its own name only.
const terms = (name, nonce) => ({ name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(name) });

async function seal(key, name, entry) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const data = new TextEncoder().encode(JSON.stringify(entry));
  return { nonce, data: await crypto.subtle.encrypt(terms(name, nonce), key, data) };
}

async function unseal(key, name, { nonce, data }) {
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(terms(name, nonce), key, data)));
}

// Every entry.
export async function all() {
  if (!isKept) return [...memory.values()];
  const { database, key } = await safe();
  const entries = database.transaction("entries").objectStore("entries");
  const [names, sealed] = await Promise.all([answer(entries.getAllKeys()), answer(entries.getAll())]);
  const found = await Promise.allSettled(sealed.map((one, at) => unseal(key, names[at], one)));
  return found.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
}

// Adds an entry, unless there is one of that name. Says whether it did.
export async function add(name, entry) {
  if (!isKept) return !memory.has(name) && Boolean(memory.set(name, entry));
  const { database, key } = await safe();
  const sealed = await seal(key, name, entry);
  return write(database, "entries", (entries, give) => {
    const asked = entries.getKey(name);
    asked.onsuccess = () => {
      give(asked.result === undefined);
      if (asked.result === undefined) entries.put(sealed, name);
    };
  });
}

// Puts an entry in the place of the one of that name.
export async function put(name, entry) {
  if (!isKept) return void memory.set(name, entry);
  const { database, key } = await safe();
  const sealed = await seal(key, name, entry);
  return write(database, "entries", (entries) => entries.put(sealed, name));
}

export async function remove(name) {
  if (!isKept) return void memory.delete(name);
  const { database } = await safe();
  return write(database, "entries", (entries) => entries.delete(name));
}
