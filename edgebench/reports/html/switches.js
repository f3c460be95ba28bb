// Which targets, models, variants and exporters are shown; the one that gives the colour is the legend, too.

const TITLES = { target: "Targets", model: "Models", variant: "Variants", exporter: "Exporters" };

function drawSwitches(machine, place) {
  for (const key of SWITCHED) {
    const values = machine.values[key];
    if (values.length < 2 && key !== "target" && key !== "model") continue;
    const boxes = values.map((value) => {
      const box = el("input", {
        type: "checkbox", checked: true, onchange: (event) => machine.turn(key, value, event.target.checked),
      });
      const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
      if (key === machine.key) swatch.style.background = machine.colour(value);
      return el("label", {}, box, key === machine.key ? swatch : null, value);
    });
    place.append(el("fieldset", {}, el("legend", {}, key === machine.key ? `${TITLES[key]} (colour)` : TITLES[key]), ...boxes));
  }
}
