// Texts in charts: names of any length and any script, none of which Plotly may take for markup.

const CONTROLS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]|\ud802|\ud803|\ud83a|\ud83b/;

/** A name that changes the direction of nothing beside it. */
function isolated(name) {
  const bare = name.replace(CONTROLS, "");
  return RIGHT_TO_LEFT.test(bare) ? `\u2068${bare}\u2069` : bare;
}

/** A text that Plotly shows as it is: it reads a few tags and entities of HTML in all of its texts. */
function shown(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const ruler = document.createElement("canvas").getContext("2d");

/** How wide a text is, in pixels. */
function widthOf(text, size) {
  ruler.font = `${size}px system-ui, sans-serif`;
  return ruler.measureText(text).width;
}

/** A text in lines of at most so many pixels; it breaks behind a sign, and a long word anywhere, but loses nothing. */
function lines(text, width, size) {
  if (widthOf(text, size) <= width) return [text];
  const found = [""];
  const fits = (more) => widthOf(found.at(-1) + more, size) <= width;
  for (const part of text.match(/[^\s\-+:,;·/_]*[\s\-+:,;·/_]*/gu).filter(Boolean)) {
    if (found.at(-1) && !fits(part.trimEnd())) found.push("");
    if (fits(part.trimEnd())) found[found.length - 1] += part;
    else
      for (const sign of part) {
        if (found.at(-1) && !fits(sign)) found.push("");
        found[found.length - 1] += sign;
      }
  }
  return found.map((line) => line.trimEnd());
}

/** The same, as Plotly takes it. */
function wrapped(text, width = 340, size = 12) {
  if (text.length < 40) return shown(text); // hundreds of them need not be measured
  return lines(text, width, size).map(shown).join("<br>");
}

/** The text on hovering over a cell: its metrics, their intervals, and why its timing is doubtful. */
function story(cell) {
  const latency = cell.emulated ? "emulated, says nothing" : show.duration(cell.latency_p50_s);
  const bracketed = (text) => (text ? ` (${text})` : "");
  const between = (format, low, high) => (known(low) ? ` (${show.interval(format, low, high)})` : "");
  const description = [
    `<b>${wrapped(`${cell.front ? "★ " : ""}${isolated(cell.model)} ${isolated(cell.name)}`)}</b>`,
    wrapped(`${isolated(cell.target)}${cell.timing ? `, ${cell.timing}` : ""}`),
    `latency ${latency}` +
      (cell.emulated ? "" : between(show.duration, cell.latency_p50_low_s, cell.latency_p50_high_s)),
    `size ${show.size(cell.file_size_bytes)}${known(cell.zip_size_bytes) ? `, zip ${show.size(cell.zip_size_bytes)}` : ""}`,
    known(cell.peak_rss_bytes) ? `memory ${show.size(cell.peak_rss_bytes)}` : "",
    known(cell.score) ? `${cell.metric.label} ${show.score(cell.score, cell.metric)}${bracketed(show.scores(cell))}` : "",
    known(cell.delta)
      ? `Δ ${cell.metric.narrow} ${show.delta(cell.delta, cell.metric)}${bracketed(show.deltas(cell))}`
      : "",
    cell.reason ? wrapped(`${cell.timing}: ${cell.reason}`) : "",
  ];
  return description.filter(Boolean).join("<br>");
}
