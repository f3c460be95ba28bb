// Numbers as people read them, as in report.md: base units come in, an empty text stands for what is missing.

const known = (value) => value !== null && value !== undefined;

const show = {
  size: (v) => (known(v) ? `${(v / 1e6).toFixed(v < 10e6 ? 2 : 0)} MB` : ""),
  duration: (v) => (known(v) ? (v >= 1e-3 ? `${digits(v * 1e3)} ms` : `${digits(v * 1e6)} µs`) : ""),
  score: (v) => (known(v) ? v.toFixed(3) : ""),
  delta: (v) => (known(v) ? `${v < 0 ? "-" : "+"}${Math.abs(v).toFixed(4)}` : ""),
  share: (v) => (known(v) ? `${(100 * v).toFixed(1)} %` : ""),
  rate: (v) => (known(v) ? `${digits(v)} /s` : ""),
  energy: (v) => (known(v) ? `${digits(v * 1e3)} mJ` : ""),
  whole: (v) => (known(v) ? String(v) : ""),
  count(v) {
    if (!known(v)) return "";
    const rounded = Number(v.toPrecision(3));
    for (const [power, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
      if (rounded >= power) return `${(rounded / power).toPrecision(3)} ${unit}`;
    return String(rounded);
  },
  interval: (format, low, high) => (known(low) && known(high) ? `${format(low)} to ${format(high)}` : ""),
};

/** Three digits, without an exponent. */
function digits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A text that Plotly shows as it is: it reads a few tags and entities of HTML in all of its texts. */
function shown(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A text in lines of about so many letters, for a hover box. */
function wrapped(text, width = 56) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length >= width) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
  }
  return lines.map(shown).join("<br>");
}

/** What hovering over a cell tells: its figures, their intervals, and why its timing is doubted. */
function story(cell) {
  const latency = cell.emulated ? "emulated, says nothing" : show.duration(cell.latency_p50_s);
  const between = (format, low, high) => (known(low) ? ` (${show.interval(format, low, high)})` : "");
  const lines = [
    `<b>${shown(`${cell.front ? "★ " : ""}${cell.model} ${cell.name}`)}</b>`,
    shown(`${cell.target}${cell.timing ? `, ${cell.timing}` : ""}`),
    `latency ${latency}` +
      (cell.emulated ? "" : between(show.duration, cell.latency_p50_low_s, cell.latency_p50_high_s)),
    `size ${show.size(cell.file_size_bytes)}${known(cell.zip_size_bytes) ? `, zip ${show.size(cell.zip_size_bytes)}` : ""}`,
    known(cell.peak_rss_bytes) ? `memory ${show.size(cell.peak_rss_bytes)}` : "",
    `macro-F1 ${show.score(cell.macro_f1)}` + between(show.score, cell.macro_f1_low, cell.macro_f1_high),
    known(cell.delta_macro_f1)
      ? `Δ F1 ${show.delta(cell.delta_macro_f1)}` + between(show.delta, cell.delta_low, cell.delta_high)
      : "",
    cell.reason ? wrapped(`${cell.timing}: ${cell.reason}`) : "",
  ];
  return lines.filter(Boolean).join("<br>");
}
