// A number of each class, tinted by the difference to the uncompressed fp32 model on the same target.

function drawClasses(machine, place) {
  const cells = machine.visible.filter((cell) => cell.classes.some(known));
  const key = (cell) => JSON.stringify([cell.model, cell.target]);
  const uncompressed = machine.cells.filter((cell) => cell.exporter === "eager" && cell.variant === "none");
  const bases = new Map(uncompressed.map((cell) => [key(cell), cell]));
  const before = (cell, i) => (bases.get(key(cell)) === cell ? null : bases.get(key(cell))?.classes[i]);
  const rows = cells.map((cell) => [
    machine.label(cell),
    ...cell.classes.map((score, i) => tinted(score, before(cell, i), machine.table)),
  ]);
  if (rows.length) place.replaceChildren(plainTable(`${machine.table.label} on ${machine.name}`, ["cell", ...machine.classes], rows));
  else place.replaceChildren(el("p", { class: "empty" }, "Nothing to show: all cells are switched off."));
}

/** A score; where there is one to compare it with, its difference as a number and as a tint. */
function tinted(score, before, table) {
  if (!known(score) || !known(before)) return show.score(score, table);
  const change = score - before;
  const made = el("span", { class: "tint" }, show.score(score, table), el("small", {}, show.delta(change, table)));
  made.style.setProperty("--tint", (change < 0) === (table.better === "higher") ? "var(--worse)" : "var(--better)");
  made.style.setProperty("--strength", Math.min(1, Math.abs(change) / table.strong).toFixed(2));
  return made;
}
