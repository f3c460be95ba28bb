// The table of all cells, which sorts and filters.

// Rows that are drawn until all are asked for: hundreds would keep the page from opening.
const FIRST_ROWS = 60;

class CellTable {
  constructor(machine, place) {
    Object.assign(this, { machine, order: machine.cells.slice(), sorted: null, down: false });
    this.all = el("input", { type: "checkbox", onchange: () => this.draw() });
    this.front = el("input", { type: "checkbox", onchange: () => this.draw() });
    this.words = el("input", {
      type: "search", placeholder: "int8 noisy", "aria-label": `Filter the cells of ${machine.name}`, oninput: () => this.draw(),
    });
    this.description = el("p", { class: "count", role: "status" });
    this.table = el("table", {});
    this.more = el("button", { type: "button", class: "all", hidden: true, onclick: () => {
      this.whole = true;
      this.draw();
    } });
    const filter = el("label", { class: "filter" }, "Filter", this.words);
    place.append(
      el("div", { class: "tools" }, filter, el("label", {}, this.front, "Pareto front only"),
        el("label", {}, this.all, "All columns"), this.description),
      scrolling(`Cells of ${machine.name}`, this.table),
      this.more,
    );
    this.columns = columnsOf(machine);
    machine.listeners.push(() => this.draw());
    this.sort(this.columns[0]);
  }

  /** The cells that are switched on and hold all words of the filter, in their present order. */
  get rows() {
    const words = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const visible = new Set(this.machine.visible);
    return this.order.filter((cell) => {
      if (!visible.has(cell) || (this.front.checked && !cell.front)) return false;
      const text = [cell.model, cell.name, cell.target, cell.timing, cell.reason].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  /** Sort by a column, or turn its order around; equal cells stay as they are, and what has no value comes last. */
  sort(column) {
    this.down = this.sorted === column ? !this.down : Boolean(column.high);
    this.sorted = column;
    const way = this.down ? -1 : 1;
    const missing = (value) => !known(value) || value === "";
    this.order.sort((a, b) => {
      const [x, y] = [column.by(a), column.by(b)];
      if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y));
      return way * (typeof x === "string" ? x.localeCompare(y, "en") : x - y);
    });
    this.draw();
  }

  /** Whether a column has values worth showing: some are empty, and the only model or target is named above. */
  isFilled(column) {
    const only = ["model", "target"].includes(column.title) && this.machine.values[column.title].length < 2;
    return !only && (column.title === "★" || this.machine.cells.some((cell) => column.text(cell)));
  }

  draw() {
    const columns = this.columns.filter((c) => (c.always || this.all.checked) && this.isFilled(c));
    const rows = this.rows;
    const drawn = this.whole ? rows : rows.slice(0, FIRST_ROWS);
    this.more.hidden = drawn.length === rows.length;
    this.more.textContent = `Show all ${rows.length} cells`;
    const caption = el("caption", {}, `Cells of ${this.machine.name}; the headings sort`);
    const head = el("thead", {}, el("tr", {}, ...columns.map((column) => this.heading(column))));
    this.table.replaceChildren(caption, head, el("tbody", {}, ...drawn.map((cell) => row(cell, columns))));
    this.description.textContent = `${rows.length} of ${this.machine.cells.length} cells`;
  }

  heading(column) {
    const sort = this.sorted === column ? (this.down ? "descending" : "ascending") : "none";
    const label = column.title === "★" ? "Pareto front" : null;
    const press = () => {
      this.sort(column);
      this.table.querySelector(`th[aria-sort]:not([aria-sort="none"]) button`).focus();
    };
    return el("th", { scope: "col", "aria-sort": sort }, el("button", { type: "button", onclick: press, "aria-label": label }, column.title));
  }
}

function row(cell, columns) {
  const cells = columns.map((column) => {
    if (column.heads) return el("th", { scope: "row" }, column.text(cell));
    const says = !(column.time && cell.emulated);
    return el("td", says ? {} : { class: "emulated", title: "emulated: says nothing" }, column.text(cell));
  });
  return el("tr", { class: cell.front ? "front" : cell.lost ? "lost" : null }, ...cells);
}
