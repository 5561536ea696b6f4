// Keeps the page for times without a connection and its files, and what a patient sends meanwhile; never a page with data.
const CACHE = "physio-VERSION";
const FILES = [{% for address in addresses %}"{{ address|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const KEPT = /^\/me\/(check-in|symptoms|runs\/new|sessions\/[^/]+(\/(play|stop|run))?)\/$/;
const NOT_DATA = new Set(["csrfmiddlewaretoken", "file"]);

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map((url) => new Request(url, { credentials: "omit" })));
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("physio-") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && request.method === "POST" && url.pathname.startsWith("/me/")) event.respondWith(isBack(request) ? show(fresh(url), url) : send(request, url));
  else if (request.mode === "navigate" && request.method === "GET" && /^\/(me\/.*|offline\/.*)?$/.test(url.pathname)) event.respondWith(show(request, url));
  else if (request.method === "GET" && FILES.includes(url.pathname)) event.respondWith(file(request));
});

async function file(request) {
  return await caches.match(request, { ignoreVary: true, cacheName: CACHE }) ?? fetch(request);
}

async function show(request, url) {
  try {
    return await fetch(request);
  } catch (error) {
    const [language] = (await meta()).language?.match(/^[a-z]{2}$/) ?? ["en"];
    const path = url.pathname.startsWith("/offline/") ? url.pathname : `/offline/${language}/`;
    const kept = await caches.match(path, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

// going back to the answer of a form: it was sent already, so the page is asked for anew and nothing is sent or kept again
function isBack(request) {
  return request.isHistoryNavigation || request.cache === "only-if-cached";
}
function fresh(url) {
  return new Request(url.href, { credentials: "same-origin", redirect: "manual" });
}

async function send(request, url) {
  const copy = request.clone();
  try {
    return await fetch(request);
  } catch {
    const { person, language } = await meta();
    const fields = [...(await copy.formData())].filter(([name, value]) => typeof value === "string" && !NOT_DATA.has(name));
    const data = Object.fromEntries(fields);
    const later = KEPT.test(url.pathname) && person && isWhole(url.pathname, data);
    if (later) await keep({ key: data.client_key || crypto.randomUUID(), person, url: url.pathname, fields, done_at: new Date().toISOString() });
    const sign = data.answer === "yes" || data.answer === "list" || url.pathname.endsWith("/stop/");
    return Response.redirect(`/offline/${language ?? "en"}/${later ? "" : "?not-kept"}${sign ? "#signs" : ""}`, 303);
  }
}

// what the server would store, and not a step on the way to it
function isWhole(path, data) {
  if (path === "/me/check-in/") return data.answer === "none" || data.answer === "list";
  if (path === "/me/symptoms/") return data.answer === "list";
  if (path.endsWith("/stop/")) return Boolean(data.answer);
  return data.answer !== "file";
}

// --- notifications: shown as they come, one for each reminder; a tap opens the page behind the sign-in ---------------------
self.addEventListener("push", (event) => {
  const { title, body, url, lang, tag } = read(event.data);
  const options = { body, lang, tag, icon: "{{ icon }}", badge: "{{ icon }}", data: { url } };
  event.waitUntil(self.registration.showNotification(title || "Physio", options));
});

function read(data) {
  try { return data?.json() ?? {}; } catch { return {}; }
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? "/me/", self.location.origin);
  if (url.origin === self.location.origin) event.waitUntil(open(url.href));
});

async function open(href) {
  for (const page of await self.clients.matchAll({ type: "window" })) {
    try {
      await page.focus().catch(() => {});
      await page.navigate(href);
      return;
    } catch { /* not under this worker: a new page then */ }
  }
  await self.clients.openWindow(href);
}

function store(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("physio", 1);
    opening.onupgradeneeded = () => { opening.result.createObjectStore("entries", { keyPath: "key" }); opening.result.createObjectStore("meta"); };
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const change = database.transaction(["entries", "meta"], mode);
      const asked = work(change);
      change.oncomplete = () => { database.close(); resolve(asked.result); };
      change.onabort = () => { database.close(); reject(change.error); };
    };
  });
}
async function meta() { return await store("readonly", (change) => change.objectStore("meta").get("owner")) ?? {}; }
function keep(entry) { return store("readwrite", (change) => change.objectStore("entries").put(entry)); }
