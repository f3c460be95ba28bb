// F1 of each class, tinted by the difference to the uncompressed fp32 model on the same target.

function drawClasses(machine, place) {
  const cells = machine.visible.filter((cell) => cell.classes.some(known));
  const key = (cell) => JSON.stringify([cell.model, cell.target]);
  const uncompressed = machine.cells.filter((cell) => cell.exporter === "eager" && cell.variant === "none");
  const bases = new Map(uncompressed.map((cell) => [key(cell), cell]));
  const rows = cells.map((cell) => [
    machine.label(cell),
    ...cell.classes.map((score, i) => tinted(score, bases.get(key(cell)) === cell ? null : bases.get(key(cell))?.classes[i])),
  ]);
  if (rows.length) place.replaceChildren(plainTable(`F1 of each class on ${machine.name}`, ["cell", ...machine.classes], rows));
  else place.replaceChildren(el("p", { class: "empty" }, "Nothing to show: all cells are switched off."));
}

/** A score; where there is one to compare it with, its difference as a number and as a tint. */
function tinted(score, before) {
  if (!known(score) || !known(before)) return show.score(score);
  const change = score - before;
  const made = el("span", { class: "tint" }, show.score(score), el("small", {}, show.delta(change)));
  made.style.setProperty("--tint", change < 0 ? "var(--worse)" : "var(--better)");
  made.style.setProperty("--strength", Math.min(1, Math.abs(change) / 0.03).toFixed(2));
  return made;
}
