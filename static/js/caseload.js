// Keys in a list of patients, only while focus is inside it: J and K move, Enter opens, A acts, / goes to the search.

const table = document.querySelector("[data-keys]");

if (table && table.dataset.keys !== "off") {
  const rows = () => [...table.querySelectorAll("tr[data-row]")];
  const search = document.querySelector("[data-search]");

  function pick(row) {
    for (const other of rows()) other.classList.toggle("sel", other === row);
    const link = row.querySelector("a");
    link?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  table.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-row]");
    for (const other of rows()) other.classList.toggle("sel", other === row);
  });
  table.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input,textarea,select")) return;
    const all = rows();
    const at = all.findIndex((row) => row.classList.contains("sel"));
    const key = event.key.toLowerCase();
    if (key === "j" || event.key === "ArrowDown") { event.preventDefault(); pick(all[Math.min(at + 1, all.length - 1)]); }
    else if (key === "k" || event.key === "ArrowUp") { event.preventDefault(); pick(all[Math.max(at - 1, 0)]); }
    else if (key === "a" && at >= 0) { event.preventDefault(); all[at].querySelector("[data-act]")?.focus(); }
    else if (key === "/" && search) { event.preventDefault(); search.focus(); }
  });
  // after an acknowledged row was swapped the focus goes on to the next one
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!table.contains(event.target) || document.activeElement !== document.body) return; // whoever types goes on typing
    const row = event.target.closest?.("tr[data-row]") ?? rows()[0];
    if (row) pick(row);
  });
}
