// The rows of the strip charts: shapes of raw latencies, bars of memory and sizes; and their numbers.

function latencyShapes(chart, rows, all) {
  const traces = [];
  for (const value of chart.machine.values[chart.machine.key]) {
    const [x, y] = [[], []];
    for (const row of rows.filter(({ cell }) => cell[chart.machine.key] === value)) {
      const { at, bars } = row.cell.shape;
      const step = Math.log(at.at(-1) / at[0]) / bars.length;
      const middles = bars.map((_, i) => at[0] * Math.exp((i + 0.5) * step) * 1e3);
      const halves = bars.map((bar) => (0.55 * BAR * bar) / 99);
      x.push(...middles, ...middles.slice().reverse(), null);
      y.push(...halves.map((h) => row.y - h), ...halves.slice().reverse().map((h) => row.y + h), null);
    }
    const tint = chart.machine.colour(value);
    if (x.length)
      traces.push({ type: "scatter", mode: "lines", fill: "toself", fillcolor: `${tint}66`, x, y, hoverinfo: "skip", line: { color: tint, width: 0.8 } });
  }
  const spans = { x: [], y: [] };
  for (const { cell, y } of rows) {
    spans.x.push(cell.shape.at[1] * 1e3, cell.shape.at[4] * 1e3, null);
    spans.y.push(y, y, null);
  }
  traces.push({ type: "scatter", mode: "lines", ...spans, hoverinfo: "skip", line: { color: colour("--text"), width: 1 } });
  traces.push({
    type: "scatter", mode: "markers", x: rows.map(({ cell }) => cell.latency_p50_s * 1e3), y: rows.map((row) => row.y),
    hoverinfo: "text", hovertext: rows.map(({ cell }) => `${story(cell)}<br>${shown(spread(cell))}`),
    marker: { color: colour("--text"), size: 7, line: { color: colour("--card"), width: 1.5 } },
  });
  const ends = all.flatMap((cell) => [cell.shape.at[0] * 1e3, cell.shape.at.at(-1) * 1e3]);
  const [low, high] = [Math.log10(Math.min(...ends)), Math.log10(Math.max(...ends))];
  const rim = 0.03 * (high - low) + 0.01;
  const axis = { title: { text: "ms, logarithmic", standoff: 6 }, type: "log", ...decades(ends), range: [low - rim, high + rim] };
  return { traces, axis, description: extremes(chart, all, (cell) => cell.latency_p50_s, show.duration, "median") };
}

function spread(cell) {
  const [, low, , , high] = cell.shape.at;
  return `90 % of ${cell.latency_samples} samples: ${show.interval(show.duration, low, high)}`;
}

/** The least and the most of what a chart shows, in words. */
function extremes(chart, all, value, format, what) {
  const sorted = all.slice().sort((a, b) => value(a) - value(b));
  const one = (cell) => `${format(value(cell))}, ${chart.machine.label(cell)}`;
  return `Lowest ${what}: ${one(sorted[0])}; highest: ${one(sorted.at(-1))}.`;
}

/** Bars in the colours of the cells; those of a part are pale and have an outline. */
function bars(chart, rows, field, label, pale = false) {
  const tints = rows.map(({ cell }) => chart.machine.colour(cell[chart.machine.key]));
  const color = pale ? tints.map((tint) => `${tint}55`) : tints;
  const hover = ({ cell }) => `<b>${wrapped(`${isolated(cell.model)} ${isolated(cell.name)}`)}</b><br>${wrapped(isolated(cell.target))}<br>${label} ${show.size(cell[field])}`;
  return {
    type: "bar", orientation: "h", x: rows.map(({ cell }) => (cell[field] ?? 0) / 1e6), y: rows.map((row) => row.y),
    width: rows.map(() => BAR - 4), marker: { color, line: { color: tints, width: pale ? 1 : 0 } },
    hoverinfo: "text", textposition: "none", hovertext: rows.map(hover),
  };
}

/** Lines across the bars, each on a broader one, which sets it off from a bar as dark. */
function strokes(rows, field) {
  const all = [["--card", 5], ["--text", 2]].map(([name, width]) => ({
    type: "scatter", mode: "markers", x: rows.map(({ cell }) => (known(cell[field]) ? cell[field] / 1e6 : null)),
    y: rows.map((row) => row.y), hoverinfo: "text", hovertext: rows.map(({ cell }) => story(cell)),
    marker: { color: colour(name), size: 10, symbol: "line-ns-open", line: { width } },
  }));
  all[0].hoverinfo = "skip";
  return all;
}

/** The axis of all rows, those on other pages too. */
function megabytes(all, ...values) {
  const most = Math.max(...all.flatMap((cell) => values.map((value) => value(cell) ?? 0))) / 1e6;
  return { title: { text: "MB", standoff: 6 }, range: [0, 1.04 * most || 1] };
}

function memoryBars(chart, rows, all) {
  const traces = [bars(chart, rows, "runtime_rss_bytes", "runtime", true), bars(chart, rows, "model_rss_bytes", "model"), ...strokes(rows, "peak_rss_bytes")];
  const parts = (cell) => cell.runtime_rss_bytes + cell.model_rss_bytes;
  return { traces, axis: megabytes(all, (c) => c.peak_rss_bytes, parts), description: extremes(chart, all, (c) => c.peak_rss_bytes, show.size, "peak") };
}

function sizeBars(chart, rows, all) {
  const traces = [bars(chart, rows, "file_size_bytes", "file"), ...strokes(rows, "zip_size_bytes")];
  return { traces, axis: megabytes(all, (c) => c.file_size_bytes, (c) => c.zip_size_bytes), description: extremes(chart, all, (c) => c.file_size_bytes, show.size, "size") };
}

const who = (cell) => [`${isolated(cell.model)} ${isolated(cell.name)}`, cell.target];

function latencyNumbers(chart) {
  return {
    headings: ["cell", "target", "samples", "median", "5th to 95th percentile", "95th", "99th", "maximum", "first prediction", "load"],
    rows: stripCells(chart, "samples").map((c) => [
      ...who(c), show.whole(c.latency_samples), show.duration(c.latency_p50_s),
      show.interval(show.duration, c.shape.at[1], c.shape.at[4]), show.duration(c.latency_p95_s), show.duration(c.latency_p99_s),
      show.duration(c.latency_max_s), show.duration(c.first_inference_s), show.duration(c.load_s),
    ]),
  };
}

function memoryNumbers(chart) {
  return {
    headings: ["cell", "target", "peak", "runtime", "model"],
    rows: stripCells(chart, "memories").map((c) => [
      ...who(c), show.size(c.peak_rss_bytes), show.size(c.runtime_rss_bytes), show.size(c.model_rss_bytes),
    ]),
  };
}

function sizeNumbers(chart) {
  return {
    headings: ["cell", "target", "file", "zip", "parameters", "multiply-adds", "zeros"],
    rows: stripCells(chart, "sizes").map((c) => [
      ...who(c), show.size(c.file_size_bytes), show.size(c.zip_size_bytes), show.count(c.parameters), show.count(c.macs),
      show.share(c.sparsity),
    ]),
  };
}
