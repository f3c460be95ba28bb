// The table of all cells, which sorts and filters, and the table of the classes.

/** Columns: heading, what is shown, what is sorted by, whether high is good, whether it is always there. */
const COLUMNS = [
  { title: "★", text: (c) => (c.front ? "★" : ""), by: (c) => c.front, high: true, always: true },
  { title: "model", text: (c) => c.model, by: (c) => c.model, always: true },
  { title: "exporter", text: (c) => small(c.exporter, c.variant === "none" ? "" : c.variant), by: (c) => c.name, always: true },
  { title: "target", text: (c) => c.target, by: (c) => c.target, always: true },
  timed("p50 latency", (c) => c.latency_p50_s, (c) => small(show.duration(c.latency_p50_s), show.interval(show.duration, c.latency_p50_low_s, c.latency_p50_high_s)), true),
  timed("p90", (c) => c.latency_p90_s), timed("p95", (c) => c.latency_p95_s), timed("p99", (c) => c.latency_p99_s),
  timed("maximum", (c) => c.latency_max_s), timed("paced p50", (c) => c.paced_p50_s), timed("load", (c) => c.load_s),
  timed("first", (c) => c.first_inference_s),
  { title: "per second", text: (c) => show.rate(c.throughput_per_s), by: (c) => (c.emulated ? null : c.throughput_per_s), high: true },
  number("size", "file_size_bytes", show.size, true), number("zip", "zip_size_bytes", show.size, true),
  number("memory", "peak_rss_bytes", show.size, true), number("model's memory", "model_rss_bytes", show.size),
  number("parameters", "parameters", show.count), number("MACs", "macs", show.count), number("zeros", "sparsity", show.share),
  number("energy (estimate)", "energy_j", show.energy),
  { title: "macro-F1", by: (c) => c.macro_f1, high: true, always: true,
    text: (c) => small(show.score(c.macro_f1), show.interval(show.score, c.macro_f1_low, c.macro_f1_high)) },
  { title: "Δ F1", by: (c) => c.delta_macro_f1, high: true, always: true,
    text: (c) => small(show.delta(c.delta_macro_f1), show.interval(show.delta, c.delta_low, c.delta_high)) },
  { title: "macro-AUC", by: (c) => c.macro_auc, high: true, text: (c) => show.score(c.macro_auc) },
  { title: "agreement", by: (c) => c.agreement, high: true, text: (c) => show.share(c.agreement) },
  { title: "timing", text: (c) => small(c.timing, c.reason), by: (c) => c.timing, always: true, reasoned: true },
];

function number(title, field, format, always = false) {
  return { title, by: (c) => c[field], text: (c) => format(c[field]), always };
}

/** A time: that of an emulated cell is shown, and sorted behind all others. */
function timed(title, by, text = (c) => show.duration(by(c)), always = false) {
  return { title, text, by: (c) => (c.emulated ? null : by(c)), always, time: true };
}

function small(text, more) {
  return more ? el("span", {}, text, el("small", {}, more)) : text;
}

// Rows that are drawn until all are asked for: hundreds would keep the page from opening.
const FIRST_ROWS = 100;

class CellTable {
  constructor(machine, place) {
    Object.assign(this, { machine, sorted: null, down: false });
    this.all = el("input", { type: "checkbox", onchange: () => this.draw() });
    this.front = el("input", { type: "checkbox", onchange: () => this.draw() });
    this.words = el("input", {
      type: "search", placeholder: "int8 noisy", "aria-label": `Filter the cells of ${machine.name}`, oninput: () => this.draw(),
    });
    this.told = el("p", { class: "told", role: "status" });
    this.table = el("table", {});
    this.more = el("button", { type: "button", class: "all", hidden: true, onclick: () => {
      this.whole = true;
      this.draw();
    } });
    const filter = el("label", { class: "filter" }, "Filter", this.words);
    place.append(
      el("div", { class: "tools" }, filter, el("label", {}, this.front, "Pareto front only"),
        el("label", {}, this.all, "All columns"), this.told),
      scrolling(`Cells of ${machine.name}`, this.table),
      this.more,
    );
    machine.listeners.push(() => this.draw());
    this.draw();
  }

