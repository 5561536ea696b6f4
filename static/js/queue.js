// What was entered without a connection and waits on this phone: the same store that the service worker writes.

function store(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("physio", 1);
    opening.onupgradeneeded = () => { opening.result.createObjectStore("entries", { keyPath: "key" }); opening.result.createObjectStore("meta"); };
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const change = database.transaction(["entries", "meta"], mode);
      const asked = work(change.objectStore("entries"), change.objectStore("meta"));
      change.oncomplete = () => { database.close(); resolve(asked.result); };
      change.onabort = () => { database.close(); reject(change.error); };
    };
  });
}

export async function owner() { return await store("readonly", (entries, meta) => meta.get("owner")) ?? null; }
export function setOwner(found) { return store("readwrite", (entries, meta) => meta.put(found, "owner")); }
export async function entriesOf(person) {
  const all = await store("readonly", (entries) => entries.getAll());
  return all.filter((one) => one.person === person).sort((a, b) => a.done_at.localeCompare(b.done_at));
}
export function put(entry) { return store("readwrite", (entries) => entries.put(entry)); }
export function drop(key) { return store("readwrite", (entries) => entries.delete(key)); }
export async function forgetAll() {
  // what a therapist entered for a group on the same device is not this person's to forget
  const kept = (await store("readonly", (entries) => entries.getAll())).filter((one) => one.person.startsWith("group:"));
  await store("readwrite", (entries, meta) => { entries.clear(); for (const one of kept) entries.put(one); return meta.clear(); });
  for (const name of await caches.keys()) if (name.startsWith("physio-")) await caches.delete(name);
}

const STORED = /^\/me\/(stop\/[^/]+\/|runs\/)?$/;

// Sends one entry through the address its form has; returns where the server led to, or "" when the entry has to stay.
async function sendOne(entry, token) {
  const body = new URLSearchParams([...entry.fields.filter(([name]) => name !== "client_key" && name !== "done_at"), ["client_key", entry.key], ["done_at", entry.done_at]]);
  const answer = await fetch(entry.url, { method: "POST", body, headers: { "X-CSRFToken": token }, credentials: "same-origin" });
  const path = new URL(answer.url).pathname;
  if (answer.ok && answer.redirected && STORED.test(path)) { await drop(entry.key); return path; }
  if (answer.status === 409 || answer.status === 422 || answer.status === 404 || (answer.ok && answer.redirected && path.startsWith("/me/"))) {
    await put({ ...entry, refused: answer.status });
  }
  return "";
}

const PATIENCE_MS = 20000;
let last = Promise.resolve("");
// Sends everything that waits, oldest first, if its owner is signed in; entries the server refused stay until they are discarded.
// Who asks while a try is under way gets a try of their own after it: the first may have begun before there was a connection.
export function sendAll(person, keepAddress) {
  last = last.then(() => tryAll(person, keepAddress));
  return last;
}

async function tryAll(person, keepAddress) {
  let led = "";
  try {
    const waiting = (await entriesOf(person)).filter((one) => !one.refused);
    if (!waiting.length) return led;
    const state = await (await fetch(keepAddress, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) })).json();
    if (!state.signed_in || state.person !== person) return led;
    for (const entry of waiting) {
      const path = await sendOne(entry, state.token);
      if (path && !led.startsWith("/me/stop/")) led = path;
    }
  } catch { /* no connection: everything that was not sent still waits */ }
  return led;
}
