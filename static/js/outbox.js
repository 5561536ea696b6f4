// The note about entries that wait on this phone, their list, sending them, and signing out only when nothing waits.

import { drop, entriesOf, forgetAll, owner, sendAll, setOwner } from "./queue.js";

const note = document.getElementById("outbox");
const list = document.querySelector("[data-unsent]");
const RETRY_MS = 30000;
const KINDS = [["/check-in/", "checkIn"], ["/symptoms/", "signs"], ["/runs/new/", "run"], ["/run/", "run"], ["/sessions/", "session"]];

if (window.indexedDB && window.caches && (note || list)) start();

async function start() {
  const keep = (note ?? list).dataset.keep;
  const signedIn = document.querySelector("meta[name=idle-seconds]")?.dataset.person;
  if (signedIn) await setOwner({ person: signedIn, language: document.documentElement.lang, number: note?.dataset.number ?? "" });
  const me = await owner();
  const lost = document.querySelector("[data-not-kept]");
  if (lost) lost.hidden = location.search !== "?not-kept";
  const signs = document.querySelector("[data-signs]");
  const showSigns = () => {
    if (!signs || location.hash !== "#signs") return;
    signs.open = true;
    signs.scrollIntoView();
  };
  addEventListener("hashchange", showSigns);
  if (!me) { showSigns(); return; }
  navigator.serviceWorker?.register("/sw.js", { updateViaCache: "none" }).catch(() => {});

  async function draw() {
    const entries = await entriesOf(me.person);
    if (note) drawNote(note, entries);
    if (list) drawList(entries);
    return entries;
  }
  async function send() {
    const led = await sendAll(me.person, keep);
    const left = await draw();
    if (led.startsWith("/me/stop/")) location.assign(led);
    else if (led && list && !left.length) location.assign("/me/");
    else if (led && note && location.pathname === "/me/") location.reload();
  }

  function drawList(entries) {
    for (const one of document.querySelectorAll("[data-number]")) if (me.number) { one.href = `tel:${me.number}`; one.querySelector("b").textContent = me.number; }
    document.querySelector("[data-none-unsent]").hidden = entries.length > 0;
    document.querySelector("[data-send]").hidden = !entries.some((one) => !one.refused);
    for (const part of document.querySelectorAll("[data-owned]")) part.hidden = entries.some((one) => one.url === "/me/check-in/");
    list.replaceChildren(...entries.map((entry) => {
      const row = document.querySelector("[data-entry]").content.cloneNode(true);
      const kind = KINDS.find(([part]) => entry.url.includes(part))?.[1] ?? "session";
      const data = Object.fromEntries(entry.fields);
      const pain = data.pain_0_10 ?? data.pain_during_0_10 ?? data.pain_worst_0_10;
      row.querySelector("[data-kind]").textContent = list.dataset[kind];
      row.querySelector("[data-done]").textContent = new Date(entry.done_at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
      if (pain) row.querySelector("[data-pain]").textContent = ` · ${list.dataset.pain.replace("%n", pain)}`;
      row.querySelector("[data-refused]").hidden = !entry.refused;
      row.querySelector("[data-taken]").hidden = entry.refused !== 409;
      row.querySelector("[data-wrong]").hidden = !entry.refused || entry.refused === 409;
      row.querySelector("[data-discard]").addEventListener("click", async (event) => {
        // the second press discards: nothing is lost by one slip
        if (!event.target.dataset.sure) { event.target.dataset.sure = "1"; event.target.textContent = list.dataset.sure; return; }
        await drop(entry.key);
        draw();
      });
      return row;
    }));
  }

  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  setInterval(() => { if (!document.hidden) send(); }, RETRY_MS);
  document.querySelector("[data-send]")?.addEventListener("click", send);
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-signout") || form.dataset.emptied) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await sendAll(me.person, keep);
    const left = await draw();
    if (left.length) { location.assign(note?.dataset.url ?? location.pathname); return; }
    await forgetAll();
    form.dataset.emptied = "1";
    form.requestSubmit();
  }, true);
  await draw();
  showSigns();
  await send();
}

function drawNote(box, entries) {
  const count = entries.length;
  const text = entries.some((one) => one.refused) ? box.dataset.refused : count === 1 ? box.dataset.one : box.dataset.many.replace("%n", count);
  const show = () => {
    box.hidden = !count && navigator.onLine;
    box.querySelector("[data-text]").textContent = [navigator.onLine ? "" : box.dataset.offline, count ? text : ""].filter(Boolean).join(" ");
    box.querySelector("a").hidden = !count;
  };
  show();
  addEventListener("offline", show);
  addEventListener("online", show);
}
