/* On paper a page says first where it stands and when it was printed. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const canonical = document.querySelector("link[rel=canonical]");
  const line = document.createElement("p");
  line.className = "on-paper";
  const day = new Date().toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  line.textContent = `${canonical ? canonical.href : location.href}, printed on ${day}`;
  (document.querySelector("article, main") ?? document.body).prepend(line);
});
