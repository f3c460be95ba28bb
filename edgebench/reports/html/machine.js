// One machine: its cells, which of them are switched on, how they look, and who wants to know when that changes.

const SWITCHED = ["target", "model", "variant", "exporter"];
const NAMED = SWITCHED.slice(1);

class Machine {
  constructor(data, section) {
    this.name = data.name;
    this.section = section;
    this.classes = data.classes;
    this.metrics = data.metrics; // the primary one first
    this.table = data.table; // what the numbers of each class are
    this.cells = data.cells.map((row, index) => {
      const cell = { index, metric: data.metrics[0] };
      data.fields.forEach((field, i) => (cell[field] = row[i]));
      return cell;
    });
    this.values = data.order; // the plan's, for colours, shapes and switches alike
    this.shapes = data.shapes;
    this.colours = data.colours;
    // The colour shows the model where there are several, else the variant, else the exporter.
    this.key = NAMED.find((key) => this.values[key].length > 1) ?? "exporter";
    const emulated = new Set(this.cells.filter((cell) => cell.emulated).map((cell) => cell.target));
    this.groups = [false, true].map((is) => this.values.target.filter((target) => emulated.has(target) === is));
    this.turns = Math.ceil(this.values[this.key].length / this.colours);
    // The shape shows what colours do not: names beyond the eighth, and targets; else what differs besides.
    this.apart = this.turns > 1 || this.groups.some((targets) => targets.length > 1);
    this.second = this.apart ? null : NAMED.slice(NAMED.indexOf(this.key) + 1).find((key) => {
      const count = this.values[key].length;
      return count > 1 && count <= this.shapes.length;
    }) ?? null;
    this.off = Object.fromEntries(SWITCHED.map((key) => [key, new Set()]));
    this.listeners = [];
  }

  isEmulated(target) {
    return this.groups[1].includes(target);
  }

  /** The colour of a name, as the style sheet calls it. */
  tint(value) {
    return `--c${this.values[this.key].indexOf(value) % this.colours}`;
  }

  colour(value) {
    return colour(this.tint(value));
  }

  /** The shape of a cell: what has the same colour has another shape. */
  shape(cell) {
    if (this.second) return this.shapes[this.values[this.second].indexOf(cell[this.second])];
    const targets = this.groups[Number(this.isEmulated(cell.target))];
    const turn = Math.floor(this.values[this.key].indexOf(cell[this.key]) / this.colours);
    return this.shapes[(turn + this.turns * targets.indexOf(cell.target)) % this.shapes.length];
  }

  symbol(cell) {
    return this.shape(cell) + (cell.emulated ? "-open" : "");
  }

  /** The cells that are switched on, in the order of the report. */
  get visible() {
    return this.cells.filter((cell) => SWITCHED.every((key) => !this.off[key].has(cell[key])));
  }

  /** What a cell is called beside the others: without its model or target where all have the same. */
  label(cell) {
    const model = this.values.model.length > 1 ? `${isolated(cell.model)} ` : "";
    const target = this.values.target.length > 1 ? ` · ${isolated(cell.target)}` : "";
    return `${model}${isolated(cell.name)}${target}`;
  }

  /** Switch some values of a key on or off. */
  turn(key, values, on) {
    for (const value of values)
      if (on) this.off[key].delete(value);
      else this.off[key].add(value);
    this.listeners.forEach((listener) => listener());
  }
}
