// What the figures of networks that learn from series share: their examples, panels whose scale is a
// logarithm, and numbers of any size.
"use strict";

(() => {
  const { number, power } = lecturesView;

  // A number with two digits: 0.37, 1.2 · 10⁻⁵.
  const short = (x) => {
    if (!Number.isFinite(x)) return String(x);
    const [digits, exponent] = x.toExponential(1).split("e").map(Number);
    return exponent > -3 && exponent < 3 ? number(x, Math.max(0, 1 - exponent))
      : `${number(digits, 1)} · ${power(exponent)}`;
  };

  // Inputs of one feature and one label each, as the trainer takes them; series end after `steps`.
  const examples = (values, { labels }, steps = Infinity) => {
    const all = values.length / labels.length;
    return { inputs: Float32Array.from(values.filter((_, k) => k % all < steps)),
      width: Math.min(all, steps), labels: Float32Array.from(labels, Number), answers: 1 };
  };

  // A panel from the lowest tick up to `high`, both powers of ten; `lines` are pairs of a name and a
  // style, and `both` is what the frame gives.
  const logPanel = (title, ticks, high, lines, both) => {
    const scale = (x) => Math.max(Math.log10(x), ticks[0]);
    const curves = lines.flatMap(([name, style], k) => both(name, high, style, scale).slice(k > 0 ? 1 : 0));
    return { title, height: 90, low: ticks[0], high, ticks, say: power, curves };
  };

  Object.assign(lecturesView, { short, examples, logPanel });
})();
