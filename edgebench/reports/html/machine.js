// One machine: its cells, which of them are switched on, and who wants to know when that changes.

// Readable on white and on black, and told apart by most people who see colours differently.
const PALETTE = ["#3d8fd1", "#e0702d", "#1ca37d", "#c8639f", "#a68a1b", "#8a6fe0", "#d1495b", "#7d8794"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "star"];
const SWITCHED = ["target", "model", "variant", "exporter"];

class Machine {
  constructor(data, section) {
    this.name = data.name;
    this.section = section;
    this.classes = data.classes;
    this.cells = data.cells.map((row, index) => {
      const cell = { index };
      data.fields.forEach((field, i) => (cell[field] = row[i]));
      return cell;
    });
    this.values = Object.fromEntries(SWITCHED.map((key) => [key, this.different(key)]));
    // The colour tells the model where there are several, else the variant, else the exporter.
    this.key = ["model", "variant", "exporter"].find((key) => this.values[key].length > 1) ?? "exporter";
    this.off = Object.fromEntries(SWITCHED.map((key) => [key, new Set()]));
    this.listeners = [];
  }

  different(key) {
    return [...new Set(this.cells.map((cell) => cell[key]))];
  }

  colour(value) {
    return PALETTE[this.values[this.key].indexOf(value) % PALETTE.length];
  }

  symbol(cell) {
    return SYMBOLS[this.values.target.indexOf(cell.target) % SYMBOLS.length] + (cell.emulated ? "-open" : "");
  }

  /** The cells that are switched on, in the order of the report. */
  get visible() {
    return this.cells.filter((cell) => SWITCHED.every((key) => !this.off[key].has(cell[key])));
  }

  /** What a cell is called beside the others: without its model or target where all have the same. */
  label(cell) {
    const model = this.values.model.length > 1 ? `${cell.model} ` : "";
    const target = this.values.target.length > 1 ? ` · ${cell.target}` : "";
    return `${model}${cell.name}${target}`;
  }

  turn(key, value, on) {
    if (on) this.off[key].delete(value);
    else this.off[key].add(value);
    this.listeners.forEach((listener) => listener());
  }
}
