// What all charts share: they are drawn when they come into sight, and again when what they show has changed.

const CONFIG = {
  displaylogo: false, responsive: true, showTips: false,
  // These only: one of Plotly's own would send the chart to its makers.
  modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
};
const touched = matchMedia("(pointer: coarse)").matches;
const charts = [];

/**
 * A chart in a figure: `draw` gives Plotly's traces and layout and the description of what they show, or null where all of it is
 * switched off; `numbers` gives the headings and rows of its table.
 */
class Chart {
  constructor(figure, machine, draw, numbers) {
    Object.assign(this, { figure, machine, draw, numbers, seen: false });
    [this.plot, this.description, this.empty] = [".plot", ".description", ".empty"].map((name) => figure.querySelector(name));
    this.title = figure.querySelector("figcaption").textContent;
    const details = figure.querySelector("details");
    details.addEventListener("toggle", () => this.fill(details));
    machine.listeners.push(() => {
      this.page = 0;
      this.refresh();
      this.fill(details);
    });
    charts.push(this);
  }

  /** Pixels across; also of a chart that shows nothing at present. */
  get width() {
    return this.figure.clientWidth - 26;
  }

  get narrow() {
    return this.width < 560;
  }

  /** Draw, where it has been in sight; returns a promise. */
  refresh() {
    if (!this.seen) return Promise.resolve();
    const drawn = this.draw(this);
    this.plot.hidden = !drawn;
    this.empty.hidden = Boolean(drawn);
    if (!drawn) return Promise.resolve();
    this.description.textContent = drawn.description;
    const layout = { ...this.base(), ...drawn.layout };
    this.figure.setAttribute("aria-busy", "true");
    const config = { ...CONFIG, displayModeBar: touched ? false : "hover" };
    return Plotly.react(this.plot, drawn.traces, layout, config).then(() => {
      // The text below describes the chart; its single letters and ticks do not. Its buttons stay.
      this.plot.querySelectorAll("svg.main-svg").forEach((svg) => svg.setAttribute("aria-hidden", "true"));
      this.figure.removeAttribute("aria-busy");
    });
  }

  base() {
    const axis = { gridcolor: colour("--grid"), zeroline: false, linecolor: colour("--grid") };
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, xaxis: axis, yaxis: axis,
      font: { family: "system-ui, sans-serif", size: this.narrow ? 11 : 12, color: colour("--text") },
      margin: { l: 62, r: 12, t: 10, b: 44 }, // fixed: to find them out, Plotly draws twice
      // A finger that scrolls the page must not draw a box instead.
      dragmode: touched ? false : "zoom",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--quiet"), activecolor: colour("--accent") },
      hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--edge"), font: { color: colour("--text") }, align: "left" },
    };
  }

  /** The table behind the chart; made when it is opened. */
  fill(details) {
    details.querySelector(".scroll")?.remove();
    if (!details.open) return;
    const { headings, rows } = this.numbers(this);
    details.append(plainTable(`${this.title} on ${this.machine.name}`, headings, rows));
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
  const drawn = () => {
    document.documentElement.dataset.drawn = "true"; // what was in sight is there
  };
  if (!charts.length) drawn();
  const observer = new IntersectionObserver(
    (entries) => {
      const ready = charts.filter((c) => !c.seen && entries.some((e) => e.isIntersecting && e.target === c.figure));
      ready.forEach((chart) => {
        chart.seen = true;
        observer.unobserve(chart.figure);
      });
      Promise.all(ready.map((chart) => chart.refresh())).then(drawn);
    },
    { rootMargin: "300px" },
  );
  charts.forEach((chart) => observer.observe(chart.figure));
}
