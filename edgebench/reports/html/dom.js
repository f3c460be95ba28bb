// Elements from plain data: every text goes in as text, never as markup.

/** An element with attributes (those that are null or false are left out) and children: elements or texts. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

/** A table that scrolls inside itself; `rows` are lists of texts or elements, the first of each is its heading. */
function plainTable(label, headings, rows) {
  const head = el("tr", {}, ...headings.map((text) => el("th", { scope: "col" }, el("bdi", {}, text))));
  const body = rows.map((row) =>
    el("tr", {}, ...row.map((cell, i) => (i ? el("td", {}, cell) : el("th", { scope: "row" }, el("bdi", {}, cell))))),
  );
  const caption = el("caption", {}, label);
  return scrolling(label, el("table", {}, caption, el("thead", {}, head), el("tbody", {}, ...body)));
}

/** A frame in which something wide scrolls, also by the keyboard. */
function scrolling(label, child) {
  return el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, child);
}

/** A colour of the style sheet, as it is now. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
