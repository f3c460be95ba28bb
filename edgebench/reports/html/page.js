// Puts the page together once it is read.

/** Light, dark, or as the system has it until the button is pressed. */
function themes() {
  const [button, root] = [document.getElementById("theme"), document.documentElement];
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const update = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    charts.forEach((chart) => chart.refresh());
  };
  try {
    const kept = localStorage.getItem("edgebench-theme");
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch {
    // A browser may keep nothing for a file; the button works all the same.
  }
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("edgebench-theme", root.dataset.theme);
    } catch {
      // See above.
    }
    update();
  });
  system.addEventListener("change", update);
  update();
}

function drawMachine(data, section) {
  const machine = new Machine(data, section);
  if (!machine.cells.length) return;
  drawSwitches(machine, section.querySelector(".switches"));
  showLooks(machine, section.querySelector(".looks"));
  for (const figure of section.querySelectorAll("figure[data-chart]")) {
    const kind = figure.dataset.chart;
    if (kind in ACROSS) new Chart(figure, machine, (c) => drawPareto(c, kind), (c) => paretoNumbers(c, kind));
    else new Chart(figure, machine, (c) => drawStrips(c, kind), (c) => STRIPS[kind].numbers(c));
  }
  new CellTable(machine, section.querySelector(".cells"));
  const classes = section.querySelector(".classes"); // not there where no class has a score
  if (classes) whenSeen(classes, () => {
    machine.listeners.push(() => drawClasses(machine, classes));
    drawClasses(machine, classes);
  });
}

const data = JSON.parse(document.getElementById("data").textContent);
data.forEach((machine, i) => drawMachine(machine, document.querySelector(`section[data-machine="${i}"]`)));
themes();
watch();
