/*
 * Pools effects in the page, with the numbers of `meta.pool` (tests/browser/test_what_if.py holds
 * the two against each other). No library and no request: only arithmetic.
 */
"use strict";

const metaPool = (() => {
  const Z = 1.959963984540054; // 97.5 % point of the normal distribution; the level is 95 % here

  const sum = (values) => values.reduce((total, value) => total + value, 0);

  /* Weighted mean at a given tau2, with what the estimators need of it. */
  function at(yi, vi, tau2) {
    const w = vi.map((v) => 1 / (v + tau2));
    const total = sum(w);
    const mean = sum(w.map((wi, i) => wi * yi[i])) / total;
    const q = sum(w.map((wi, i) => wi * (yi[i] - mean) ** 2));
    return { w, total, mean, q };
  }

  function derSimonianLaird(yi, vi) {
    const { w, total, q } = at(yi, vi, 0);
    const c = total - sum(w.map((wi) => wi * wi)) / total;
    return Math.max(0, (q - (yi.length - 1)) / c);
  }

  /* The root of a falling function on [0, infinity), 0 where it starts below 0. */
  function fallingRoot(f, scale) {
    if (f(0) <= 0) return 0;
    let low = 0;
    let high = scale;
    while (f(high) > 0) high *= 2;
    for (let i = 0; i < 200; i += 1) {
      const middle = (low + high) / 2;
      if (middle === low || middle === high) break;
      if (f(middle) > 0) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  function pauleMandel(yi, vi) {
    return fallingRoot((t) => at(yi, vi, t).q - (yi.length - 1), sum(vi) / vi.length);
  }

  function restrictedLikelihood(yi, vi, tau2) {
    const { w, total, q } = at(yi, vi, tau2);
    return 0.5 * (sum(w.map(Math.log)) - Math.log(total) - q);
  }

  function restrictedScore(yi, vi, tau2) {
    const { w, total, mean } = at(yi, vi, tau2);
    const squares = sum(w.map((wi) => wi * wi));
    return sum(w.map((wi, i) => (wi * (yi[i] - mean)) ** 2)) - (total - squares / total);
  }

  /* The likelihood may have more than one maximum: scan for the highest, then follow the score. */
  function restricted(yi, vi) {
    const scale = derSimonianLaird(yi, vi) + sum(vi) / vi.length;
    const grid = Array.from({ length: 400 }, (_, i) => (scale * (i / 400)) / (1 - i / 400));
    const heights = grid.map((t) => restrictedLikelihood(yi, vi, t));
    const best = heights.indexOf(Math.max(...heights));
    if (best === 0 && restrictedScore(yi, vi, 0) <= 0) return 0;
    let low = grid[Math.max(0, best - 1)];
    let high = grid[Math.min(grid.length - 1, best + 1)];
    for (let i = 0; i < 200; i += 1) {
      const middle = (low + high) / 2;
      if (restrictedScore(yi, vi, middle) > 0) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  /* log Gamma by Lanczos' series (g = 7, nine terms), good to 15 digits for positive arguments. */
  function logGamma(x) {
    const c = [
      0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
      -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
      1.5056327351493116e-7,
    ];
    const y = x - 1;
    const series = c.slice(1).reduce((total, value, i) => total + value / (y + i + 1), c[0]);
    const t = y + 7.5;
    return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(series);
  }

  /* Regularised incomplete beta function by its continued fraction (Lentz's method). */
  function incompleteBeta(x, a, b) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
    const front = Math.exp(
      logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x),
    );
    const tiny = 1e-300;
    const guard = (value) => (Math.abs(value) < tiny ? tiny : value);
    let c = 1;
    let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
    let fraction = d;
    for (let m = 1; m < 500; m += 1) {
      const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
      d = 1 / guard(1 + even * d);
      c = guard(1 + even / c);
      fraction *= d * c;
      const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 / guard(1 + odd * d);
      c = guard(1 + odd / c);
      fraction *= d * c;
      if (Math.abs(d * c - 1) < 1e-15) break;
    }
    return (front * fraction) / a;
  }

  /* 97.5 % point of the t distribution. */
  function tQuantile(df) {
    const tail = (t) => 0.5 * incompleteBeta(df / (df + t * t), df / 2, 0.5);
    return fallingRoot((t) => tail(t) - 0.025, 2);
  }

  const ESTIMATORS = { REML: restricted, DL: derSimonianLaird, PM: pauleMandel };

  /**
   * Pool effects with random effects.
   *
   * yi, vi: effects and sampling variances; tau2Method: "REML", "DL" or "PM";
   * ciMethod: "HK", "HK-adhoc" or "wald". Returns estimate, se, ciLow, ciHigh, tau2, i2, Cochran's
   * q, piLow, piHigh (t with k - 1 degrees of freedom), the weights in percent, and spread: weighted
   * spread of the effects over what the model expects (Knapp and Hartung's factor).
   */
  function pool(yi, vi, tau2Method, ciMethod) {
    const k = yi.length;
    if (k === 0) return null;
    if (k === 1) {
      const se = Math.sqrt(vi[0]);
      const [ciLow, ciHigh] = [yi[0] - Z * se, yi[0] + Z * se];
      return { k, estimate: yi[0], se, ciLow, ciHigh, tau2: NaN, i2: NaN, q: NaN, spread: NaN, piLow: NaN, piHigh: NaN, weights: [100] };
    }
    const tau2 = ESTIMATORS[tau2Method](yi, vi);
    const { w, total, mean, q } = at(yi, vi, tau2);
    const spread = q / (k - 1);
    const factor = { wald: 1, HK: spread, "HK-adhoc": Math.max(1, spread) }[ciMethod];
    const se = Math.sqrt(factor / total);
    const t = tQuantile(k - 1);
    const half = (ciMethod === "wald" ? Z : t) * se;
    const predicted = t * Math.sqrt(tau2 + se * se);
    const w0 = vi.map((v) => 1 / v);
    const typical = (k - 1) / (sum(w0) - sum(w0.map((x) => x * x)) / sum(w0));
    return {
      k,
      estimate: mean,
      se,
      ciLow: mean - half,
      ciHigh: mean + half,
      tau2,
      i2: (100 * tau2) / (tau2 + typical),
      q: at(yi, vi, 0).q,
      spread,
      piLow: mean - predicted,
      piHigh: mean + predicted,
      weights: w.map((wi) => (100 * wi) / total),
    };
  }

  return { pool, tQuantile };
})();
