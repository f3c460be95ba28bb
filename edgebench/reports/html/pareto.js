// Latency, size and memory against macro-F1: the front large with its intervals and names, the others small and pale.

const ACROSS = {
  latency: { field: "latency_p50_s", factor: 1e3, title: "median latency in ms, logarithmic", show: show.duration },
  size: { field: "file_size_bytes", factor: 1e-6, title: "file size in MB", show: show.size },
  memory: { field: "peak_rss_bytes", factor: 1e-6, title: "peak memory in MB", show: show.size },
};

/** The ends of the interval that decides who is on the front, as distances from macro-F1. */
function noise(cell) {
  if (known(cell.delta_low) && known(cell.delta_macro_f1))
    return [cell.delta_macro_f1 - cell.delta_low, cell.delta_high - cell.delta_macro_f1];
  return known(cell.macro_f1_low) ? [cell.macro_f1 - cell.macro_f1_low, cell.macro_f1_high - cell.macro_f1] : [0, 0];
}

function paretoCells(chart, kind) {
  // An emulated latency says nothing: it has no place on that axis.
  return chart.machine.visible.filter(
    (cell) => known(cell[ACROSS[kind].field]) && known(cell.macro_f1) && !(kind === "latency" && cell.emulated),
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
    yaxis: { ...base.yaxis, title: { text: "macro-F1" } },
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
    type: "scatter", mode: "markers", x: at, y: group.map((cell) => cell.macro_f1),
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
  const one = (cell) => `${chart.machine.label(cell)} (${across.show(cell[across.field])}, macro-F1 ${show.score(cell.macro_f1)})`;
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
      ...(latency ? ["95 % interval"] : []), "macro-F1", "95 % interval", "Δ F1", "95 % interval"],
    rows: paretoCells(chart, kind).map((c) => [
      `${isolated(c.model)} ${isolated(c.name)}`, c.target + (c.emulated ? " (emulated)" : ""), c.front ? "★" : "",
      across.show(c[across.field]),
      ...(latency ? [show.interval(show.duration, c.latency_p50_low_s, c.latency_p50_high_s)] : []),
      show.score(c.macro_f1), show.interval(show.score, c.macro_f1_low, c.macro_f1_high), show.delta(c.delta_macro_f1),
      show.interval(show.delta, c.delta_low, c.delta_high),
    ]),
  };
}
