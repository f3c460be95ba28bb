// Shapes of points, drawn small beside a name: the same ones as Plotly draws in the charts.

/** Corners on circles around the middle of a box of 12 by 12, the first at the top. */
function star(...radii) {
  return `M${radii.map((r, i) => {
    const turn = (2 * Math.PI * i) / radii.length;
    return `${(6 + r * Math.sin(turn)).toFixed(2)},${(6 - r * Math.cos(turn)).toFixed(2)}`;
  }).join("L")}z`;
}

const PLUS = "M4.2,.8h3.6v3.4h3.4v3.6h-3.4v3.4h-3.6v-3.4h-3.4v-3.6h3.4z";
const PATHS = {
  circle: "M1,6a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z", square: "M1.5,1.5h9v9h-9z", diamond: star(5.6, 5.6, 5.6, 5.6),
  "triangle-up": "M6,1L11.2,10.4H.8z", "triangle-down": "M6,11L11.2,1.6H.8z", "triangle-left": "M1,6L10.4,.8V11.2z",
  "triangle-right": "M11,6L1.6,.8V11.2z", cross: PLUS, x: PLUS, pentagon: star(5.4, 5.4, 5.4, 5.4, 5.4),
  hexagon: star(5.4, 5.4, 5.4, 5.4, 5.4, 5.4), star: star(5.8, 2.5, 5.8, 2.5, 5.8, 2.5, 5.8, 2.5, 5.8, 2.5),
};

/** A shape in a colour of the style sheet; hollow, as what is emulated. It is decoration: its name stands beside it. */
function mark(shape, tint, hollow = false) {
  const make = (tag, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const svg = make("svg", { class: "mark", viewBox: "0 0 12 12", "aria-hidden": "true", "data-shape": shape });
  const path = make("path", { d: PATHS[shape], ...(shape === "x" ? { transform: "rotate(45 6 6)" } : {}) });
  path.style.cssText = hollow ? `fill: none; stroke: ${tint}; stroke-width: 1.6` : `fill: ${tint}`;
  svg.append(path);
  return svg;
}
