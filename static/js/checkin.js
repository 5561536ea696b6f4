// Check-in in three taps: shows one question at a time, a tap on a number goes on. Without this file all questions stand on one page.

const form = document.querySelector("[data-checkin]");

if (form) {
  form.noValidate = true;
  const parts = [...form.querySelectorAll("[data-part]")];
  const live = form.querySelector("[data-live]");
  const answered = (part) => !part.querySelector("input[type=radio]") || Boolean(part.querySelector("input[type=radio]:checked"));

  function show(number, focus = true) {
    form.dataset.step = String(number);
    const part = parts[number - 1];
    if (live) live.textContent = live.dataset.text.replace("%n", number).replace("%t", parts.length);
    if (focus) {
      const target = part.querySelector("input:checked") ?? part.querySelector("legend, h2");
      if (target && !target.matches("input")) target.tabIndex = -1;
      target?.focus({ preventScroll: false });
    }
    form.querySelector("[data-back]")?.toggleAttribute("hidden", number === 1);
  }

  const firstWithError = parts.findIndex((part) => part.querySelector("[aria-invalid=true],.err"));
  const firstOpen = parts.findIndex((part) => !answered(part));
  const start = firstWithError >= 0 ? firstWithError : Math.max(firstOpen, 0);
  if (firstWithError < 0 || parts.length > 1) show(start + 1, false);

  // arrow keys move inside a radio group and must not jump on: only a tap or Enter goes on
  let byPointer = false;
  form.addEventListener("pointerdown", () => { byPointer = true; });
  form.addEventListener("keydown", (event) => {
    byPointer = false;
    if (event.key === "Enter" && event.target.matches("input[type=radio]")) { event.preventDefault(); next(event.target); }
  });
  form.addEventListener("click", (event) => {
    if (event.target.matches("input[type=radio]") && byPointer) setTimeout(() => next(event.target), 180);
    if (event.target.closest("[data-next]")) { event.preventDefault(); next(event.target); }
    if (event.target.closest("[data-back]")) { event.preventDefault(); show(Math.max(1, Number(form.dataset.step) - 1)); }
  });

  function next(from) {
    const index = parts.indexOf(from.closest("[data-part]") ?? parts[Number(form.dataset.step) - 1]);
    if (index < 0 || index + 1 >= parts.length || !answered(parts[index])) return;
    show(index + 2);
  }
}
