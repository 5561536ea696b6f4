// Run-walk timer: <div data-intervals='[["walk",120],["run",15]]' data-key="<session>" data-text-walk data-text-run data-text-end>.
// It reckons by the clock: a locked phone or a reloaded page goes on where the runner is by then.

import { beep, keepAwake, paint, setSound, soundOn, unlockSound } from "./timer.js";

const OPEN_MS = 6 * 3600 * 1000; // what was begun longer ago is begun anew

for (const root of document.querySelectorAll("[data-intervals]")) start(root);

function start(root) {
  const parts = JSON.parse(root.dataset.intervals);
  const total = parts.reduce((sum, [, seconds]) => sum + seconds, 0);
  const rounds = parts.filter(([kind]) => kind === "run").length;
  const words = { walk: root.dataset.textWalk, run: root.dataset.textRun };
  const storeKey = `player:intervals:${root.dataset.key}`; // signing out forgets every key that begins like this
  const form = root.closest("form") ?? document.querySelector("form[data-run]");
  const ui = (name) => root.querySelector(`[data-${name}]`);
  const report = form.querySelector("[data-report]");
  let state = { base: 0, passed: 0, running: false, at: 0 }; // base: the moment at which nothing had passed; passed: seconds while paused
  let shown = -1;
  let warned = -1;
  let voice = read("player:voice") === "on";

  function read(key) { try { return localStorage.getItem(key); } catch { return null; } }
  function keep(key, value) { try { if (value === null) localStorage.removeItem(key); else localStorage.setItem(key, value); } catch { /* private mode */ } }
  function save() { state.at = Date.now(); keep(storeKey, JSON.stringify(state)); }

  const passed = () => Math.min(state.running ? (Date.now() - state.base) / 1000 : state.passed, total);
  function place(seconds) {
    let begin = 0;
    for (let index = 0; index < parts.length; index += 1) {
      if (seconds < begin + parts[index][1]) return { index, left: Math.ceil(begin + parts[index][1] - seconds) };
      begin += parts[index][1];
    }
    return { index: parts.length, left: 0 };
  }
  const roundsDone = (index) => parts.slice(0, index).filter(([kind]) => kind === "run").length;
  const length = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  function say(text) {
    ui("say").textContent = text;
    if (!voice || !window.speechSynthesis) return;
    speechSynthesis.cancel();
    const spoken = new SpeechSynthesisUtterance(text);
    spoken.lang = document.documentElement.lang;
    speechSynthesis.speak(spoken);
  }

  function tick() {
    const { index, left } = place(passed());
    if (index >= parts.length) { finish(true); return; }
    const [kind, seconds] = parts[index];
    if (index !== shown) {
      shown = index;
      const last = kind === "run" && roundsDone(index) === rounds - 1 && rounds > 1;
      if (state.running) { beep(kind === "run" ? 2 : 1); say(last ? `${words.run}. ${root.dataset.textLast}` : words[kind]); }
      ui("phase").textContent = words[kind];
      ui("timer").classList.toggle("timer--rest", kind !== "run");
      const then = parts[index + 1];
      ui("following").textContent = then ? root.dataset.textThen.replace("%w", words[then[0]]).replace("%t", length(then[1])) : root.dataset.textLast;
      ui("count").textContent = root.dataset.textRound.replace("%n", Math.min(roundsDone(index) + 1, rounds)).replace("%t", rounds);
    }
    if (state.running && left <= 3 && seconds > 5 && warned !== index) { warned = index; beep(1, 660); }
    paint(ui("timer"), left, seconds);
  }

  function draw() {
    const begun = state.running || state.passed > 0;
    ui("timer-start").hidden = begun;
    ui("timer-pause").hidden = !begun;
    ui("timer-pause").setAttribute("aria-pressed", String(!state.running));
    ui("pause-text").textContent = state.running ? root.dataset.textPause : root.dataset.textGo;
    ui("stop-early").hidden = !begun;
    ui("sound").setAttribute("aria-pressed", String(soundOn()));
    ui("voice").setAttribute("aria-pressed", String(voice));
    ui("voice").hidden = !window.speechSynthesis;
  }
  function run() { state.base = Date.now() - state.passed * 1000; state.running = true; keepAwake(); save(); draw(); tick(); }
  function pause() { state.passed = passed(); state.running = false; keepAwake(false); save(); draw(); }

  // what was really done, for the runner to look over
  function finish(whole) {
    const seconds = Math.round(passed());
    const { index } = place(passed());
    state.running = false;
    clearInterval(handle);
    keepAwake(false);
    if (whole) { beep(3); say(root.dataset.textEnd); }
    const fill = (name, value) => { const input = form.querySelector(`[data-${name}] input, input[data-${name}]`); if (input) input.value = String(value); };
    fill("rounds", roundsDone(index));
    fill("minutes", Math.floor(seconds / 60));
    fill("seconds", seconds % 60);
    root.hidden = true;
    show();
    const heading = report.querySelector("h2");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
    root.dispatchEvent(new CustomEvent("intervals:end", { bubbles: true }));
  }
  function show() {
    report.hidden = false;
    for (const part of form.querySelectorAll("[data-enter]")) part.hidden = true;
  }

  root.addEventListener("click", (event) => {
    const on = (name) => event.target.closest(`[data-${name}]`);
    unlockSound();
    if (on("timer-start")) run();
    else if (on("timer-pause")) { if (state.running) pause(); else run(); }
    else if (on("stop-early")) { state.passed = passed(); finish(false); }
    else if (on("sound")) { setSound(!soundOn()); draw(); }
    else if (on("voice")) { voice = !voice; keep("player:voice", voice ? "on" : "off"); draw(); if (voice) say(root.dataset.textVoice); }
  });
  form.querySelector("[data-enter]")?.addEventListener("click", show);
  form.addEventListener("submit", () => keep(storeKey, null));

  try {
    const kept = JSON.parse(read(storeKey) ?? "{}");
    if (Date.now() - (kept.at ?? 0) < OPEN_MS) state = { ...state, ...kept };
  } catch { /* damaged: begin anew */ }
  const handle = setInterval(() => { if (state.running) tick(); }, 200);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && state.running) tick(); });
  draw();
  if (report.querySelector(".err, .errsum") || form.querySelector(".errsum")) { root.hidden = true; show(); return; }
  report.hidden = true;
  for (const part of form.querySelectorAll("[data-enter]")) part.hidden = false;
  tick();
  if (state.running) keepAwake();
}
