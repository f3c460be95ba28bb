// What all charts share: they are drawn when they come into sight, and again when what they show has changed.

const CONFIG = {
  displaylogo: false, responsive: true, showTips: false,
  // These only: one of Plotly's own would send the chart to its makers.
  modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
};
const touched = matchMedia("(pointer: coarse)").matches;
const charts = [];

/** A chart in a figure: `draw` gives Plotly's traces and layout, `numbers` the headings and rows of its table. */
class Chart {
  constructor(figure, machine, draw, numbers) {
    Object.assign(this, { figure, machine, draw, numbers, seen: false });
    this.plot = figure.querySelector(".plot");
    const details = figure.querySelector("details");
    details.addEventListener("toggle", () => this.fill(details));
    machine.listeners.push(() => {
      this.refresh();
      this.fill(details);
    });
    charts.push(this);
  }

  get narrow() {
    return this.plot.clientWidth < 560;
  }

  /** Draw, where it has been in sight; returns a promise. */
  refresh() {
    if (!this.seen) return Promise.resolve();
    const { traces, layout } = this.draw(this);
    return Plotly.react(this.plot, traces, { ...this.base(), ...layout }, { ...CONFIG, displayModeBar: touched ? false : "hover" });
  }

  base() {
    const axis = { gridcolor: colour("--grid"), zeroline: false, linecolor: colour("--grid"), automargin: true };
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, xaxis: axis, yaxis: axis,
      font: { family: "system-ui, sans-serif", size: this.narrow ? 11 : 12, color: colour("--text") },
      margin: { l: 8, r: 12, t: 10, b: 8 },
      // A finger that scrolls the page must not draw a box instead.
      dragmode: touched ? false : "zoom",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--quiet"), activecolor: colour("--accent") },
      hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--line"), font: { color: colour("--text") }, align: "left" },
    };
  }

  /** The table behind the chart; made when it is opened. */
  fill(details) {
    details.querySelector(".scroll")?.remove();
    if (!details.open) return;
    const { headings, rows } = this.numbers(this);
    details.append(plainTable(this.figure.querySelector("figcaption").textContent, headings, rows));
  }
}

/** Do something once, when an element is nearly in sight. */
function whenSeen(element, act) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      act();
    },
    { rootMargin: "300px" },
  );
  observer.observe(element);
}

/** Draw each chart when it is in sight, or nearly. */
function watch() {
  const observer = new IntersectionObserver(
    (entries) => {
      const ready = charts.filter((c) => !c.seen && entries.some((e) => e.isIntersecting && e.target === c.figure));
      ready.forEach((chart) => {
        chart.seen = true;
        observer.unobserve(chart.figure);
      });
      Promise.all(ready.map((chart) => chart.refresh())).then(() => {
        document.documentElement.dataset.drawn = "true"; // what was in sight is there
      });
    },
    { rootMargin: "300px" },
  );
  charts.forEach((chart) => observer.observe(chart.figure));
}
