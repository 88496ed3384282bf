/*
 * Searches the index that the page brings along, as a script (find_index.js) or, in a report of one
 * file, as data in it: no request, so it works from a file too. Every part of a question must be met by a page, by itself or by other words for it, which the
 * data list. Text is only ever set as text.
 */
"use strict";

(() => {
  const MOST = 60;
  const LENGTH = 190; // of what is shown of a text
  const FEW = 5; // with fewer places that meet all of a question, those that miss a part follow
  // what a question is made of and what it is not about
  const SMALL = new Set(
    ("a about an and any are as at be by can could do does for from get help helps how i if in is it its me my "
      + "of on or really should so that the there these this to was what when where which who why will with you "
      + "your").split(" "),
  );

  /* Lower case, no accents, "28 %" and "28 percent" as "28%", one kind of hyphen. */
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "")
    .replace(/(\d)(?:\s*%|\s+per\s?cent\b)/g, "$1%").replace(/[\u2010-\u2015\u2212]/g, "-");
  const wordsOf = (text) => plain(text).match(/\d+(?:\.\d+)?%?|[\p{L}\p{N}]+/gu) ?? [];

  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  /* A word is met by longer ones that begin with it; a number only by itself. */
  const pattern = (word) => new RegExp(`(?<![\\p{L}\\p{N}.])${escaped(word)}${/^\d/.test(word) ? "(?![\\d.]*\\d)" : ""}`, "u");
  const stem = (word) => (/^\p{L}{4,}s$/u.test(word) ? word.slice(0, -1) : word);
  const phrase = (text) => wordsOf(text).map((word) => pattern(stem(word)));

  /* The parts of a question, each with the words that meet it. */
  function partsOf(query, asked) {
    let left = ` ${wordsOf(query).join(" ")} `;
    const parts = [];
    asked.forEach(([words, means]) => {
      const said = ` ${wordsOf(words).join(" ")} `;
      if (!left.includes(said)) return;
      left = left.replace(said, " ");
      parts.push([words, ...means].map(phrase));
    });
    const rest = left.split(" ").filter(Boolean);
    const kept = rest.filter((word) => !SMALL.has(word));
    (kept.length || parts.length ? kept : rest).forEach((word) => parts.push([[pattern(stem(word))]]));
    return parts;
  }

  /* How well a text meets a part: the asked words count more than others that mean the same. */
  function met(part, text) {
    const place = part.findIndex((words) => words.every((word) => word.test(text)));
    return place < 0 ? 0 : place === 0 ? 1 : 0.7;
  }

  function search(query, { entries, asked }) {
    const parts = partsOf(query, asked);
    if (!parts.length) return [];
    const found = entries.map((entry, place) => {
      const scores = parts.map((part) => Math.max(3 * met(part, entry.title), met(part, entry.all)));
      const hits = scores.filter(Boolean).length;
      return { entry, place, hits, score: scores.reduce((a, b) => a + b, 0) + (entry.first ?? 0) };
    });
    const most = Math.max(...found.map(({ hits }) => hits));
    const least = found.filter(({ hits }) => hits === most).length < FEW ? most - 1 : most;
    return found
      .filter(({ hits }) => hits > 0 && hits >= least)
      .sort((a, b) => b.hits - a.hits || b.score - a.score || a.place - b.place)
      .map(({ entry }) => entry);
  }

  function make(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function shown({ href, kind, name, text }) {
    const item = make("li");
    const link = make("a", "", name);
    link.href = href;
    const about = make("span", "find-kind", kind);
    const cut = text.length > LENGTH ? `${text.slice(0, text.lastIndexOf(" ", LENGTH))} \u2026` : text;
    item.append(about, link, make("p", "small", cut));
    return item;
  }

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form.find");
    const within = document.querySelector("#find-index"); // of a report in one file, read when it is needed
    if (!form || !(window.metaFind || within)) return;
    let index = null;
    const read = () => {
      const { asked, entries } = window.metaFind ?? JSON.parse(within.textContent);
      return {
        asked,
        entries: entries.map(([href, kind, name, text, more, first]) => ({
          href, kind, name, text, first, title: plain(`${kind} ${name}`), all: plain(`${name} ${text} ${more ?? ""}`),
        })),
      };
    };
    const input = form.querySelector("input");
    const count = document.querySelector(".find-count");
    const list = document.querySelector(".find-results");
    const update = () => {
      index ??= input.value.trim() ? read() : null;
      const found = index ? search(input.value, index) : [];
      list.replaceChildren(...found.slice(0, MOST).map(shown));
      const more = found.length > MOST ? `, the first ${MOST} shown` : "";
      count.textContent = !input.value.trim() ? ""
        : found.length ? `${found.length} ${found.length === 1 ? "place" : "places"}${more}`
          : "Nothing found. Try another word, or look through all claims or all studies.";
    };
    input.value = new URLSearchParams(location.search).get("q") ?? "";
    input.addEventListener("input", update);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      update();
    });
    update();
    if (!input.value && !within) input.focus();
  });
})();
