// Warns before the session ends by itself and keeps what was typed, also when it did end:
// <meta name="idle-seconds" content="1740" data-keep="/…/" data-token="…" data-person="…">.

const meta = document.querySelector('meta[name="idle-seconds"]');
const dialog = document.getElementById("idle-dialog");
const limit = Number(meta?.content ?? 0);

if (limit > 120 && dialog?.showModal) {
  const warnSeconds = 90;
  const left = dialog.querySelector("[data-left]");
  const warning = dialog.querySelector("[data-idle-warning]");
  const over = dialog.querySelector("[data-idle-over]");
  const stranger = dialog.querySelector("[data-idle-stranger]");
  let last = Date.now();
  let pinged = Date.now();
  let looked = 0;
  let active = false;
  let isOver = false;

  // a new session has a new form token: give it to every form of this page and to htmx
  function renew(token) {
    meta.dataset.token = token;
    for (const input of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) input.value = token;
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  }

  async function ask(method) {
    pinged = Date.now();
    const headers = method === "POST" ? { "X-CSRFToken": meta.dataset.token } : {};
    const answer = await fetch(meta.dataset.keep, { method, headers, credentials: "same-origin" }).catch(() => null);
    if (!answer) return null;
    return answer.ok ? answer.json().catch(() => ({})) : { signed_in: false };
  }

  // activity on this page only counts once the server heard of it
  async function keep() {
    const answer = await ask("POST");
    if (answer?.signed_in) { last = Date.now(); renew(answer.token); return true; }
    if (answer) end();
    return false;
  }

  function end() {
    isOver = true;
    warning.hidden = true;
    over.hidden = false;
    if (!dialog.open) dialog.showModal();
    over.querySelector("a, button")?.focus();
  }

  // other tabs of this browser may have been in use: the server knows, and asking does not count as being there
  async function look() {
    looked = Date.now();
    const answer = await ask("GET");
    if (!answer) return;
    if (!answer.signed_in || answer.person !== meta.dataset.person) { end(); return; }
    renew(answer.token);
    last = Date.now() - Math.max(0, limit - answer.seconds_left) * 1000;
  }

  async function goOn() {
    const answer = await ask("GET");
    if (!answer?.signed_in) return;
    if (answer.person !== meta.dataset.person) { stranger.hidden = false; return; }
    renew(answer.token);
    isOver = false;
    last = Date.now();
    warning.hidden = false;
    over.hidden = stranger.hidden = true;
    dialog.close();
  }

  for (const type of ["keydown", "pointerdown"]) document.addEventListener(type, () => { active = true; }, { passive: true });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) last = Date.now(); });
  // a form sent after the end would lose its text on the way to the sign-in page
  document.addEventListener("submit", (event) => {
    if (isOver && event.target.method === "post" && !dialog.contains(event.target)) { event.preventDefault(); event.stopImmediatePropagation(); end(); }
  }, true);
  dialog.addEventListener("cancel", (event) => { if (isOver) event.preventDefault(); });

  setInterval(() => {
    if (isOver) return;
    const idle = (Date.now() - last) / 1000;
    if (active && !dialog.open && idle < limit && (Date.now() - pinged) / 1000 > Math.min(300, limit / 4)) { active = false; keep(); return; }
    const seconds = Math.max(0, Math.round(limit - idle));
    if (left) left.textContent = String(seconds);
    if (seconds > warnSeconds) { if (dialog.open) dialog.close(); return; }
    if (Date.now() - looked > (seconds === 0 ? 5000 : 30000)) { look(); return; }
    if (!dialog.open && Date.now() - looked > 1000) dialog.showModal();
  }, 1000);

  dialog.querySelector("[data-stay]").addEventListener("click", async () => { if (await keep()) dialog.close(); });
  dialog.querySelector("[data-again]").addEventListener("click", goOn);
  window.addEventListener("focus", () => { if (isOver) goOn(); });
}