  /** The cells that are switched on and hold all words of the filter, sorted; what has no value comes last. */
  get rows() {
    const words = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.machine.visible.filter((cell) => {
      const text = [cell.model, cell.name, cell.target, cell.timing, cell.reason].join(" ").toLowerCase();
      return (cell.front || !this.front.checked) && words.every((word) => text.includes(word));
    });
    if (!this.sorted) return rows;
    const way = this.down ? -1 : 1;
    return rows.sort((a, b) => {
      const [x, y] = [this.sorted.by(a), this.sorted.by(b)];
      if (!known(x) || !known(y)) return Number(!known(x)) - Number(!known(y)) || a.index - b.index;
      return way * (typeof x === "string" ? x.localeCompare(y, "en") : x - y) || a.index - b.index;
    });
  }

  sort(column) {
    this.down = this.sorted === column ? !this.down : Boolean(column.high);
    this.sorted = column;
    this.draw();
    this.table.querySelector(`th[aria-sort]:not([aria-sort="none"]) button`).focus();
  }

  /** Whether a column tells something: nobody filled some, and the only model or target is named above. */
  tells(column) {
    const only = ["model", "target"].includes(column.title) && this.machine.values[column.title].length < 2;
    return !only && (column.title === "★" || this.machine.cells.some((cell) => column.text(cell)));
  }

  draw() {
    const columns = COLUMNS.filter((c) => (c.always || this.all.checked) && this.tells(c));
    const rows = this.rows;
    const head = columns.map((column) => {
      const sort = this.sorted === column ? (this.down ? "descending" : "ascending") : "none";
      const button = el("button", { type: "button", onclick: () => this.sort(column), "aria-label": column.title === "★" ? "Pareto front" : null }, column.title);
      return el("th", { scope: "col", "aria-sort": sort }, button);
    });
    const drawn = this.whole ? rows : rows.slice(0, FIRST_ROWS);
    this.more.hidden = drawn.length === rows.length;
    this.more.textContent = `Show all ${rows.length} cells`;
    const body = drawn.map((cell) =>
      el("tr", { class: cell.front ? "front" : null }, ...columns.map((column) => {
        const doubted = column.time && cell.emulated;
        const kind = doubted ? "emulated" : column.reasoned && cell.reason ? "reasoned" : null;
        return el("td", { class: kind, title: doubted ? "emulated: says nothing" : column.reasoned ? cell.reason : null }, column.text(cell));
      })),
    );
    this.table.replaceChildren(el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body));
    this.told.textContent = `${rows.length} of ${this.machine.cells.length} cells`;
  }
}

/** F1 of each class, tinted by the difference to the uncompressed fp32 model on the same target. */
function drawClasses(machine, place) {
  const cells = machine.visible.filter((cell) => cell.classes.some(known));
  const key = (cell) => JSON.stringify([cell.model, cell.target]);
  const uncompressed = machine.cells.filter((cell) => cell.exporter === "eager" && cell.variant === "none");
  const bases = new Map(uncompressed.map((cell) => [key(cell), cell]));
  const base = (cell) => bases.get(key(cell));
  const rows = cells.map((cell) => [
    machine.label(cell),
    ...cell.classes.map((score, i) => {
      const before = base(cell)?.classes[i];
      const change = known(score) && known(before) ? score - before : 0;
      const strength = Math.min(1, Math.abs(change) / 0.03).toFixed(2);
      const made = el("span", { class: "tint", title: known(before) ? `${show.delta(change)} to fp32` : null }, show.score(score));
      made.style.setProperty("--tint", change < 0 ? "var(--worse)" : "var(--better)");
      made.style.setProperty("--strength", strength);
      return made;
    }),
  ]);
  place.replaceChildren(plainTable(`F1 of each class on ${machine.name}`, ["cell", ...machine.classes], rows));
}
