// Keys in a list of patients, only while focus is inside it: J and K move, Enter opens, A acts, E puts off, / goes to the search.
// Every 30 seconds the list asks whether it is still true; what changed is swapped in, and place, focus and selection stay.

const table = document.querySelector("[data-keys]");
const EVERY_MS = 30_000;

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
    else if (key === "a" && at >= 0) { event.preventDefault(); all[at].querySelector("[data-act]")?.click(); }
    else if (key === "e" && at >= 0 && all[at].dataset.snooze) { event.preventDefault(); location.assign(`${all[at].dataset.snooze}?back=caseload&list=${encodeURIComponent(location.search.slice(1))}`); }
    else if (key === "/" && search) { event.preventDefault(); search.focus(); }
  });
  // after a search the focus goes on to the first row
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!table.contains(event.target) || document.activeElement !== document.body) return; // whoever types goes on typing
    const row = event.target.closest?.("tr[data-row]") ?? rows()[0];
    if (row) pick(row);
  });
}

if (table) {
  let asking = false;

  // somebody types, chooses or reads a dialog: the list waits
  const isBusy = () => document.hidden || asking || document.querySelector("dialog[open], details[data-menu][open]")
    || document.activeElement?.matches("input, textarea, select");

  // a row is known by its patient's address
  const nameOf = (row) => row?.querySelector("a").getAttribute("href");

  // where the focus is, in words that outlive the swap
  function focusPlace() {
    const row = document.activeElement?.closest?.("tr[data-row]");
    return row && table.contains(row) ? { row: nameOf(row), act: document.activeElement.hasAttribute("data-act") } : null;
  }

  function swap(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const list = fresh.getElementById("list");
    if (!list) return;
    const place = focusPlace();
    const selected = nameOf(table.querySelector("tr.sel"));
    const [left, top] = [window.scrollX, window.scrollY];
    document.getElementById("list").replaceWith(list);
    const count = fresh.getElementById("count");
    if (count) { count.removeAttribute("hx-swap-oob"); document.getElementById("count")?.replaceWith(count); }
    window.htmx?.process(list);
    const find = (name) => name && [...list.querySelectorAll("tr[data-row]")].find((row) => nameOf(row) === name);
    find(selected)?.classList.add("sel");
    const row = find(place?.row);
    (place?.act ? row?.querySelector("[data-act]") : row?.querySelector("a"))?.focus({ preventScroll: true });
    window.scrollTo(left, top);
  }

  async function refresh() {
    const version = document.getElementById("list")?.dataset.version;
    if (!version || isBusy()) return;
    asking = true;
    const address = location.href;
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true", "X-Refresh": version }, credentials: "same-origin" });
      asking = false;
      // a search or a page turned meanwhile shows something newer
      if (answer.status !== 200 || isBusy() || address !== location.href) return;
      const html = await answer.text();
      if (document.getElementById("list")?.dataset.version === version && !isBusy()) swap(html);
    } catch {
      // no connection: the list stays as it is and asks again
    } finally {
      asking = false;
    }
  }

  setInterval(refresh, EVERY_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}
