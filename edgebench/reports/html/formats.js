// Numbers as people read them, as edgebench/units.py and report.md write them: base units come in, and an empty text
// stands for what is missing.

const known = (value) => value !== null && value !== undefined;

const TIMES = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];

const show = {
  size(v) {
    if (!known(v)) return "";
    const rounded = threeDigits(v); // first, so that 999,999,999 is 1.00 GB and not 1000 MB
    if (rounded >= 1e5 && rounded < 1e9) return `${fixed(v / 1e6, rounded < 10e6 ? 2 : 0)} MB`;
    return rounded < 1e3 ? `${fixed(v, 0)} B` : inUnits(rounded, [[1e9, "GB"], [1e3, "kB"]]);
  },
  duration: (v) => (known(v) ? (v ? inUnits(threeDigits(v), TIMES) : "0 s") : ""),
  score: (v, metric) => (known(v) ? fixed(v, metric.decimals) : ""),
  delta(v, metric) {
    if (!known(v)) return "";
    const size = fixed(Math.abs(v), metric.decimals + 1);
    return (v < 0 && Number(size) ? "-" : "+") + size; // no minus without a loss
  },
  share: (v) => (known(v) ? `${fixed(100 * v, 1)} %` : ""),
  rate: (v) => (known(v) ? `${plain(threeDigits(v))} /s` : ""),
  energy: (v) => (known(v) ? `${plain(threeDigits(v * 1e3))} mJ` : ""),
  whole: (v) => (known(v) ? String(v) : ""),
  count(v) {
    if (!known(v)) return "";
    const rounded = threeDigits(v);
    for (const [power, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
      if (rounded >= power) return `${plain(rounded / power)} ${unit}`;
    return String(rounded);
  },
  interval: (format, low, high) => (known(low) && known(high) ? `${format(low)} to ${format(high)}` : ""),
  scores: (cell) => show.interval((v) => show.score(v, cell.metric), cell.score_low, cell.score_high),
  deltas: (cell) => show.interval((v) => show.delta(v, cell.metric), cell.delta_low, cell.delta_high),
};

/** A rounded number in the largest unit that is not larger. */
function inUnits(rounded, units) {
  const [one, unit] = units.find(([size]) => rounded >= size) ?? units.at(-1);
  const number = rounded / one;
  return `${number < 1 ? fixed(number, 2) : plain(number)} ${unit}`;
}

/** Three digits of a rounded number, without an exponent. */
function plain(number) {
  return number >= 100 ? fixed(number, 0) : number.toPrecision(3);
}

/** Decimals as Python writes them: what lies exactly in the middle goes to the even digit. JavaScript rounds it up. */
function fixed(value, places) {
  const size = Math.abs(value);
  const exact = size.toFixed(100);
  const end = exact.length - 100 + places;
  const kept = exact.slice(0, places ? end : end - 1);
  const middle = /^\.?50*$/.test(exact.slice(kept.length));
  return (value < 0 ? "-" : "") + (middle && /[02468]$/.test(kept) ? kept : size.toFixed(places));
}

/** A number rounded to three digits, in the same way; `value` is not negative. */
function threeDigits(value) {
  const [digits, power] = value.toExponential(100).split("e");
  const middle = /^50*$/.test(digits.slice(4));
  return Number(middle && /[02468]$/.test(digits.slice(0, 4)) ? `${digits.slice(0, 4)}e${power}` : value.toPrecision(3));
}
