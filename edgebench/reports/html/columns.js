// The columns of the table of all cells.

/** Heading, what is shown, what is sorted by, whether high is good, whether it is always there. */
const columnsOf = (machine) => [
  { title: "★", text: (c) => (c.front ? el("span", {}, "★", el("span", { class: "sr" }, "on the Pareto front")) : c.lost ? "lost" : ""), by: (c) => c.front - c.lost, high: true, always: true },
  { title: "model", text: (c) => nameOf(c.model), by: (c) => c.model, always: true },
  { title: "exporter", text: (c) => small(nameOf(c.exporter), c.variant === "none" ? "" : nameOf(c.variant)), by: (c) => c.name, always: true, heads: true },
  { title: "target", text: (c) => nameOf(c.target), by: (c) => c.target, always: true },
  timed("p50 latency", (c) => c.latency_p50_s, (c) => small(show.duration(c.latency_p50_s), show.interval(show.duration, c.latency_p50_low_s, c.latency_p50_high_s)), true),
  timed("p90", (c) => c.latency_p90_s), timed("p95", (c) => c.latency_p95_s), timed("p99", (c) => c.latency_p99_s),
  timed("maximum", (c) => c.latency_max_s), timed("paced p50", (c) => c.paced_p50_s), timed("load", (c) => c.load_s),
  timed("first", (c) => c.first_inference_s),
  { title: "per second", text: (c) => show.rate(c.throughput_per_s), by: (c) => (c.emulated ? null : c.throughput_per_s), high: true },
  number("size", "file_size_bytes", show.size, true), number("zip", "zip_size_bytes", show.size, true),
  number("memory", "peak_rss_bytes", show.size, true), number("model's memory", "model_rss_bytes", show.size),
  number("parameters", "parameters", show.count), number("MACs", "macs", show.count), number("zeros", "sparsity", show.share),
  number("energy (estimate)", "energy_j", show.energy),
  ...machine.metrics.slice(0, 1).flatMap((metric) => [
    { title: metric.heading, by: (c) => c.score, high: metric.better === "higher", always: true,
      text: (c) => small(show.score(c.score, metric), show.scores(c)) },
    { title: `Δ ${metric.narrow}`, by: (c) => c.delta, high: metric.better === "higher", always: true,
      text: (c) => small(show.delta(c.delta, metric), show.deltas(c)) },
  ]),
  ...machine.metrics.slice(1).map((metric, i) => (
    { title: metric.heading, by: (c) => c.others[i], high: metric.better === "higher", text: (c) => show.score(c.others[i], metric) }
  )),
  { title: "agreement", by: (c) => c.agreement, high: true, text: (c) => show.share(c.agreement) },
  { title: "timing", text: (c) => doubted(c), by: (c) => c.timing, always: true },
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

/** A name, whose script may run the other way, and which may be long. */
function nameOf(text) {
  return el("bdi", { class: "name" }, text);
}

/** The verdict and its reason; a long one opens, by the keyboard and by a finger too. */
function doubted(cell) {
  if (!cell.reason) return cell.timing;
  if (cell.reason.length <= 90) return el("span", { class: "reason" }, cell.timing, el("small", {}, cell.reason));
  const start = `${cell.reason.slice(0, 60).trimEnd()}…`;
  return el("details", { class: "reason" }, el("summary", {}, cell.timing, el("small", {}, start)), el("small", {}, cell.reason));
}
