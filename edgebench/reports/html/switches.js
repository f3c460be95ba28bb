// Which targets, models, variants and exporters are shown. They are the key to colours and shapes, too.

const TITLES = { target: "Targets", model: "Models", variant: "Variants", exporter: "Exporters" };
const MANY = 6;

function drawSwitches(machine, place) {
  for (const key of SWITCHED) {
    const values = machine.values[key];
    if (values.length < 2 && key !== "target" && key !== "model") continue;
    const boxes = values.map((value) =>
      el("input", { type: "checkbox", checked: true, onchange: (event) => machine.turn(key, [value], event.target.checked) }),
    );
    const labels = values.map((value, i) => el("label", {}, boxes[i], ...marksOf(machine, key, value), el("bdi", {}, value), ...saidOf(machine, key, value)));
    const all = (text, on) => el("button", { type: "button", "aria-label": `${text} ${TITLES[key].toLowerCase()}`, onclick: () => {
      boxes.forEach((box) => (box.checked = on));
      machine.turn(key, values, on);
    } }, text);
    const turns = values.length > MANY ? el("span", { class: "turns" }, all("All", true), all("None", false)) : null;
    const description = markOf(machine, key);
    place.append(el("fieldset", {}, el("legend", {}, description ? `${TITLES[key]} (${description.replace(" a ", " ")})` : TITLES[key]), el("div", { class: values.length > 2 * MANY ? "boxes many" : "boxes" }, ...labels, turns)));
  }
}

/** What colours and shapes mean, next to the charts. */
function showLooks(machine, place) {
  const parts = SWITCHED.filter((key) => machine.values[key].length > 1 && markOf(machine, key));
  if (!place || !parts.length) return;
  const description = parts.map((key) => `${TITLES[key]} have a ${markOf(machine, key)}`);
  place.textContent = `${description.join(". ")}. They are next to the names above and are the same in all charts of this machine.`;
  place.parentElement.hidden = false;
}

/** What distinguishes the values of a key in the charts: a colour, a shape, both or nothing. */
function markOf(machine, key) {
  if (key === machine.key) return machine.turns > 1 ? "colour and a shape" : "colour";
  const targets = key === "target" && machine.groups.some((group) => group.length > 1);
  return key === machine.second || targets ? "shape" : "";
}

function marksOf(machine, key, value) {
  if (key === machine.key && machine.turns === 1) {
    const patch = el("span", { class: "swatch", "aria-hidden": "true" });
    patch.style.background = `var(${machine.tint(value)})`;
    return [patch];
  }
  if (!markOf(machine, key)) return [];
  const shapes = new Set(machine.cells.filter((cell) => cell[key] === value && (key === "target" || !cell.emulated)).map((cell) => machine.shape(cell)));
  if (!shapes.size) machine.cells.filter((cell) => cell[key] === value).forEach((cell) => shapes.add(machine.shape(cell)));
  const tint = key === machine.key ? `var(${machine.tint(value)})` : "currentColor";
  return machine.shapes.filter((shape) => shapes.has(shape)).map((shape) => mark(shape, tint, key === "target" && machine.isEmulated(value)));
}

function saidOf(machine, key, value) {
  return key === "target" && machine.isEmulated(value) ? [" ", el("span", { class: "aside" }, "emulated: hollow")] : [];
}
