// The builder: arrow keys in the table, Enter to the dose, Shift+arrow copies to the right; rows are lifted with Space or dragged;
// exercises are found as one types. Everything ends in the same plain forms that work without this.

const root = () => document.querySelector("[data-builder]");
const grid = () => document.querySelector("[data-grid]");
let lifted = null; // the row that is being moved by keys: { row, from }
let wantsDose = false;
let wantsCell = "";

const rows = () => [...grid().querySelectorAll("tr[data-row]")];
const say = (text) => { const place = root()?.querySelector("[data-say]"); if (place) place.textContent = text; };
const send = (form) => (form.requestSubmit ? form.requestSubmit() : form.submit());

// one cell of the table is in the order of the Tab key, arrows lead to the others
function rove() {
  const cells = grid() ? [...grid().querySelectorAll("[data-cell]")] : [];
  const one = cells.find((cell) => cell.hasAttribute("aria-current")) ?? cells[0];
  for (const cell of cells) cell.tabIndex = cell === one ? 0 : -1;
}

function near(cell, down, right) {
  const row = cell.closest("tr");
  const week = Number(cell.dataset.week) + right;
  const all = rows();
  const other = all[all.indexOf(row) + down] ?? row;
  return other.querySelector(`[data-cell][data-week="${week}"]`);
}

function goTo(cell) {
  if (!cell) return;
  for (const other of grid().querySelectorAll('[data-cell][tabindex="0"]')) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus();
}

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function spread(cell) {
  const next = near(cell, 0, 1);
  const form = document.querySelector("form[data-spread]");
  if (!next || !form) return;
  wantsCell = next.id;
  form.elements.week.value = cell.dataset.week;
  form.elements.row.value = cell.closest("tr").dataset.row;
  form.elements.first.value = form.elements.last.value = next.dataset.week;
  send(form);
}

// --- moving a row ---------------------------------------------------------------------------------------------------------
const position = (row) => rows().indexOf(row) + 1;
const where = (row) => `${root().dataset.at} ${position(row)} ${root().dataset.of} ${rows().length}`;

function lift(row) {
  lifted = { row, next: row.nextElementSibling };
  row.classList.add("lifted");
  say(root().dataset.lifted);
}

function drop(row, { keep }) {
  row.classList.remove("lifted");
  if (!keep) row.parentElement.insertBefore(row, lifted.next);
  else if (position(row) !== Number(row.dataset.position)) move(row, position(row));
  lifted = null;
}

function move(row, to) {
  const form = row.querySelector("form[data-move]");
  const input = Object.assign(document.createElement("input"), { type: "hidden", name: "to", value: String(to) });
  form.append(input);
  send(form);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !grid()) return;
  const grip = event.target.closest?.("[data-grip]");
  const cell = event.target.closest?.("[data-cell]");
  if (grip) {
    const row = grip.closest("tr");
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (lifted) drop(row, { keep: true });
      else lift(row);
    } else if (lifted && event.key === "Escape") {
      event.preventDefault();
      drop(row, { keep: false });
      grip.focus();
    } else if (lifted && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      const other = event.key === "ArrowUp" ? row.previousElementSibling : row.nextElementSibling;
      if (other?.dataset.row) row.parentElement.insertBefore(row, event.key === "ArrowUp" ? other : other.nextElementSibling);
      grip.focus();
      say(where(row));
    }
  } else if (cell) {
    if (event.shiftKey && event.key === "ArrowRight") { event.preventDefault(); spread(cell); }
    else if (MOVES[event.key]) { event.preventDefault(); goTo(near(cell, ...MOVES[event.key])); }
    else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      const own = [...cell.closest("tr").querySelectorAll("[data-cell]")];
      goTo(event.key === "Home" ? own[0] : own.at(-1));
    } else if (event.key === "Enter") wantsDose = true;
  } else if (event.key === "Escape" && event.target.closest?.("#inspector")) {
    goTo(grid().querySelector("[data-cell][aria-current]"));
  }
});
document.addEventListener("focusout", (event) => {
  if (lifted && event.target.closest?.("[data-grip]") && !lifted.row.contains(event.relatedTarget) && event.relatedTarget) drop(lifted.row, { keep: false });
});

// --- dragging a row ---------------------------------------------------------------------------------------------------------
let dragged = null;
document.addEventListener("dragstart", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip) return;
  dragged = grip.closest("tr");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.row);
});
document.addEventListener("dragover", (event) => {
  const row = event.target.closest?.("tr[data-row]");
  for (const other of document.querySelectorAll(".dropat")) if (other !== row) other.classList.remove("dropat");
  if (!dragged || !row) return;
  event.preventDefault();
  row.classList.add("dropat");
});
document.addEventListener("drop", (event) => {
  const row = event.target.closest?.("tr[data-row]");
  if (!dragged || !row) return;
  event.preventDefault();
  if (row !== dragged) move(dragged, position(row));
});
document.addEventListener("dragend", () => {
  dragged = null;
  for (const row of document.querySelectorAll(".dropat")) row.classList.remove("dropat");
});

// --- finding an exercise -------------------------------------------------------------------------------------------------------
function find(search) {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of root().querySelectorAll(".libgroup")) {
    let any = false;
    for (const item of group.querySelectorAll("[data-name]")) {
      item.hidden = !words.every((word) => item.dataset.name.includes(word));
      any ||= !item.hidden;
    }
    group.hidden = !any;
    if (words.length) group.open = any;
  }
}
document.addEventListener("input", (event) => { if ("find" in event.target.dataset) find(event.target); });
document.addEventListener("keydown", (event) => {
  // Enter in the search adds the only exercise that is left
  if (event.key !== "Enter" || !("find" in event.target.dataset)) return;
  event.preventDefault();
  const left = [...root().querySelectorAll(".libgroup:not([hidden]) [data-name]:not([hidden]) button")];
  if (!left.length || !event.target.value) return;
  event.target.value = "";
  left[0].click();
});

// --- after a part of the page was exchanged ---------------------------------------------------------------------------------------
let sought = null; // what stood in the search when an answer came while somebody typed there
document.addEventListener("htmx:beforeSwap", (event) => {
  sought = document.activeElement?.matches("[data-find]") ? document.activeElement.value : null;
  // a conflict and a refused form are answers too
  if ([409, 422].includes(event.detail.xhr.status) && event.detail.target?.id === "builder") { event.detail.shouldSwap = true; event.detail.isError = false; }
});
document.addEventListener("htmx:afterSettle", () => {
  lifted = null;
  rove();
  const cell = wantsCell && document.getElementById(wantsCell);
  const first = wantsDose && document.querySelector("#inspector form input:not([type=hidden])");
  const search = sought !== null && root().querySelector("[data-find]");
  if (search) { search.value = sought; find(search); search.focus(); }
  else if (cell) goTo(cell);
  else if (first) { first.focus(); first.select?.(); }
  wantsDose = false;
  wantsCell = "";
});
rove();
