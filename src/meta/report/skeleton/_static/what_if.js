/*
 * Lets a reader take trials out, change the method and vary an assumption, and see the answer move.
 *
 * The page carries the data: a script element of type application/json inside each element of class
 * "what-if", written by meta.report.what_if. Effects under every offered assumption come from `meta`
 * itself; only the pooling is done here (pool.js). The forest plot is a table: names, weights and
 * effects are its text, and one column of small drawings shares an axis, placed in percent of its
 * width. So it fits any screen, and is read aloud as a table. All text is set as text, never as
 * markup.
 */
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const Z = 1.959963984540054;
  const MIDDLE = 11; // of a drawing 22 pixels high
  const TAU2_METHODS = [
    ["REML", "REML"],
    ["DL", "DerSimonian-Laird"],
    ["PM", "Paule-Mandel"],
  ];
  const CI_METHODS = [
    ["HK", "Knapp-Hartung"],
    ["HK-adhoc", "ad hoc (conservative)"],
    ["wald", "normal (Wald)"],
  ];

  const named = (options, value) => options.find((option) => option[0] === value)[1];
  const trials = (count) => (count === 1 ? "1 trial" : `${count} trials`);

  function make(name, attributes = {}, text = null) {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== null) made.textContent = text;
    return made;
  }

  function shape(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  }

  /* A number with a true minus sign, as meta writes it. */
  function number(value, digits) {
    if (Number.isNaN(value)) return "not available";
    if (!Number.isFinite(value)) return value > 0 ? "\u221e" : "\u2212\u221e";
    if (Math.abs(value) > 1e9) return value > 0 ? "over a billion" : "below minus a billion";
    const long = Math.abs(value) >= 1e5;
    const text = long ? Math.round(value).toLocaleString("en") : value.toFixed(digits);
    return (Number(text) === 0 ? text.replace("-", "") : text).replace(/-/g, "\u2212");
  }

  /* A variance: three decimals, more where it is small, fewer where it is large. */
  function variance(value) {
    if (value === 0 || (value >= 0.001 && value < 100)) return value.toFixed(3);
    return value < 0.001 ? value.toPrecision(2) : Math.round(value).toLocaleString("en");
  }

  /* Group what is said by its words: "counts from percentages (Ann 2001, Ben 2002)". */
  function together(pairs) {
    const who = new Map();
    pairs.forEach(([label, said]) => who.set(said, [...(who.get(said) ?? []), label]));
    return [...who].map(([said, labels]) => `${said} (${labels.join(", ")})`).join("; ");
  }

  class WhatIf {
    constructor(root, place) {
      this.data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
      this.id = `what-if-${place}`;
      this.unit = this.data.unit && ` ${this.data.unit}`;
      this.form = make("form", { autocomplete: "off" });
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.addControls();
      this.plain = make("p", { class: "what-if-plain" });
      this.answer = make("p", { class: "what-if-answer", role: "status" });
      this.before = make("p", { class: "what-if-before" });
      this.notes = make("ul", { class: "what-if-notes" });
      this.form.append(this.plain, this.answer, this.before, this.table(), this.notes);
      if (this.data.without.length) this.form.append(this.without());
      this.start = this.state();
      this.before.textContent = `As analysed: ${this.inShort(this.start)}.`;
      this.form.addEventListener("input", (event) => {
        if (this.boxes.includes(event.target)) this.press([]);
        this.update();
      });
      root.querySelector("p").replaceWith(this.form);
      this.place = place;
      this.first = this.chosen();
      if (this.restore(location.hash)) root.scrollIntoView();
      this.update();
    }

    /* What is chosen, as a part of an address: methods, sliders, and a 1 for each trial that is in. */
    chosen() {
      const sliders = this.sliders.map(({ slider }) => slider.value).join(".");
      const bits = this.boxes.map((box) => (box.checked ? 1 : 0)).join("");
      return `#try-${this.place}:${this.tau2Method.value},${this.ciMethod.value},${sliders},${bits}`;
    }

    /* Choose what an address says; one that does not fit this plot changes nothing. */
    restore(hash) {
      const found = decodeURIComponent(hash).match(/^#try-(\d+):([\w-]+),([\w-]+),([\d.]*),([01]+)$/);
      if (!found || Number(found[1]) !== this.place || found[5].length !== this.boxes.length) return false;
      const sliders = found[4] ? found[4].split(".") : [];
      if (sliders.length !== this.sliders.length) return false;
      const known = (options, value) => options.some(([name]) => name === value);
      if (!known(TAU2_METHODS, found[2]) || !known(CI_METHODS, found[3])) return false;
      [this.tau2Method.value, this.ciMethod.value] = [found[2], found[3]];
      this.sliders.forEach(({ slider }, i) => { slider.value = sliders[i]; });
      this.boxes.forEach((box, i) => { box.checked = found[5][i] === "1"; });
      return true;
    }

    /* Keep the choice in the address of the page, so that it can be passed on. */
    remember() {
      const chosen = this.chosen();
      if (chosen !== this.first) history.replaceState(null, "", chosen);
      else if (location.hash.startsWith(`#try-${this.place}:`)) history.replaceState(null, "", location.pathname);
    }

    addControls() {
      const controls = make("div", { class: "what-if-controls" });
      controls.append(
        make("p", {}, "Take trials out, change the method or an assumption, and see what the answer does. Nothing leaves this page. Its address keeps your choice, so you can pass it on."),
      );
      const method = make("div", { role: "group", "aria-label": "Method" });
      this.tau2Method = this.addSelect(method, "tau2", "Between-trial variance", TAU2_METHODS);
      this.ciMethod = this.addSelect(method, "ci", "Interval", CI_METHODS);
      controls.append(method);
      const sliders = make("div", { role: "group", "aria-label": "Assumptions" });
      this.sliders = this.data.assumptions.map((assumption, i) => {
        const id = `${this.id}-assumption-${i}`;
        const slider = make("input", {
          type: "range", id, min: 0, max: assumption.values.length - 1, step: 1, value: assumption.start,
          "aria-describedby": `${id}-moves`,
        });
        const output = make("span"); // the slider itself says its value
        const label = make("label", { for: id }, `${assumption.label}: `);
        label.append(output);
        const moved = assumption.moves.length ? `changes ${assumption.moves.join(", ")}` : "no trial here rests on it";
        const group = make("div");
        group.append(label, slider, make("small", { id: `${id}-moves` }, moved));
        sliders.append(group);
        return { slider, output, assumption };
      });
      if (this.sliders.length) controls.append(sliders);
      const choices = make("div", { role: "group", "aria-label": "Choose trials" });
      choices.append(this.button("All trials", () => {
        this.press([]);
        this.boxes.forEach((box) => { box.checked = true; });
      }));
      // these can be combined: a trial stays in that belongs to each
      this.toggles = this.data.subsets.map((subset) => {
        const toggle = this.button(subset.label, () => {
          const pressed = this.toggles.filter((one) => (one.getAttribute("aria-pressed") === "true") !== (one === toggle));
          this.press(pressed);
          this.boxes.forEach((box, i) => {
            box.checked = this.data.subsets.every(({ trials: own }, j) => !pressed.includes(this.toggles[j]) || own.includes(i));
          });
        });
        return toggle;
      });
      this.press([]);
      choices.append(...this.toggles);
      choices.append(this.button("Reset", () => {
        this.press([]);
        this.form.reset();
      }));
      controls.append(choices);
      this.form.append(controls);
    }

    press(toggles) {
      this.toggles.forEach((one) => one.setAttribute("aria-pressed", String(toggles.includes(one))));
    }

    button(text, change) {
      const button = make("button", { type: "button" }, text);
      button.addEventListener("click", () => {
        change();
        this.update();
      });
      return button;
    }

    addSelect(parent, name, text, options) {
      const id = `${this.id}-${name}`;
      const select = make("select", { id });
      options.forEach(([value, shown]) => select.append(make("option", { value }, shown)));
      const label = make("label", { for: id }, `${text} `);
      label.append(select);
      parent.append(label);
      return select;
    }

    /* One row: a name, the drawing, the weight and the effect; roles, because a narrow screen lays
     * the cells out as blocks. */
    row(parent, name, attributes = {}) {
      const row = make("tr", { role: "row", ...attributes });
      const header = make("th", { role: "rowheader", scope: "row" });
      header.append(name);
      const drawing = make("td", { role: "cell", class: "what-if-drawing" });
      const weight = make("td", { role: "cell", class: "what-if-weight" });
      const effect = make("td", { role: "cell", class: "what-if-effect" });
      row.append(header, drawing, weight, effect);
      parent.append(row);
      return { row, header, drawing, weight, effect };
    }

    table() {
      const table = make("table", { role: "table", class: "what-if-table", "aria-label": `Forest plot, ${this.data.title}` });
      const head = make("thead", { role: "rowgroup" });
      const headings = make("tr", { role: "row" });
      ["Trial", "", "Weight", `${this.data.measure}${this.data.unit && `, ${this.data.unit}`} (95 % interval)`].forEach((text) => {
        const heading = make("th", { role: "columnheader", scope: "col" }, text);
        if (!text) heading.append(make("span", { class: "hidden" }, "Drawn"));
        headings.append(heading);
      });
      head.append(headings);
      const body = make("tbody", { role: "rowgroup" });
      this.rows = this.data.trials.map((trial, i) => {
        const label = make("label");
        const box = make("input", { type: "checkbox", id: `${this.id}-trial-${i}` });
        box.defaultChecked = trial.included;
        const mark = make("span");
        label.append(box, make("span", {}, `${trial.label}\u00a0`), mark);
        return { ...this.row(body, label), box, mark };
      });
      this.boxes = this.rows.map((row) => row.box);
      const foot = make("tfoot", { role: "rowgroup" });
      this.pooled = this.row(foot, "", { class: "what-if-pooled" });
      this.prediction = this.row(foot, "95 % prediction interval");
      this.analysed = this.row(foot, "As analysed", { class: "what-if-muted" });
      const axis = this.row(foot, "", { class: "what-if-axis" });
      axis.row.setAttribute("aria-hidden", "true");
      axis.drawing.append(this.axis());
      table.append(head, body, foot);
      table.style.setProperty("--null", this.percent(this.data.null));
      return table;
    }

    axis() {
      const axis = make("div");
      const scale = make("div", { class: "what-if-scale" });
      this.data.ticks.forEach(([value, text]) => {
        const tick = make("span", {}, text);
        tick.style.left = this.percent(value);
        scale.append(tick);
      });
      axis.append(scale);
      if (this.data.favours) {
        const [left, right] = this.data.favours;
        const sides = make("div", { class: "what-if-favours" });
        sides.append(make("span", {}, `\u2190 ${left}`), make("span", {}, `${right} \u2192`));
        axis.append(sides);
      }
      axis.append(make("div", {}, this.data.title));
      return axis;
    }

    without() {
      const details = make("details");
      const list = make("ul");
      this.data.without.forEach(([label, reason]) => list.append(make("li", {}, `${label}: ${reason}`)));
      details.append(make("summary", {}, `Without an effect to pool: ${trials(this.data.without.length)}`), list);
      return details;
    }

    /* What is chosen now, and the answer to it. */
    state() {
      const key = this.sliders.map(({ slider }) => slider.value).join(",");
      const all = this.data.trials.map((trial, i) => ({ label: trial.label, ticked: this.boxes[i].checked, ...trial.effects[key] }));
      const missing = all.filter((trial) => trial.ticked && trial.missing);
      const pooled = all.filter((trial) => trial.ticked && !trial.missing);
      const methods = [this.tau2Method.value, this.ciMethod.value];
      const fit = metaPool.pool(pooled.map((t) => t.yi), pooled.map((t) => t.vi), ...methods);
      if (fit) pooled.forEach((trial, i) => { trial.weight = fit.weights[i]; });
      if (fit && fit.k === 1 && pooled[0].ci) {
        [fit.ciLow, fit.ciHigh] = pooled[0].ci;
        fit.printed = pooled[0].printed;
      }
      const assumed = this.sliders.map(({ slider, assumption }) => assumption.texts[slider.value]);
      return { all, missing, pooled, fit, methods, assumed };
    }

    update() {
      const now = this.state();
      this.result = now.fit;
      this.sliders.forEach(({ slider, output }, i) => {
        output.textContent = now.assumed[i];
        slider.setAttribute("aria-valuetext", now.assumed[i]);
      });
      this.plain.textContent = this.inWords(now.fit);
      this.answer.textContent = this.sentence(now);
      now.all.forEach((trial, i) => this.showTrial(this.rows[i], trial));
      this.showSummary(now);
      const notes = this.remarks(now).map(([text, loud]) => make("li", loud ? { class: "what-if-loud" } : {}, text));
      this.notes.replaceChildren(...notes);
      this.remember();
    }

    /* The answer in words: the side on which the whole interval lies, or that it is open. */
    inWords(fit) {
      if (fit === null) return "";
      const who = fit.k === 1 ? "This one trial" : `These ${fit.k} trials together`;
      const side = fit.ciHigh < this.data.null ? 0 : fit.ciLow > this.data.null ? 1 : -1;
      if (side < 0) return `${who} ${fit.k === 1 ? "leaves" : "leave"} open a benefit, no effect or harm.`;
      const [left, right] = this.data.favours ?? ["lie below no effect", "lie above no effect"];
      const said = side === 0 ? left : right;
      return `${who} ${fit.k === 1 ? said : said.replace(/^favours/, "favour")}.`;
    }

    text(value) {
      return number(this.data.log ? Math.exp(value) : value, this.data.digits);
    }

    interval(low, high) {
      return `${this.text(low)} to ${this.text(high)}`;
    }

    /* An effect and its limits; as printed, where one trial printed them. */
    texts(estimate, low, high, printed) {
      return printed ?? [estimate, low, high].map((value) => this.text(value));
    }

    effectText(...effect) {
      const [estimate, low, high] = this.texts(...effect);
      return `${estimate} (${low} to ${high})`;
    }

    inShort({ fit, methods, assumed }) {
      const method = fit.k > 1 ? [named(TAU2_METHODS, methods[0]), `${named(CI_METHODS, methods[1])} interval`] : [];
      const settings = this.data.assumptions.map((assumption, i) => `${assumption.label}: ${assumed[i]}`);
      const effect = this.effectText(fit.estimate, fit.ciLow, fit.ciHigh, fit.printed);
      return [`${this.data.measure} ${effect}${this.unit}`, trials(fit.k), ...method, ...settings].join(", ");
    }

    sentence({ fit, missing }) {
      const gone = missing.map((t) => ` ${t.label} has no effect under this assumption; the reason is below.`).join("");
      if (fit === null) return `No trial is left: there is nothing to pool.${gone}`;
      const [estimate, low, high] = this.texts(fit.estimate, fit.ciLow, fit.ciHigh, fit.printed);
      const effect = `${this.data.measure} ${estimate}${this.unit} (95 % interval ${low} to ${high})`;
      if (fit.k === 1) return `${effect}: one trial, not a meta-analysis.${gone}`;
      const loud = fit.k === 2 ? " Two trials: read them, not the pooled effect." : "";
      return `${effect}, ${fit.k} trials; 95 % prediction interval ${this.interval(fit.piLow, fit.piHigh)}.${loud}${gone}`;
    }

    /* Notes under the plot; a true second element makes one loud. */
    remarks({ fit, pooled, missing }) {
      const said = [];
      if (fit && fit.k > 1) {
        said.push([`Heterogeneity: Q = ${number(fit.q, 2)} with ${fit.k - 1} df, \u03c4\u00b2 = ${variance(fit.tau2)}, I\u00b2 = ${fit.i2.toFixed(0)} %.`]);
        said.push(...this.cautions(fit, pooled));
      }
      if (fit && fit.k === 1) said.push(["One trial, not a meta-analysis: how far trials differ cannot be seen.", true]);
      const of = (name) => pooled.flatMap((t) => [t[name] ?? []].flat().map((text) => [t.label, text]));
      const groups = [
        ["No effect under this assumption", missing.map((t) => [t.label, t.missing])],
        ["Hollow squares rest on an assumption", of("assumed")],
        ["\u2020 Doubt about integrity", of("doubts")],
        ["* Remarks", of("remarks")],
      ];
      groups.filter((group) => group[1].length).forEach(([name, pairs]) => said.push([`${name}: ${together(pairs)}.`]));
      return said;
    }

    cautions(fit, pooled) {
      const said = [];
      if (fit.k === 2) said.push(["Two trials: between-trial variance and interval rest on one difference; read the two trials, not the pooled effect.", true]);
      const method = this.ciMethod.value;
      if (method === "wald" && fit.k < 10) said.push([`The normal (Wald) interval is too narrow with ${fit.k} trials.`]);
      if (method === "HK" && fit.spread < 1 - 1e-6) {
        const half = (fit.estimate - fit.ciLow) / Math.sqrt(fit.spread);
        const wider = fit.spread > 0 ? `: ${this.interval(fit.estimate - half, fit.estimate + half)}` : "";
        said.push([`The effects agree better than the model expects (factor ${number(fit.spread, 2)}), so that the ad hoc (conservative) interval is wider${wider}.`]);
      }
      if (fit.tau2 === 0) said.push(["A between-trial variance of 0 does not show that the true effects are equal."]);
      const top = pooled.reduce((a, b) => (b.weight > a.weight ? b : a));
      if (fit.k > 2 && top.weight > 200 / 3) {
        said.push([`${top.label} carries ${top.weight.toFixed(0)} % of the weight: the answer is mostly that trial's.`]);
      }
      return said;
    }

    showTrial(row, trial) {
      row.mark.textContent = trial.doubts ? "\u2020" : trial.remarks ? "*" : "";
      row.row.className = trial.ticked && !trial.missing ? "" : "what-if-muted";
      row.weight.textContent = trial.weight === undefined ? "\u2013" : `${number(trial.weight, 1)} %`;
      row.drawing.replaceChildren();
      if (trial.missing) {
        row.effect.textContent = "no effect under this assumption";
        return;
      }
      const half = Z * Math.sqrt(trial.vi);
      const [low, high] = trial.ci ?? [trial.yi - half, trial.yi + half];
      row.effect.textContent = this.effectText(trial.yi, low, high, trial.printed);
      const parts = this.bar(low, high, "what-if-ci");
      if (this.inside(trial.yi)) {
        const size = 4 + 12 * Math.sqrt((trial.weight ?? 0) / 100);
        parts.push(shape("rect", {
          x: this.percent(trial.yi), y: MIDDLE - size / 2, width: size, height: size,
          transform: `translate(${-size / 2} 0)`,
          class: trial.assumed ? "what-if-point what-if-assumed" : "what-if-point",
        }));
      }
      row.drawing.append(this.drawing(parts));
    }

    showSummary({ fit, methods, ...now }) {
      const several = fit !== null && fit.k > 1;
      this.show(this.pooled, fit, several ? `Random effects, ${trials(fit.k)}` : "One trial, not pooled", true);
      this.pooled.weight.textContent = several ? "100 %" : "";
      this.prediction.row.hidden = !several;
      if (several) {
        this.prediction.effect.textContent = `(${this.interval(fit.piLow, fit.piHigh)})`;
        this.prediction.drawing.replaceChildren(this.drawing(this.bar(fit.piLow, fit.piHigh, fit.k > 2 ? "what-if-pi" : "what-if-ci")));
      }
      const first = this.start.fit;
      const moved = fit === null || ["k", "estimate", "ciLow", "ciHigh"].some((name) => fit[name] !== first[name]);
      this.show(this.analysed, moved ? first : null, `As analysed, ${trials(first.k)}`, false);
    }

    /* A diamond with its row; what one trial says, or two cannot tell, is a plain interval. */
    show(row, fit, name, filled) {
      row.row.hidden = fit === null;
      if (fit === null) return;
      row.header.textContent = name;
      row.effect.textContent = this.effectText(fit.estimate, fit.ciLow, fit.ciHigh, fit.printed);
      const kind = filled ? "what-if-diamond" : "what-if-diamond what-if-ghost";
      const parts = fit.k < 3 ? this.bar(fit.ciLow, fit.ciHigh, "what-if-ci") : this.diamond(fit, kind);
      row.drawing.replaceChildren(this.drawing(parts));
    }

    share(value) {
      const [left, right] = this.data.limits;
      return (100 * (value - left)) / (right - left);
    }

    inside(value) {
      return this.share(value) >= 0 && this.share(value) <= 100;
    }

    /* Where a value lies on the axis; what lies beyond it is put at its end. */
    percent(value) {
      return `${Math.min(100, Math.max(0, this.share(value)))}%`;
    }

    drawing(parts) {
      return shape("svg", { class: "what-if-strip", height: 2 * MIDDLE, "aria-hidden": "true" }, ...parts);
    }

    /* Arrowheads beyond the ends of the axis, where an interval leaves it. */
    arrows(low, high) {
      const head = (x, points) => shape("svg", { x, class: "what-if-arrow" }, shape("polygon", { points }));
      const heads = [];
      if (this.share(Math.min(low, high)) < 0) heads.push(head("0%", "0,5 -8,11 0,17"));
      if (this.share(Math.max(low, high)) > 100) heads.push(head("100%", "0,5 8,11 0,17"));
      return heads;
    }

    bar(low, high, kind) {
      const line = shape("line", { x1: this.percent(low), x2: this.percent(high), y1: MIDDLE, y2: MIDDLE, class: kind });
      return [line, ...this.arrows(low, high)];
    }

    /* The diamond is drawn in a box as wide as the axis, which cuts what lies beyond. */
    diamond(fit, kind) {
      // far outside, where the sides are flat, a limit need not be exact (or finite)
      const limit = (value) => Math.min(1e5, Math.max(-1e5, this.share(value)));
      const tip = this.share(fit.estimate);
      const points = `${limit(fit.ciLow)},50 ${tip},0 ${limit(fit.ciHigh)},50 ${tip},100`;
      const box = { y: MIDDLE - 7, width: "100%", height: 14, viewBox: "0 0 100 100", preserveAspectRatio: "none", class: "what-if-cut" };
      return [shape("svg", box, shape("polygon", { points, class: kind })), ...this.arrows(fit.ciLow, fit.ciHigh)];
    }
  }

  window.metaWhatIf = [];
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".what-if").forEach((root, place) => {
      window.metaWhatIf.push(new WhatIf(root, place));
    });
  });
})();
