// Latency, size and memory against the score: the front large with its intervals and names, the others small and pale.

const ACROSS = {
  latency: { field: "latency_p50_s", factor: 1e3, title: "median latency in ms, logarithmic", show: show.duration },
  size: { field: "file_size_bytes", factor: 1e-6, title: "file size in MB", show: show.size },
  memory: { field: "peak_rss_bytes", factor: 1e-6, title: "peak memory in MB", show: show.size },
};

/** The ends of the interval that decides who is on the front, as distances from the score. */
function noise(cell) {
  if (known(cell.delta_low) && known(cell.delta))
    return [cell.delta - cell.delta_low, cell.delta_high - cell.delta];
  return known(cell.score_low) ? [cell.score - cell.score_low, cell.score_high - cell.score] : [0, 0];
}

/** The title of the axis, which says where lower is better. */
function scoreAxis(metric) {
  const unit = metric.unit ? ` in ${metric.unit}` : "";
  return metric.better === "higher" ? `${metric.label}${unit}` : `${metric.label}${unit} (${metric.better} is better)`;
}

function paretoCells(chart, kind) {
  // An emulated latency says nothing: it has no place on that axis.
  return chart.machine.visible.filter(
    (cell) => known(cell[ACROSS[kind].field]) && known(cell.score) && !(kind === "latency" && cell.emulated),
  );
}

function drawPareto(chart, kind) {
  const across = ACROSS[kind];
  const cells = paretoCells(chart, kind);
  if (!cells.length) return null;
  // All pale ones at once; those of the front by colour, since a trace has one colour for its bars.
  const fronts = chart.machine.values[chart.machine.key].map((value) => (cell) => cell.front && cell[chart.machine.key] === value);
  const groups = [(cell) => !cell.front, ...fronts].map((is) => cells.filter(is)).filter((group) => group.length);
  const traces = groups.map((group) => paretoTrace(chart.machine, group, across, kind === "latency"));
  const base = chart.base();
  const layout = {
    height: chart.narrow ? 340 : kind === "latency" ? 460 : 340, hovermode: "closest",
    xaxis: { ...base.xaxis, title: { text: across.title }, type: kind === "latency" ? "log" : "linear" },
    yaxis: { ...base.yaxis, title: { text: scoreAxis(chart.machine.metrics[0]) } },
  };
  if (kind === "latency") layout.xaxis = { ...layout.xaxis, ...decades(cells.map((c) => c.latency_p50_s * 1e3)) };
  layout.annotations = names(chart, cells, across, kind === "latency", layout.height);
  return { traces, layout, description: describePareto(chart, cells, across) };
}

function paretoTrace(machine, group, across, intervals) {
  const { front } = group[0];
  const tints = new Map(machine.values[machine.key].map((value) => [value, machine.colour(value)]));
  const tint = tints.get(group[0][machine.key]);
  const at = group.map((cell) => cell[across.field] * across.factor);
  const trace = {
    type: "scatter", mode: "markers", x: at, y: group.map((cell) => cell.score),
    hoverinfo: "text", hovertext: group.map(story), cliponaxis: false,
    marker: {
      color: group.map((cell) => tints.get(cell[machine.key])), size: front ? 13 : 8.5, opacity: front ? 1 : 0.55, symbol: group.map((cell) => machine.symbol(cell)),
      line: { width: group.map((cell) => (cell.emulated ? 1.6 : front ? 1.5 : 0)), color: colour("--card") },
    },
  };
  const bar = { type: "data", symmetric: false, color: tint, thickness: 1.2, width: 0 };
  if (front) {
    const ends = group.map(noise);
    trace.error_y = { ...bar, arrayminus: ends.map((e) => e[0]), array: ends.map((e) => e[1]) };
    if (intervals)
      trace.error_x = {
        ...bar, arrayminus: group.map((c, i) => at[i] - (c.latency_p50_low_s ?? c.latency_p50_s) * 1e3),
        array: group.map((c, i) => (c.latency_p50_high_s ?? c.latency_p50_s) * 1e3 - at[i]),
      };
  }
  return trace;
}

/** Ticks of a logarithmic axis that people read: 1, 2, 5, 10; all of 1 to 9 where it spans less than a power of ten. */
function decades(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const steps = high / low > 8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)) + 1; power += 1)
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(3)));
  return { tickvals: ticks, ticktext: ticks.map(String) };
}

/** The chart in words, for those who do not see it. */
function describePareto(chart, cells, across) {
  const front = cells.filter((cell) => cell.front);
  const one = (cell) => `${chart.machine.label(cell)} (${across.show(cell[across.field])}, ${cell.metric.label} ${show.score(cell.score, cell.metric)})`;
  const most = 10;
  const more = front.length > most ? `; and ${front.length - most} more` : "";
  const on = front.length ? `on the Pareto front: ${front.slice(0, most).map(one).join("; ")}${more}` : "none on the Pareto front";
  return `${cells.length} ${cells.length === 1 ? "cell" : "cells"}, ${on}. The table below has all numbers.`;
}

function paretoNumbers(chart, kind) {
  const across = ACROSS[kind];
  const latency = kind === "latency";
  return {
    headings: ["cell", "target", "front", across.title.replace(", logarithmic", "").replace(/ in \S+$/, ""),
      ...(latency ? ["95 % interval"] : []), chart.machine.metrics[0].heading, "95 % interval", `Δ ${chart.machine.metrics[0].narrow}`, "95 % interval"],
    rows: paretoCells(chart, kind).map((c) => [
      `${isolated(c.model)} ${isolated(c.name)}`, c.target + (c.emulated ? " (emulated)" : ""), c.front ? "★" : "",
      across.show(c[across.field]),
      ...(latency ? [show.interval(show.duration, c.latency_p50_low_s, c.latency_p50_high_s)] : []),
      show.score(c.score, c.metric), show.scores(c), show.delta(c.delta, c.metric), show.deltas(c),
    ]),
  };
}
