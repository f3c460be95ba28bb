// Charts with a row a cell: raw latencies, memory, sizes. As many rows at a time as fit into the height; names whole.

const TALLEST = 480;
const AXIS = 52;
const NAMES = { size: 11.5, line: 15, widest: 480 }; // Plotly's lines are 1.3 times as high as letters
const BAR = 18;

const STRIPS = {
  samples: { has: (cell) => cell.shape !== null, draw: latencyShapes, numbers: latencyNumbers },
  memories: { has: (cell) => known(cell.peak_rss_bytes), draw: memoryBars, numbers: memoryNumbers },
  sizes: { has: (cell) => known(cell.file_size_bytes), draw: sizeBars, numbers: sizeNumbers },
};

const stripCells = (chart, kind) => chart.machine.visible.filter(STRIPS[kind].has);

/**
 * The rows of all cells in pages: each row with its cell, the lines of its name, and in pixels from the top of its page
 * where it begins (`top`), where its bar has its middle (`y`) and how high it is. On a narrow screen names stand above.
 */
function paged(chart, cells) {
  const most = chart.narrow ? chart.width - 16 : Math.min(NAMES.widest, 0.42 * chart.width);
  const pages = [[]];
  let [top, widest] = [0, 0];
  for (const cell of cells) {
    const name = lines(chart.machine.label(cell), most, NAMES.size);
    const high = chart.narrow ? name.length * NAMES.line + BAR + 8 : Math.max(24, name.length * NAMES.line + 6);
    if (pages.at(-1).length && top + high > TALLEST - AXIS) {
      pages.push([]);
      top = 0;
    }
    const y = chart.narrow ? top + name.length * NAMES.line + 4 + BAR / 2 : top + high / 2;
    pages.at(-1).push({ cell, name, top, y, high });
    widest = Math.max(widest, ...name.map((line) => widthOf(line, NAMES.size)));
    top += high;
  }
  return { pages, widest };
}

function drawStrips(chart, kind) {
  const all = stripCells(chart, kind);
  const { pages, widest } = paged(chart, all);
  chart.page = Math.min(chart.page ?? 0, pages.length - 1);
  const rows = pages[chart.page];
  turning(chart, pages, all.length);
  if (!all.length) return null;
  const base = chart.base();
  const ends = pages.map((page) => page.at(-1).top + page.at(-1).high);
  const tall = Math.max(60, ...ends); // of all pages, so that the buttons below stay where they are
  const { traces, axis, description } = STRIPS[kind].draw(chart, rows, all);
  const layout = {
    height: AXIS + tall, barmode: "stack", hovermode: "closest", xaxis: { ...base.xaxis, side: "top", ...axis },
    margin: { l: chart.narrow ? 8 : widest + 14, r: 12, t: AXIS - 8, b: 8 },
    yaxis: { ...base.yaxis, range: [tall, 0], showgrid: false, fixedrange: true, ...named(chart, rows) },
    annotations: chart.narrow ? rows.map((row) => above(row)) : [],
  };
  const which = pages.length > 1 ? `Rows ${range(pages, chart.page)} of ${all.length}. ` : "";
  return { traces, layout, description: `${which}${description} The table below has all numbers.` };
}

function named(chart, rows) {
  if (chart.narrow) return { showticklabels: false };
  const text = rows.map((row) => row.name.map(shown).join("<br>"));
  return { tickvals: rows.map((row) => row.y), ticktext: text, tickfont: { size: NAMES.size }, ticklabelstandoff: 4 };
}

/** The name of a row above its bar. */
function above(row) {
  return {
    x: 0, xref: "paper", xanchor: "left", y: row.top, yanchor: "top", showarrow: false, align: "left", borderpad: 0,
    font: { size: NAMES.size, color: colour("--text") }, text: row.name.map(shown).join("<br>"),
  };
}

function range(pages, page) {
  const before = pages.slice(0, page).reduce((sum, rows) => sum + rows.length, 0);
  return `${before + 1} to ${before + pages[page].length}`;
}

/** The buttons that turn to other rows, where not all fit. */
function turning(chart, pages, count) {
  const place = chart.figure.querySelector(".pager");
  place.hidden = pages.length < 2;
  if (place.hidden) return;
  const [earlier, description, later] = place.children;
  description.textContent = `${range(pages, chart.page)} of ${count}`;
  [[earlier, -1], [later, 1]].forEach(([button, step]) => {
    // Not `disabled`: the one that was just pressed would lose the keyboard's focus.
    button.setAttribute("aria-disabled", String(!pages[chart.page + step]));
    button.onclick = () => {
      if (!pages[chart.page + step]) return;
      chart.page += step;
      chart.refresh();
    };
  });
}
