// Small behaviours of every page: toasts, menus, dialogs, error focus, single submits, picture pause, steppers, the outbox note.

const on = (type, handler, options) => document.addEventListener(type, handler, options);

// --- toasts: those over the page go after 6 s, later while pointed at or focused; those within it and errors stay ---------
const TOAST_MS = 7000;
function armToast(toast) {
  if (toast.dataset.armed || toast.classList.contains("toast--error") || getComputedStyle(toast.parentElement).position !== "fixed") return;
  toast.dataset.armed = "1";
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), TOAST_MS); };
  const stop = () => clearTimeout(timer);
  for (const type of ["pointerenter", "focusin"]) toast.addEventListener(type, stop);
  for (const type of ["pointerleave", "focusout"]) toast.addEventListener(type, start);
  start();
}

// --- one post for one press: a unique key for the server, and no second press while the first is under way --------------
function fillKeys(root) {
  for (const input of root.querySelectorAll('input[name="client_key"]')) {
    if (!input.value && crypto.randomUUID) input.value = crypto.randomUUID();
  }
  for (const input of root.querySelectorAll("input[data-now]")) input.value = new Date().toISOString();
}
on("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-repeat")) return;
  for (const input of form.querySelectorAll("input[data-now]")) input.value = new Date().toISOString();
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  if (event.submitter?.classList.contains("btn")) event.submitter.setAttribute("aria-busy", "true");
});
function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
}
on("htmx:afterRequest", (event) => { const form = event.target.closest?.("form"); if (form) release(form); });
window.addEventListener("pageshow", () => { for (const form of document.forms) release(form); });

// --- menus and dialogs --------------------------------------------------------------------------------------------------
on("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  const target = event.target.closest("[data-dismiss],[data-open],[data-close],[data-pause],[data-step-by],[data-print],[data-copy],[data-all]");
  if (!target) return;
  if ("dismiss" in target.dataset) target.closest("[data-toast]")?.remove();
  if (target.dataset.open) {
    const dialog = document.getElementById(target.dataset.open);
    if (dialog?.showModal) { event.preventDefault(); dialog.showModal(); }
  }
  if ("close" in target.dataset) { const dialog = target.closest("dialog"); if (dialog) { event.preventDefault(); dialog.close(); } }
  if ("print" in target.dataset) window.print();
  if (target.dataset.copy) navigator.clipboard?.writeText(target.dataset.copy);
  if ("pause" in target.dataset) togglePicture(target);
  if (target.dataset.stepBy) stepBy(target);
  if (target.dataset.all) {
    const scope = target.closest(target.dataset.all) ?? document;
    for (const box of scope.querySelectorAll('input[type="checkbox"]:not(:disabled)')) if (box !== target) box.checked = target.checked ?? true;
  }
});
on("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-menu][open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
on("change", (event) => {
  const field = event.target;
  if (field.closest("form[data-autosubmit]")) field.form.requestSubmit();
});

// --- pictograms: moving ones can be stopped (WCAG 2.2.2), and stand still when less motion is wished ----------------------
function togglePicture(button) {
  const svg = button.closest("[data-picture]")?.querySelector(".pg-anim");
  if (!svg) return;
  const paused = button.getAttribute("aria-pressed") !== "true";
  if (paused) svg.pauseAnimations(); else svg.unpauseAnimations();
  button.setAttribute("aria-pressed", String(paused));
  const use = button.querySelector("use");
  use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, paused ? "#play" : "#pause"));
}

// --- steppers -------------------------------------------------------------------------------------------------------------
function stepBy(button) {
  const input = button.closest(".stepper").querySelector("input");
  const step = Number(button.dataset.stepBy) * Number(input.step || 1);
  const value = Number(input.value || input.placeholder || 0) + step;
  const low = input.min === "" ? -Infinity : Number(input.min);
  const high = input.max === "" ? Infinity : Number(input.max);
  input.value = String(Math.round(Math.min(Math.max(value, low), high) * 100) / 100);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// --- what a session kept on the phone goes when the server has it, and everything goes at sign-out ---------------------------
function forget(matches) {
  try {
    for (const key of Object.keys(localStorage)) if (matches(key)) localStorage.removeItem(key);
  } catch { /* no storage, nothing kept */ }
}
on("submit", (event) => { if (event.target.hasAttribute("data-signout")) forget((key) => key.startsWith("player:") && key !== "player:sound"); });

// --- start, also for parts that arrive later --------------------------------------------------------------------------------
function prepare(root) {
  for (const toast of root.querySelectorAll("[data-toast]")) armToast(toast);
  fillKeys(root);
  root.querySelector("[data-focus]")?.focus();
  const finished = root.querySelector("[data-player-done]")?.dataset.playerDone;
  if (finished) forget((key) => key === `player:${finished}`);
}
prepare(document);
on("htmx:afterSettle", (event) => prepare(event.target.parentElement ?? document));
on("htmx:responseError", () => {
  const region = document.getElementById("toasts");
  if (!region) return;
  const toast = document.createElement("div");
  toast.className = "toast toast--error";
  toast.textContent = region.dataset.error;
  region.replaceChildren(toast);
  toast.scrollIntoView({ block: "nearest" });
});
