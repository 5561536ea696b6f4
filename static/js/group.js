// The group sheet: every tap shows at once, waits on this device until the server has it, and is never sent over somebody else's value.
// Without this file the sheet is one form; with it each button and field becomes a call of the API.

import { drop, entriesOf, put } from "./queue.js";

const root = document.querySelector("[data-group]");
const person = document.querySelector("meta[name=idle-seconds]")?.dataset.person;
if (root && person && window.indexedDB) start();

function start() {
  const words = root.dataset;
  const owner = `group:${person}`; // not among what a patient's phone sends
  const EVERY_MS = 15000;
  const RETRY_MS = 10000;
  const saved = document.getElementById("saved");
  const refused = document.getElementById("refused");
  const form = () => document.getElementById("group");
  const laneOf = (session) => document.getElementById(`lane-${session}`);
  const byName = (name) => [...form()?.elements ?? []].filter((one) => one.name === name);
  let token = document.querySelector("meta[name=idle-seconds]").dataset.token;
  let waiting = [];

  // ---- what a button or a field wants ---------------------------------------------------------------------------------------
  const nameOf = (body) => `v:${body.session}:${body.prescription ?? "-"}:${body.what}`;
  function entry(session, prescription, what, number, value, seen) {
    return { url: words.entries, body: { session, prescription: prescription === "-" ? null : prescription, what, number: Number(number), value: value === "" ? null : Number(value), seen: Number(seen) } };
  }
  function stateNow(body) {
    if (body.what === "set" || body.what === "stopped") {
      const start = `enter/${body.session}/${body.prescription ?? "-"}/${body.what}/${body.number}/`;
      const button = [...document.querySelectorAll("button[name=do]")].find((one) => one.value.startsWith(start));
      return { button, seen: Number(button?.value.split("/")[6] ?? 0) };
    }
    const was = byName(`was:${nameOf(body)}`)[0];
    return { was, seen: Number(was?.value.split("|")[1] ?? 0) };
  }

  // ---- showing what was entered, before the server knows ----------------------------------------------------------------------
  function showEntry(body, revision) {
    const { button, was } = stateNow(body);
    if (button) {
      const isOn = Boolean(body.value);
      const parts = button.value.split("/");
      parts[5] = isOn ? "0" : "1";
      parts[6] = String(revision);
      button.value = parts.join("/");
      button.setAttribute("aria-pressed", String(isOn));
      button.classList.toggle(body.what === "set" ? "tapset--on" : "tapset--mod", isOn);
    } else if (was) {
      was.value = `${body.value ?? ""}|${revision}`;
      for (const input of byName(nameOf(body))) {
        if (input.type === "radio") input.checked = input.value === String(body.value ?? "");
        else if (document.activeElement !== input) input.value = body.value ?? "";
      }
      const load = byName(nameOf(body))[0]?.closest(".lane__x")?.querySelector("[data-load]");
      if (load && body.what === "load" && body.value !== null) load.textContent = `${body.value.toLocaleString(document.documentElement.lang)} kg`;
    }
    count();
  }
  function showAll(session) {
    for (const button of laneOf(session)?.querySelectorAll('button[value*="/set/"][aria-pressed="false"]') ?? []) {
      const [, , prescription, what, number, , seen] = button.value.split("/");
      showEntry({ session, prescription, what, number: Number(number), value: 1 }, Number(seen) + 1);
    }
    laneOf(session)?.querySelector(`button[value="all/${session}"]`)?.closest(".lane__f").remove();
  }
  function showAgain(one) {
    if (one.url === words.entries) showEntry(one.body, one.body.seen + 1);
    else if (one.url.endsWith("/as_planned/")) showAll(one.session);
    else if (one.url.endsWith("/finish/")) laneOf(one.session)?.classList.add("lane--sent");
  }
  function count() {
    const place = root.querySelector("[data-count]");
    if (place) place.textContent = document.querySelectorAll(".lane .tapset--on").length;
  }

  // ---- the queue ----------------------------------------------------------------------------------------------------------------
  async function add(session, call) {
    const key = crypto.randomUUID();
    const done_at = new Date(Date.now() + performance.now() % 1).toISOString();
    const one = { key, person: owner, session, done_at, order: `${done_at}${String(waiting.length).padStart(4, "0")}`, fields: [], ...call };
    waiting.push(one);
    drawSaved();
    await put(one);
    send();
  }
  function drawSaved() {
    const count = waiting.filter((one) => !one.refused).length;
    const text = count === 0 ? words.saved : count === 1 ? words.one : words.many.replace("%n", count);
    saved.firstElementChild.textContent = navigator.onLine ? text : `${words.offline}${count ? `, ${text}` : ""}`;
    saved.className = `chip js-only ${count || !navigator.onLine ? "chip--warn" : "chip--ok"}`;
  }
  let sending = false;
  async function send() {
    if (sending) return;
    sending = true;
    let whole = false;
    try {
      for (let one = waiting.find((each) => !each.refused); one; one = waiting.find((each) => !each.refused)) {
        const keyed = !one.url.endsWith("/attend/");
        const body = { ...one.body, ...(keyed ? { client_key: one.key, done_at: one.done_at } : {}) };
        const answer = await fetch(one.url, { method: "POST", credentials: "same-origin", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "X-CSRFToken": token, "Accept-Language": document.documentElement.lang } });
        if (answer.ok) {
          const said = await answer.json();
          waiting = waiting.filter((each) => each !== one);
          await drop(one.key);
          const later = waiting.some((each) => each.url === words.entries && nameOf(each.body) === nameOf(one.body) && each.body.number === one.body.number);
          if (one.url === words.entries) { if (!later) showEntry(one.body, said.revision); } else whole = true;
        } else if (answer.status === 401 || answer.status === 403) {
          const state = await (await fetch(words.keep, { credentials: "same-origin" })).json().catch(() => ({}));
          if (!state.signed_in || state.person !== person || state.token === token) break;
          token = state.token;
        } else if (answer.status >= 500 || answer.status === 429) {
          break;
        } else {
          const said = await answer.json().catch(() => ({}));
          one.refused = answer.status;
          one.said = [said.detail, ...Object.values(said.fields ?? {}).flat()].filter(Boolean).join(" ");
          await put(one);
          whole = true;
        }
        drawSaved();
      }
    } catch { /* no connection: everything that was not sent still waits */ }
    sending = false;
    drawSaved();
    drawRefused();
    if (whole) await refresh(true);
  }
  async function forget(one) {
    waiting = waiting.filter((each) => each !== one);
    await drop(one.key);
    drawRefused();
    drawSaved();
  }
  function drawRefused() {
    const lost = waiting.filter((one) => one.refused);
    refused.hidden = lost.length === 0;
    if (!lost.length && !refused.querySelector("[data-own]")) return;
    refused.replaceChildren(...lost.map((one) => {
      const note = document.createElement("div");
      note.className = "note note--warn";
      note.dataset.own = "1";
      const text = note.appendChild(document.createElement("span"));
      text.className = "grow";
      const name = laneOf(one.session)?.querySelector(".lane__n")?.textContent ?? "";
      text.textContent = [name, one.said].filter(Boolean).join(": ");
      const isValue = one.refused === 409 && one.url === words.entries && laneOf(one.session)?.matches("[data-stage=ask],[data-stage=ready],[data-stage=amber],[data-stage=red]");
      note.append(press(isValue ? refused.dataset.keepText : refused.dataset.lostText, "btn btn--line btn--s", async () => { await forget(one); await refresh(true); }));
      if (isValue) {
        note.append(press(refused.dataset.mineText, "btn btn--soft btn--s", async () => {
          const { seen } = stateNow(one.body);
          await forget(one);
          showEntry(one.body, seen + 1);
          await add(one.session, { url: one.url, body: { ...one.body, seen } });
        }));
      }
      return note;
    }));
  }
  function press(text, kind, work) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = kind;
    button.textContent = text;
    button.addEventListener("click", work);
    return button;
  }
  function say(text, field) {
    const note = document.createElement("div");
    note.className = "note note--warn";
    note.dataset.own = "1";
    note.textContent = text;
    drawRefused();
    refused.hidden = false;
    refused.append(note);
    field?.focus();
    field?.scrollIntoView({ block: "center" });
  }

  // ---- taps ---------------------------------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const button = event.target.closest('button[name="do"]');
    if (!button || button.form?.id !== "group") return;
    const [kind, session, ...rest] = button.value.split("/");
    if (kind === "save") return;
    event.preventDefault();
    if (kind === "enter") {
      const call = entry(session, ...rest);
      showEntry(call.body, call.body.seen + 1);
      add(session, call);
    } else if (kind === "all") {
      showAll(session);
      add(session, { url: `${words.sessions}${session}/as_planned/`, body: {} });
    } else if (kind === "attend") {
      const [attendance, seen] = rest.map((word) => (word === "expected" ? "" : word));
      add(session, { url: `${words.sessions}${session}/attend/`, body: { attendance, seen } });
    } else if (kind === "ask") ask(session);
    else if (kind === "finish") finish(session ? [session] : byName("lane").map((one) => one.value));
  });
  function ask(session) {
    const [pain, ready] = ["pain_0_10", "readiness_0_10"].map((name) => byName(`ask-${session}-${name}`).find((one) => one.checked)?.value);
    if (pain === undefined || ready === undefined) { say(words.ask, byName(`ask-${session}-${pain === undefined ? "pain" : "readiness"}_0_10`)[0]); return; }
    add(session, { url: words.checkins, body: { patient: laneOf(session).dataset.patient, pain_0_10: Number(pain), readiness_0_10: Number(ready) } });
  }
  function finish(sessions) {
    const ready = sessions.filter((one) => laneOf(one)?.querySelector(".tapset--on, .tapset--wide[aria-pressed=true]") && !laneOf(one).classList.contains("lane--sent"));
    if (!ready.length) { say(words.nosets); return; }
    const lacking = ready.filter((one) => !byName(`v:${one}:-:pain`).some((radio) => radio.checked) && !laneOf(one).querySelector(".tapset--wide[aria-pressed=true]"));
    for (const session of ready) {
      if (lacking.includes(session)) continue;
      laneOf(session).classList.add("lane--sent");
      add(session, { url: `${words.sessions}${session}/finish/`, body: {} });
    }
    if (lacking.length) say(words.pain.replace("%n", lacking.map((one) => laneOf(one).querySelector(".lane__n").textContent).join(", ")), byName(`v:${lacking[0]}:-:pain`)[0]);
  }

  // a number counts when it has stood still for a moment: a stepper is pressed several times
  const timers = new Map();
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.name?.startsWith("v:") || input.form?.id !== "group") return;
    clearTimeout(timers.get(input.name));
    timers.set(input.name, setTimeout(() => flush(input), input.type === "radio" ? 0 : 500));
  });
  function flush(input) {
    timers.delete(input.name);
    const [, session, prescription, what] = input.name.split(":");
    const [before, seen] = byName(`was:${input.name}`)[0].value.split("|");
    if (!input.isConnected || input.value === before || !input.checkValidity()) return;
    const call = entry(session, prescription, what, 0, input.value, seen);
    showEntry(call.body, Number(seen) + 1);
    add(session, call);
  }

  // ---- what other tablets did ------------------------------------------------------------------------------------------------------
  let asking = false;
  async function refresh(now = false) {
    if (asking || document.hidden || (!now && (sending || waiting.some((one) => !one.refused)))) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, credentials: "same-origin" });
      if (answer.ok && !answer.redirected) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* no connection: the sheet stays as it is */ } finally { asking = false; }
  }
  function swap(fresh) {
    const lanes = [...fresh.querySelectorAll("[data-lane]")];
    const mine = [...document.querySelectorAll("[data-lane]")];
    if (lanes.map((one) => one.id).join() !== mine.map((one) => one.id).join()) {
      // somebody walked in or went to another time: the whole sheet is new, unless somebody is in the middle of it
      if (!waiting.some((one) => !one.refused) && !document.querySelector(".lane details[open]") && !form()?.contains(document.activeElement)) location.reload();
      return;
    }
    for (const lane of lanes) {
      const old = document.getElementById(lane.id);
      const busy = waiting.some((one) => one.session === lane.dataset.lane && !one.refused) || [...timers.keys()].some((name) => name.includes(lane.dataset.lane));
      if (old.dataset.version === lane.dataset.version && !old.classList.contains("lane--sent") || busy) continue;
      const place = old.contains(document.activeElement) ? document.activeElement : null;
      const open = [...old.querySelectorAll("details")].map((one) => one.open);
      const asked = [...old.querySelectorAll('input[name^="ask-"]:checked')].map((one) => [one.name, one.value]);
      old.replaceWith(lane);
      lane.querySelectorAll("details").forEach((one, at) => { one.open = open[at] ?? false; });
      for (const [name, value] of asked) for (const radio of byName(name)) radio.checked = radio.value === value;
      const again = place?.id ? document.getElementById(place.id) : place?.value ? [...lane.querySelectorAll("button,input")].find((one) => one.name === place.name && one.value.split("/").slice(0, 5).join("/") === place.value.split("/").slice(0, 5).join("/")) : null;
      again?.focus({ preventScroll: true });
    }
    const head = fresh.querySelector("#grouphead p");
    if (head) document.querySelector("#grouphead p")?.replaceWith(head);
    count();
    drawRefused();
  }

  addEventListener("online", () => { drawSaved(); send(); });
  addEventListener("offline", drawSaved);
  addEventListener("beforeunload", (event) => { if (waiting.some((one) => !one.refused)) event.preventDefault(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send().then(() => refresh()); });
  setInterval(() => refresh(), EVERY_MS);
  setInterval(() => { if (waiting.some((one) => !one.refused)) send(); }, RETRY_MS);
  (async () => {
    waiting = (await entriesOf(owner)).sort((a, b) => a.order.localeCompare(b.order));
    for (const one of waiting) if (!one.refused) showAgain(one);
    drawSaved();
    drawRefused();
    if (waiting.length) send();
  })();
}
