"use strict";
(() => {
  const root = document.documentElement;
  const kept = "embedtune-theme";

  function setUpTheme() {
    const button = document.getElementById("theme");
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const current = () => root.dataset.theme || (system.matches ? "dark" : "light");
    const other = () => (current() === "dark" ? "light" : "dark");
    const show = () => { button.textContent = other() === "dark" ? "Dark" : "Light"; };
    // A page opened as a file may be refused its storage; the theme then lasts as long as the page.
    try { root.dataset.theme = localStorage.getItem(kept) || ""; } catch { /* the system's theme */ }
    button.addEventListener("click", () => {
      root.dataset.theme = other();
      try { localStorage.setItem(kept, root.dataset.theme); } catch { /* see above */ }
      show();
    });
    system.addEventListener("change", show);
    button.hidden = false;
    show();
  }

  function compare(one, other) {
    const numbers = [Number(one), Number(other)];
    return numbers.some(Number.isNaN) ? one.localeCompare(other) : numbers[0] - numbers[1];
  }

  function sortBy(table, head) {
    const heads = [...table.tHead.rows[0].cells];
    const column = heads.indexOf(head);
    const rows = [...table.tBodies[0].rows];
    const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    // Figures start with the highest, names with A.
    const words = rows.some((row) => Number.isNaN(Number(value(row))));
    const before = head.getAttribute("aria-sort");
    const ascending = before ? before === "descending" : words;
    heads.forEach((cell) => cell.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    rows.sort((a, b) => (ascending ? 1 : -1) * compare(value(a), value(b)));
    table.tBodies[0].append(...rows);
  }

  function setUpSorting() {
    for (const table of document.querySelectorAll("table.sortable")) {
      for (const button of table.tHead.querySelectorAll("button")) {
        button.addEventListener("click", () => sortBy(table, button.closest("th")));
      }
    }
  }

  function setUpForest() {
    const forest = document.getElementById("forest");
    if (!forest) return;
    const pair = document.getElementById("pair");
    const buttons = [...document.querySelectorAll("#attributes button")];
    const show = () => {
      const wanted = buttons.find((button) => button.getAttribute("aria-pressed") === "true").dataset.attribute;
      for (const body of forest.tBodies) body.hidden = body.dataset.pair !== pair.value;
      for (const row of forest.querySelectorAll("tr[data-attribute]")) {
        const own = row.dataset.attribute;
        row.hidden = Boolean(wanted && own && own !== wanted);
      }
    };
    pair.addEventListener("change", show);
    for (const button of buttons) {
      button.addEventListener("click", () => {
        for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
        show();
      });
    }
    show();
  }

  setUpTheme();
  setUpSorting();
  setUpForest();
})();
