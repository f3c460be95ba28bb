// Names beside the points of the front, each where it covers no other name, no point and no bar.

const MOST_NAMES = 14;
const NAME = { size: 11, line: 14.5, wide: 210, narrow: 120 };

/** Plotly's annotations; none where the front is so large that names would fill the chart. */
function names(chart, cells, across, log, height) {
  const marked = cells.filter((cell) => cell.front);
  if (marked.length > MOST_NAMES) return [];
  const scale = (v) => (log ? Math.log10(v * across.factor) : v * across.factor);
  const [width, tall] = [chart.width - 80, height - 70];
  const xs = cells.map((cell) => scale(cell[across.field]));
  const ends = cells.flatMap((c) => (c.front ? [c.score - noise(c)[0], c.score + noise(c)[1]] : [c.score]));
  const place = (low, high, to) => (v) => (high > low ? (0.06 + (0.88 * (v - low)) / (high - low)) * to : to / 2);
  const px = place(Math.min(...xs), Math.max(...xs), width);
  const py = place(Math.min(...ends), Math.max(...ends), tall);
  const points = cells.map((cell) => [px(scale(cell[across.field])), py(cell.score)]);
  const taken = points.map(([x, y]) => [x - 6, y - 6, x + 6, y + 6]);
  marked.forEach((cell) => {
    const [x, [below, beyond]] = [px(scale(cell[across.field])), noise(cell)];
    taken.push([x - 1, py(cell.score - below), x + 1, py(cell.score + beyond)]);
  });
  const found = [];
  for (const cell of marked) {
    const text = lines(chart.machine.label(cell), chart.narrow ? NAME.narrow : NAME.wide, NAME.size);
    const [x, y] = points[cells.indexOf(cell)];
    const [halfWide, halfTall] = [Math.max(...text.map((line) => widthOf(line, NAME.size))) / 2 + 5, (text.length * NAME.line) / 2 + 2];
    const free = [14, 26, 40, 58, 80]
      .flatMap((d) => {
        const [beside, above] = [halfWide * 0.9 + 8, d + halfTall - 9];
        return [[beside, above], [-beside, above], [beside, -above], [-beside, -above], [0, above], [0, -above]];
      })
      .find(([dx, dy]) => {
        const box = [x + dx - halfWide, y + dy - halfTall, x + dx + halfWide, y + dy + halfTall];
        const inside = box[0] > 0 && box[2] < width && box[1] > 0 && box[3] < tall;
        return inside && taken.every((t) => box[2] < t[0] || t[2] < box[0] || box[3] < t[1] || t[3] < box[1]);
      });
    if (!free) continue;
    taken.push([x + free[0] - halfWide, y + free[1] - halfTall, x + free[0] + halfWide, y + free[1] + halfTall]);
    found.push({
      x: scale(cell[across.field]), y: cell.score, text: text.map(shown).join("<br>"), ax: free[0], ay: -free[1],
      showarrow: true, arrowhead: 0, arrowwidth: 0.7, arrowcolor: colour("--soft"),
      font: { size: NAME.size, color: colour("--text") }, standoff: 6,
    });
  }
  return found;
}
