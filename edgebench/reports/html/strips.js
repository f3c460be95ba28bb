// Charts with a row a cell: raw latencies, memory, sizes. Only the first rows are drawn until all are asked for.

const FIRST = 30;
const ROW = 24;

const STRIPS = {
  samples: { has: (cell) => cell.shape !== null, draw: latencyShapes, numbers: latencyNumbers },
  memories: { has: (cell) => known(cell.peak_rss_bytes), draw: memoryBars, numbers: memoryNumbers },
  sizes: { has: (cell) => known(cell.file_size_bytes), draw: sizeBars, numbers: sizeNumbers },
};

const stripCells = (chart, kind) => chart.machine.visible.filter(STRIPS[kind].has);

function drawStrips(chart, kind) {
  const all = stripCells(chart, kind);
  const cells = chart.whole ? all : all.slice(0, FIRST);
  const button = chart.figure.querySelector("button.all");
  button.hidden = all.length <= FIRST;
  button.textContent = chart.whole ? `Show the first ${FIRST} only` : `Show all ${all.length} cells`;
  button.onclick = () => {
    chart.whole = !chart.whole;
    chart.refresh();
  };
  const base = chart.base();
  const most = chart.narrow ? 17 : 60;
  const labels = cells.map((cell) => chart.machine.label(cell)).map((t) => (t.length > most ? `${t.slice(0, most - 1)}…` : t));
  const { traces, axis } = STRIPS[kind].draw(chart, cells);
  const layout = {
    height: 84 + ROW * Math.max(2, cells.length), barmode: "stack", bargap: 0.35, hovermode: "closest",
    xaxis: { ...base.xaxis, side: "top", ...axis },
    yaxis: {
      ...base.yaxis, tickvals: cells.map((_, i) => i), ticktext: labels.map(shown), showgrid: false,
      range: [Math.max(2, cells.length) - 0.4, -0.6], tickfont: { size: chart.narrow ? 9.5 : 11.5 }, fixedrange: true,
    },
    annotations: cells.length ? [] : [empty("nothing to show: switched off, emulated, or without samples")],
  };
  return { traces, layout };
}

function latencyShapes(chart, cells) {
  const traces = [];
  for (const value of chart.machine.values[chart.machine.key]) {
    const [x, y] = [[], []];
    cells.forEach((cell, row) => {
      if (cell[chart.machine.key] !== value) return;
      const { at, bars } = cell.shape;
      const step = Math.log(at.at(-1) / at[0]) / bars.length;
      const middles = bars.map((_, i) => at[0] * Math.exp((i + 0.5) * step) * 1e3);
      const halves = bars.map((bar) => (0.44 * bar) / 99);
      x.push(...middles, ...middles.slice().reverse(), null);
      y.push(...halves.map((h) => row - h), ...halves.slice().reverse().map((h) => row + h), null);
    });
    const tint = chart.machine.colour(value);
    if (x.length)
      traces.push({ type: "scatter", mode: "lines", fill: "toself", fillcolor: `${tint}66`, x, y, hoverinfo: "skip", line: { color: tint, width: 0.8 } });
  }
  const lines = { x: [], y: [] };
  cells.forEach(({ shape }, row) => {
    lines.x.push(shape.at[1] * 1e3, shape.at[4] * 1e3, null);
    lines.y.push(row, row, null);
  });
  traces.push({ type: "scatter", mode: "lines", ...lines, hoverinfo: "skip", line: { color: colour("--text"), width: 1 } });
  traces.push({
    type: "scatter", mode: "markers", x: cells.map((c) => c.latency_p50_s * 1e3), y: cells.map((_, i) => i),
    hoverinfo: "text", hovertext: cells.map((c) => `${story(c)}<br>${shown(spread(c))}`),
    marker: { color: colour("--text"), size: 7, line: { color: colour("--card"), width: 1.5 } },
  });
  const ends = cells.flatMap((cell) => [cell.shape.at[0] * 1e3, cell.shape.at.at(-1) * 1e3]);
  return { traces, axis: { title: { text: "ms, logarithmic" }, type: "log", ...decades(ends.length ? ends : [1, 10]) } };
}

function spread(cell) {
  const [, low, , , high] = cell.shape.at;
  return `90 % of ${cell.latency_samples} samples: ${show.interval(show.duration, low, high)}`;
}

function bar(cells, values, tint, label) {
  return {
    type: "bar", orientation: "h", name: label, x: values.map((v) => (v ?? 0) / 1e6), y: cells.map((_, i) => i),
    marker: { color: tint }, hoverinfo: "text", textposition: "none",
    hovertext: cells.map((c, i) => `<b>${shown(`${c.model} ${c.name}`)}</b><br>${shown(c.target)}<br>${label} ${show.size(values[i])}`),
  };
}

function memoryBars(chart, cells) {
  const [runtime, model] = [cells.map((c) => c.runtime_rss_bytes), cells.map((c) => c.model_rss_bytes)];
  const peak = {
    type: "scatter", mode: "markers", x: cells.map((c) => c.peak_rss_bytes / 1e6), y: cells.map((_, i) => i),
    hoverinfo: "text", hovertext: cells.map(story), marker: { color: colour("--text"), size: 7, symbol: "line-ns-open", line: { width: 2 } },
  };
  const traces = [bar(cells, runtime, colour("--quiet"), "runtime"), bar(cells, model, PALETTE[0], "model"), peak];
  return { traces, axis: { title: { text: "MB: runtime (grey), model (blue), peak (line)" }, rangemode: "tozero" } };
}

function sizeBars(chart, cells) {
  const file = bar(cells, cells.map((c) => c.file_size_bytes), PALETTE[0], "file");
  const zip = {
    type: "scatter", mode: "markers", x: cells.map((c) => (known(c.zip_size_bytes) ? c.zip_size_bytes / 1e6 : null)),
    y: cells.map((_, i) => i), hoverinfo: "text", hovertext: cells.map(story),
    marker: { color: colour("--text"), size: 9, symbol: "line-ns-open", line: { width: 2 } },
  };
  return { traces: [file, zip], axis: { title: { text: "MB: file (bar), zip (line)" }, rangemode: "tozero" } };
}

function latencyNumbers(chart) {
  return {
    headings: ["cell", "target", "samples", "median", "5th to 95th percentile", "95th", "99th", "maximum", "first prediction", "load"],
    rows: stripCells(chart, "samples").map((c) => [
      `${c.model} ${c.name}`, c.target, show.whole(c.latency_samples), show.duration(c.latency_p50_s),
      show.interval(show.duration, c.shape.at[1], c.shape.at[4]), show.duration(c.latency_p95_s), show.duration(c.latency_p99_s),
      show.duration(c.latency_max_s), show.duration(c.first_inference_s), show.duration(c.load_s),
    ]),
  };
}

function memoryNumbers(chart) {
  return {
    headings: ["cell", "target", "peak", "runtime", "model"],
    rows: stripCells(chart, "memories").map((c) => [
      `${c.model} ${c.name}`, c.target, show.size(c.peak_rss_bytes), show.size(c.runtime_rss_bytes), show.size(c.model_rss_bytes),
    ]),
  };
}

function sizeNumbers(chart) {
  return {
    headings: ["cell", "target", "file", "zip", "parameters", "multiply-adds", "zeros"],
    rows: stripCells(chart, "sizes").map((c) => [
      `${c.model} ${c.name}`, c.target, show.size(c.file_size_bytes), show.size(c.zip_size_bytes), show.count(c.parameters),
      show.count(c.macs), show.share(c.sparsity),
    ]),
  };
}
