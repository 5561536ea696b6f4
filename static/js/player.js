// The session player: one exercise at a time, sets by a tap, hold and rest by themselves; every tap is kept on the phone.
// The page is one form and works without this file: all exercises stand below each other with their number fields.

import { Countdown, beep, keepAwake, paint, setSound, soundOn, unlockSound } from "./timer.js";

const form = document.querySelector("form[data-player]");
if (form) start();

function start() {
  const storeKey = `player:${form.dataset.player}`;
  const OPEN_MS = 12 * 3600 * 1000; // what was left longer ago is begun anew
  const LEAD = 3;
  const CHANGE = 5; // seconds to change sides
  const steps = [...form.querySelectorAll("[data-exercise]")];
  const finish = form.querySelector("[data-finish]");
  const panel = form.querySelector("[data-panel]");
  const timerBox = form.querySelector("[data-timer]");
  const ui = (name) => form.querySelector(`[data-${name}]`);
  const words = form.dataset;

  // ---- what is known: from the phone when the session was left, else fresh -------------------------------------------------
  const state = { step: 0, done: steps.map(() => 0), fields: {}, at: Date.now() };
  try {
    const kept = JSON.parse(localStorage.getItem(storeKey) ?? "{}");
    if (Date.now() - (kept.at ?? 0) < OPEN_MS) Object.assign(state, kept);
  } catch { /* damaged: begin again */ }
  if (state.done.length !== steps.length) state.done = steps.map(() => 0);
  steps.forEach((_, index) => writeDone(index));
  for (const [name, value] of Object.entries(state.fields)) setField(name, value);
  if (form.elements.player) form.elements.player.value = "1";

  function setField(name, value) {
    for (const input of form.elements) {
      if (input.name !== name || input.type === "hidden") continue;
      if (input.type === "radio" || input.type === "checkbox") input.checked = input.type === "radio" ? input.value === value : Boolean(value);
      else input.value = value;
    }
  }
  function save() {
    state.at = Date.now();
    try { localStorage.setItem(storeKey, JSON.stringify(state)); } catch { /* the form itself still holds everything */ }
  }
  form.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.name || input.type === "hidden") return;
    state.fields[input.name] = input.type === "checkbox" ? input.checked : input.value;
    if (input.matches("[data-done]")) state.done[state.step] = Math.min(Number(input.value) || 0, sets(state.step));
    save();
    draw();
  });

  // ---- the exercise on the screen -------------------------------------------------------------------------------------------
  const number = (index, name) => Number(steps[index]?.dataset[name] ?? 0);
  const sets = (index) => number(index, "sets");
  const sides = (index) => number(index, "sides") || 1;
  const say = (text) => { const region = ui("say"); if (region) region.textContent = text; };
  let phase = "ready"; // ready, lead (a few seconds before a hold), hold, rest, after (questions of the exercise), finish
  let side = 1;

  const clock = new Countdown({
    tick(left, total) {
      paint(timerBox, left, total);
      if (phase !== "lead" && (left === 10 || left === 3) && total > left) { if (left === 10) say(words.textTen); if (left === 3) beep(1, 660); }
    },
    done() {
      if (phase === "lead") { beep(2); run("hold", number(state.step, "hold")); }
      else if (phase === "hold" && side < sides(state.step)) { side += 1; beep(2); say(words.textSide); run("lead", CHANGE); }
      else if (phase === "hold") { beep(3); setDone(); }
      else if (phase === "rest") { beep(2); say(words.textGo); if (steps[state.step].dataset.interval) run("hold", number(state.step, "hold")); else ready(); }
      else if (phase === "after") { beep(2); draw(); }
    },
  });

  function run(next, seconds) { phase = next; clock.start(seconds); draw(); }
  function ready() { phase = "ready"; side = 1; clock.stop(); draw(); }

  function setDone() {
    const index = state.step;
    side = 1;
    state.done[index] = Math.min(state.done[index] + 1, sets(index));
    writeDone(index);
    save();
    if (state.done[index] >= sets(index)) { after(); return; }
    const rest = number(index, "rest");
    if (rest) run("rest", rest); else ready();
  }
  function after() {
    // the rest before the next exercise runs while its questions are answered
    const rest = state.step + 1 < steps.length ? number(state.step, "rest") : 0;
    if (rest) run("after", rest); else { phase = "after"; clock.stop(); draw(); }
    scrollTo(0, 0);
  }
  function writeDone(index) {
    const input = steps[index].querySelector("[data-done]");
    if (!input) return;
    input.value = String(state.done[index]);
    state.fields[input.name] = input.value;
  }
  function go(step) {
    state.step = Math.max(0, Math.min(step, steps.length));
    phase = state.step === steps.length ? "finish" : state.done[state.step] >= sets(state.step) ? "after" : "ready";
    side = 1;
    clock.stop();
    save();
    draw();
    const heading = (steps[state.step] ?? finish)?.querySelector("h1,h2");
    if (heading) { heading.tabIndex = -1; heading.focus({ preventScroll: true }); }
    scrollTo(0, 0);
  }

  function show(name, visible) { for (const part of form.querySelectorAll(`[data-${name}]`)) part.hidden = !visible; }
  function hurtsTooMuch(index) {
    const answer = steps[index]?.querySelector("[data-after] input[type=radio]:checked");
    return Boolean(answer) && Number(answer.value) > Number(words.amber || 10);
  }

  function drawChips(step, done) {
    [...step.querySelectorAll("[data-set]")].forEach((chip, at) => {
      chip.classList.toggle("setchip--done", at < done);
      chip.classList.toggle("setchip--now", at === done);
      if (at === done) chip.setAttribute("aria-current", "step"); else chip.removeAttribute("aria-current");
    });
  }
  function drawPanel(index, step, done) {
    const hold = number(index, "hold");
    const resting = phase === "rest" || phase === "after" && clock.running;
    const timed = phase === "after" ? clock.running : Boolean(hold) || phase === "rest";
    const stop = phase === "after" && hurtsTooMuch(index);
    const last = index + 1 >= steps.length;
    show("timer-row", phase !== "after" || !stop && !last);
    show("timer", timed);
    timerBox?.classList.toggle("timer--rest", resting);
    timerBox?.classList.toggle("rest", phase === "after");
    show("phase", phase !== "after");
    show("hint", phase !== "after");
    const holding = sides(index) > 1 ? (side === 1 ? words.textFirstSide : words.textSide) : step.dataset.interval ? words.textRun : hold >= 100 ? words.textLong : words.textHold;
    const waiting = hold ? holding : step.dataset.reps;
    const label = { ready: waiting, lead: side > 1 ? words.textSide : words.textLead, hold: holding, rest: step.dataset.interval ? words.textWalk : words.textRest }[phase];
    if (ui("phase")) ui("phase").textContent = label ?? "";
    if (ui("hint")) ui("hint").textContent = phase === "rest" ? step.dataset.then ?? "" : step.dataset.note ?? "";
    if (phase === "ready" && hold) paint(timerBox, hold, hold);
    show("timer-start", Boolean(hold) && phase === "ready");
    show("timer-pause", ["lead", "hold", "rest"].includes(phase));
    if (ui("timer-pause")) ui("timer-pause").setAttribute("aria-pressed", String(!clock.running && phase !== "ready"));
    show("skip-rest", phase === "rest");
    // where a timer does the counting, starting it is the main thing
    show("set-early", Boolean(hold) && phase === "ready");
    show("set-done", phase !== "after" && phase !== "rest" && !(hold && phase === "ready"));
    show("all-done", phase !== "after" && done < sets(index));
    show("exercise-next", phase === "after" && !stop && !last);
    show("exercise-last", phase === "after" && !stop && last);
    show("end-now", stop);
    form.querySelectorAll("[data-following]").forEach((card, at) => { card.hidden = phase !== "after" || at !== index || stop; });
  }
  function draw() {
    const index = state.step;
    const last = index === steps.length;
    steps.forEach((step, at) => { step.hidden = at !== index; });
    if (finish) finish.hidden = !last;
    if (panel) panel.hidden = last;
    const done = last ? 0 : state.done[index];
    if (!last) {
      const step = steps[index];
      drawChips(step, done);
      for (const part of step.querySelectorAll("[data-after]")) part.hidden = phase !== "after";
      for (const part of step.querySelectorAll("[data-before]")) part.hidden = phase === "after"; // the questions need the room
      for (const part of step.querySelectorAll("[data-too-much]")) part.hidden = !hurtsTooMuch(index);
      drawPanel(index, step, done);
    }
    form.querySelectorAll("[data-progress] > *").forEach((bar, at) => {
      bar.className = at < index || at === index && done >= sets(index) ? "on" : at === index && done > 0 ? "half" : "";
    });
    for (const cell of form.querySelectorAll("[data-sum]")) cell.textContent = `${state.done[cell.dataset.sum]} / ${sets(Number(cell.dataset.sum))}`;
    if (ui("count")) ui("count").textContent = last ? words.textEnd : words.textCount.replace("%n", index + 1).replace("%t", steps.length);
    show("exercise-prev", index > 0);
  }

  // ---- taps ------------------------------------------------------------------------------------------------------------------
  form.addEventListener("click", (event) => {
    unlockSound();
    const on = (name) => event.target.closest(`[data-${name}]`);
    if (on("timer-start")) run("lead", LEAD);
    else if (on("timer-pause")) { if (clock.running) clock.pause(); else clock.resume(); draw(); }
    else if (on("skip-rest")) { if (steps[state.step].dataset.interval) run("lead", LEAD); else ready(); }
    else if (on("set-done") || on("set-early")) setDone();
    else if (on("all-done")) { state.done[state.step] = sets(state.step); writeDone(state.step); save(); after(); }
    else if (on("exercise-next") || on("exercise-last")) go(state.step + 1);
    else if (on("end-now")) go(steps.length);
    else if (on("exercise-prev")) go(state.step - 1);
    else if (on("exercise-skip")) after();
    else if (on("sound")) { setSound(!soundOn()); drawSound(); }
    else {
      // a set already ticked off by mistake: tap its chip to take it back, tap the next one to log it
      const chip = on("set");
      if (chip) {
        const at = [...steps[state.step].querySelectorAll("[data-set]")].indexOf(chip);
        state.done[state.step] = at < state.done[state.step] ? at : at + 1;
        writeDone(state.step);
        save();
        if (state.done[state.step] >= sets(state.step)) after(); else ready();
      }
    }
  });
  function drawSound() {
    const button = ui("sound");
    if (!button) return;
    button.setAttribute("aria-pressed", String(soundOn()));
    const use = button.querySelector("use");
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, soundOn() ? "#volume-2" : "#volume-x"));
  }

  form.noValidate = true; // hidden steps may hold unanswered numbers; the server says what is missing
  drawSound();
  keepAwake();
  const wrong = steps.findIndex((step) => step.querySelector(".err"));
  go(wrong >= 0 ? wrong : finish?.querySelector(".err, .errsum") || words.errors ? steps.length : state.step);
}
