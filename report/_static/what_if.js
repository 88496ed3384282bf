/*
 * Lets a reader take trials out, change the method and vary an assumption, and see the answer move.
 *
 * The page carries the data: a script element of type application/json inside each element of class
 * "what-if", written by meta.report.what_if. Effects under every offered assumption come from `meta`
 * itself; only the pooling is done here (pool.js). All text is set as text, never as markup.
 */
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 760;
  const LABELS = 250; // room for the trial names
  const NUMBERS = 190; // room for the effects as text
  const ROW = 24;

  const minus = (text) => text.replace(/-/g, "\u2212");

  function element(name, attributes = {}, text = null) {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== null) made.textContent = text;
    return made;
  }

  function shape(name, attributes, text = null) {
    const made = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== null) made.textContent = text;
    return made;
  }

  class WhatIf {
    constructor(root, number) {
      this.root = root;
      this.data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
      this.id = `what-if-${number}`;
      this.read = this.data.log ? Math.exp : (value) => value;
      this.addControls();
      this.figure = element("div", { class: "what-if-figure" });
      this.answer = element("p", { class: "what-if-answer", role: "status" });
      this.root.append(this.answer, this.figure);
      this.update();
    }

    addControls() {
      const form = element("form", { class: "what-if-controls" });
      form.addEventListener("submit", (event) => event.preventDefault());
      const trials = element("fieldset");
      trials.append(element("legend", {}, "Trials in the analysis"));
      this.boxes = this.data.trials.map((trial, i) => {
        const label = element("label");
        const box = element("input", { type: "checkbox", id: `${this.id}-trial-${i}` });
        box.checked = trial.included;
        label.append(box, document.createTextNode(` ${trial.label}`));
        if (trial.remark) label.append(element("small", {}, ` (${trial.remark})`));
        trials.append(label);
        return box;
      });
      form.append(trials);
      const method = element("fieldset");
      method.append(element("legend", {}, "Method"));
      this.tau2Method = this.addChoice(method, "tau2-method", "Between-trial variance", [
        ["REML", "REML"],
        ["DL", "DerSimonian-Laird"],
        ["PM", "Paule-Mandel"],
      ]);
      this.ciMethod = this.addChoice(method, "ci-method", "Interval", [
        ["HK", "Knapp-Hartung"],
        ["HK-adhoc", "ad hoc (conservative)"],
        ["wald", "normal (Wald)"],
      ]);
      form.append(method);
      this.sliders = this.data.assumptions.map((assumption, i) => {
        const set = element("fieldset");
        set.append(element("legend", {}, "Assumption"));
        const id = `${this.id}-assumption-${i}`;
        const label = element("label", { for: id }, `${assumption.label}: `);
        const output = element("output", { for: id });
        const slider = element("input", {
          type: "range",
          id,
          min: 0,
          max: assumption.values.length - 1,
          step: 1,
          value: assumption.chosen,
        });
        label.append(output);
        set.append(label, slider);
        form.append(set);
        return { slider, output, assumption };
      });
      form.addEventListener("input", () => this.update());
      this.root.append(form);
    }

    addChoice(parent, name, text, options) {
      const id = `${this.id}-${name}`;
      const label = element("label", { for: id }, `${text} `);
      const select = element("select", { id });
      options.forEach(([value, shown]) => select.append(element("option", { value }, shown)));
      label.append(select);
      parent.append(label);
      return select;
    }

    /* The effect of a trial under the assumptions that are set now. */
    effect(trial) {
      const key = this.sliders.map(({ slider }) => slider.value).join(",");
      return trial.effects[key] ?? trial.effects[""];
    }

    update() {
      this.sliders.forEach(({ slider, output, assumption }) => {
        output.textContent = assumption.values[Number(slider.value)];
        slider.setAttribute("aria-valuetext", output.textContent);
      });
      const chosen = this.data.trials.filter((_, i) => this.boxes[i].checked);
      const effects = chosen.map((trial) => this.effect(trial));
      const yi = effects.map((e) => e[0]);
      const vi = effects.map((e) => e[1]);
      this.result = metaPool.pool(yi, vi, this.tau2Method.value, this.ciMethod.value);
      this.answer.textContent = this.sentence();
      this.draw(chosen, yi, vi);
    }

    text(value) {
      return minus(this.read(value).toFixed(2));
    }

    interval(low, high) {
      return `${this.text(low)} to ${this.text(high)}`;
    }

    sentence() {
      const fit = this.result;
      if (fit === null) return "No trial is chosen: there is nothing to show.";
      const effect = `${this.data.label} ${this.text(fit.estimate)} (95 % interval ${this.interval(fit.ciLow, fit.ciHigh)})`;
      if (fit.k === 1) return `${effect}: one trial, not a meta-analysis.`;
      const warning = fit.k === 2 ? " Two trials: read them, not the diamond." : "";
      return `${effect}, ${fit.k} trials; 95 % prediction interval ${this.interval(fit.piLow, fit.piHigh)}; between-trial variance ${fit.tau2.toFixed(3)}, I\u00b2 ${fit.i2.toFixed(0)} %.${warning}`;
    }

    draw(chosen, yi, vi) {
      const fit = this.result;
      this.figure.replaceChildren();
      if (fit === null) return;
      const ends = yi.flatMap((y, i) => [y - 1.96 * Math.sqrt(vi[i]), y + 1.96 * Math.sqrt(vi[i])]);
      const low = Math.min(0, ...ends, fit.ciLow > -20 ? fit.estimate : 0);
      const high = Math.max(0, ...ends);
      const margin = 0.06 * (high - low);
      const [left, right] = [LABELS, WIDTH - NUMBERS];
      const x = (value) => {
        const share = (value - low + margin) / (high - low + 2 * margin);
        return left + Math.min(1, Math.max(0, share)) * (right - left);
      };
      const height = (chosen.length + 3) * ROW;
      const svg = shape("svg", {
        viewBox: `0 0 ${WIDTH} ${height}`,
        role: "img",
        "aria-label": `Forest plot. ${this.sentence()}`,
      });
      svg.append(shape("line", { x1: x(0), x2: x(0), y1: 4, y2: height - ROW, class: "what-if-null" }));
      chosen.forEach((trial, i) => {
        const y = (i + 0.8) * ROW;
        const half = 1.96 * Math.sqrt(vi[i]);
        const size = 5 + 9 * Math.sqrt(fit.weights[i] / 100);
        svg.append(
          shape("text", { x: 0, y: y + 4 }, trial.label),
          shape("line", { x1: x(yi[i] - half), x2: x(yi[i] + half), y1: y, y2: y, class: "what-if-ci" }),
          shape("rect", {
            x: x(yi[i]) - size / 2,
            y: y - size / 2,
            width: size,
            height: size,
            class: trial.assumed ? "what-if-point what-if-assumed" : "what-if-point",
          }),
          shape("text", { x: right + 12, y: y + 4 }, `${this.text(yi[i])} (${this.interval(yi[i] - half, yi[i] + half)})`),
        );
      });
      const y = (chosen.length + 0.9) * ROW;
      const points = [
        [x(fit.ciLow), y],
        [x(fit.estimate), y - 7],
        [x(fit.ciHigh), y],
        [x(fit.estimate), y + 7],
      ];
      svg.append(
        shape("text", { x: 0, y: y + 4, class: "what-if-pooled" }, fit.k === 1 ? "One trial" : "Random effects"),
        shape("polygon", { points: points.map((p) => p.join(",")).join(" "), class: "what-if-diamond" }),
        shape("text", { x: right + 12, y: y + 4, class: "what-if-pooled" }, `${this.text(fit.estimate)} (${this.interval(fit.ciLow, fit.ciHigh)})`),
      );
      if (fit.k > 1) {
        svg.append(
          shape("text", { x: 0, y: y + ROW }, "Prediction interval"),
          shape("line", { x1: x(fit.piLow), x2: x(fit.piHigh), y1: y + ROW - 4, y2: y + ROW - 4, class: "what-if-pi" }),
        );
      }
      this.figure.append(svg);
    }
  }

  window.metaWhatIf = [];
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".what-if").forEach((root, number) => {
      window.metaWhatIf.push(new WhatIf(root, number));
    });
  });
})();
