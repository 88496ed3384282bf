/*
 * Makes long tables sortable by their headings and filterable by a word, with the keyboard too.
 * Without the script the tables are complete and readable. Text is only compared, never inserted.
 */
"use strict";

(() => {
  const SORTED = 6; // rows from which the headings sort: fewer are seen at a glance
  const LONG = 10; // rows from which a table gets a filter

  const textOf = (row, column) => row.cells[column].textContent.trim();

  /* A number as it is shown ("−0.62 (−1.07 to −0.16)" counts as -0.62), or NaN. */
  function numberOf(text) {
    const match = text.replace(/\u2212/g, "-").replace(/,/g, "").match(/^[<>=\s]*(-?\d+(\.\d+)?)/);
    return match ? Number(match[1]) : NaN;
  }

  function compare(a, b) {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    if (a === "" || b === "") return (a === "") - (b === ""); // what is empty comes last
    return a.localeCompare(b, "en", { numeric: true });
  }

  function makeSortable(table) {
    const body = table.tBodies[0];
    if (body.rows.length < SORTED) return;
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const upward = heading.getAttribute("aria-sort") !== "ascending";
        [...table.tHead.rows[0].cells].forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", upward ? "ascending" : "descending");
        const rows = [...body.rows];
        rows.sort((a, b) => compare(textOf(a, column), textOf(b, column)) * (upward ? 1 : -1));
        body.append(...rows);
      });
    });
  }

  function makeFilterable(table) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < LONG) return;
    const label = document.createElement("label");
    label.className = "filter";
    label.textContent = "Show only rows with ";
    const input = document.createElement("input");
    input.type = "search";
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    label.append(input);
    const box = table.closest(".table-scroll");
    box.before(label, count);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      });
      const shown = rows.filter((row) => !row.hidden).length;
      count.textContent = words.length ? ` ${shown} of ${rows.length} rows` : "";
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".table-scroll > table:not(.plain)").forEach((table) => {
      if (!table.tHead || !table.tBodies.length) return;
      makeSortable(table);
      makeFilterable(table);
    });
  });
})();
