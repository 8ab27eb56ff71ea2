// What the playgrounds compute, paint and read.
import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { Element, playground, same } from "./page.mjs";

const NETWORK =
  ["products", "layers", "images", "classes", "more_layers", "recurrent", "gated", "network"];
const { lecturesNetwork: network } = playground(...NETWORK);
const ones = (count) => Float32Array.from({ length: count }, () => 1);
const convolution = (height, width, channels, filters, padding = "same") => ({
  kind: "convolution", shape: [height, width, channels, filters], padding, bias: new Float32Array(filters),
  kernel: ones(height * width * channels * filters),
});
const dense = (inputs, units) =>
  ({ kind: "dense", shape: [inputs, units], kernel: ones(inputs * units), bias: new Float32Array(units) });
const NETWORKS = {
  "convolutions": [convolution(3, 3, 1, 2), { kind: "relu" }, convolution(2, 4, 2, 1)],
  "without padding": [convolution(3, 2, 1, 2, "valid"), convolution(2, 2, 2, 1, "valid")],
  "pooling": [convolution(3, 3, 1, 2), { kind: "pooling", size: 2 }, convolution(3, 3, 2, 1)],
  "pooling twice": [{ kind: "pooling", size: 2 }, convolution(3, 3, 1, 1), { kind: "pooling", size: 3 }],
  "all": [convolution(3, 3, 1, 2), { kind: "pooling", size: 2 }, { kind: "global pooling" }, dense(2, 3)],
  "dense": [dense(63, 4), { kind: "relu" }, dense(4, 2)],
};

for (const [name, layers] of Object.entries(NETWORKS)) {
  test(`the window of a unit is where light changes it: ${name}`, () => {
    const [rows, columns] = [9, 7];
    const run = (values) => network.forward(layers, network.volume(rows, columns, 1, values));
    const dark = run(new Float32Array(rows * columns));
    // For each pixel what a light there, and nowhere else, does to all layers.
    const lit = Array.from({ length: rows * columns }, (_, pixel) =>
      run(Float32Array.from({ length: rows * columns }, (__, k) => +(k === pixel))));
    layers.forEach((_, k) => {
      const v = dark[k + 1];
      v.values.forEach((value, unit) => {
        const place = { channel: unit % v.channels, column: Math.floor(unit / v.channels) % v.columns,
          row: Math.floor(unit / v.channels / v.columns) };
        const seen = [...lit.keys()].filter((pixel) => lit[pixel][k + 1].values[unit] !== value);
        const r = seen.map((pixel) => Math.floor(pixel / columns));
        const c = seen.map((pixel) => pixel % columns);
        same(network.windowOf(layers, dark, k, place), { top: Math.min(...r), bottom: Math.max(...r),
          left: Math.min(...c), right: Math.max(...c) });
      });
    });
  });
}

test("a unit is the sum, or the largest, of its terms", () => {
  const waves = (array, start) => array.map((_, k) => Math.sin(start + 2.7 * k ** 2));
  const layers = [convolution(3, 2, 2, 3), { kind: "pooling", size: 2 }, { kind: "global pooling" },
    dense(3, 2)];
  for (const layer of layers) {
    if (!layer.kernel) continue;
    Object.assign(layer, { kernel: waves(layer.kernel, 1), bias: waves(layer.bias, 2) });
  }
  const volumes = network.forward(layers, network.volume(5, 4, 2, waves(ones(40), 3)));
  layers.forEach((layer, k) => {
    const v = volumes[k + 1];
    v.values.forEach((value, unit) => {
      const channel = unit % v.channels;
      const pixel = Math.floor(unit / v.channels);
      const place = { row: Math.floor(pixel / v.columns), column: pixel % v.columns, channel };
      const found = network.terms(layers, volumes, k, place);
      for (const term of found) {
        const { row, column, inside = true } = term;
        const where = network.at(volumes[k], row, column, term.channel);
        equal(term.value, inside ? volumes[k].values[where] : 0);
      }
      const wanted = layer.kernel
        ? found.reduce((sum, term) => sum + term.value * term.weight, layer.bias[channel])
        : Math.max(...found.map((term) => term.value));
      ok(Math.abs(value - wanted) < 1e-5);
    });
  });
});

test("colours say the sign: blue below 0, orange above, nothing at 0", () => {
  const { lecturesView: view, lecturesGrid: grid } = playground("view", "grid");
  const canvas = new Element("canvas");
  grid.paintSigned(canvas, [-2, -1, 0, 1, 3, 1], 2, 3);
  const [blue, orange] = [[0, 114, 178], [213, 94, 0]];
  same([canvas.width, canvas.height], [3, 2]);
  same([...canvas.pixels], [[...blue, 255], [...blue, 128], [...orange, 0], [...orange, 128],
    [...orange, 255], [...orange, 128]].flat());
  grid.paintGrey(canvas, [0, 0.5, 1, -1, 2], 5);
  same([...canvas.pixels], [0, 128, 255, 0, 255].flatMap((level) => [level, level, level, 255]));
  equal(view.tint(-1, 2), "rgb(0 114 178 / 0.50)");
  equal(view.tint(0, 0), "rgb(213 94 0 / 0.00)"); // no scale, no colour
});

test("a legend has both colours only where values of both signs are", () => {
  const { lecturesGrid: { scaleBar } } = playground("view", "grid");
  const stops = (low) => scaleBar(low, 2).querySelector("span").style.backgroundImage.match(/rgb[^)]*\)/g);
  const [paper, orange] = ["rgb(213 94 0 / 0.00)", "rgb(213 94 0 / 1.00)"];
  same([stops(-2), stops(0)], [["rgb(0 114 178 / 1.00)", paper, orange], [paper, orange]]);
  equal(scaleBar(0, 2).textContent, " 0.0  2.0");
});

test("arrows move in a grid and stay in it", () => {
  const { lecturesGrid: { Grid } } = playground("view", "grid");
  const grid = new Grid({ label: "" });
  grid.size(6, 3); // the second row begins at 3
  const press = (...keys) => keys.map((key) => {
    grid.key({ key: key.replace("^", ""), ctrlKey: key.startsWith("^"), preventDefault() {} });
    return grid.current;
  });
  const arrows = ["Right", "Down", "Down", "Left", "Left", "Up", "Up"].map((way) => `Arrow${way}`);
  same(press(...arrows), [1, 4, 4, 3, 3, 0, 0]);
  same(press("End", "ArrowRight", "^End", "Home", "^Home"), [2, 2, 5, 3, 0]);
});

test("numbers have a real minus and no minus zero", () => {
  const { lecturesView: { number, counted, greyText } } = playground("view");
  same([number(-0.004), number(-1.5, 1), number(-1e-9, 0), counted(-1, "pixel"), counted(0, "pixel")],
    ["0.00", "−1.5", "0", "−1 pixel", "0 pixels"]);
  same(greyText("09ag"), [0, 9, 10, 16]);
});

test("a picture is moved before noise comes, and keeps its greys", () => {
  const { lecturesPictures: { disturb, best } } =
    playground("view", "grid", ...NETWORK, "drawing", "pictures");
  const greys = new Float32Array(64);
  greys[8 * 2 + 7] = 16; // third row, last column
  const still = { right: 0, down: 0, noise: 0 };
  const lit = (change, normals = new Float32Array(64)) =>
    [...disturb(greys, { ...still, ...change }, normals)].flatMap((x, k) => (x ? [[k, x]] : []));
  same(lit({}), [[23, 1]]);
  same(lit({ right: -2, down: 3 }), [[8 * 5 + 5, 1]]);
  same(lit({ right: 1 }), []); // beyond the edge, and not on the other side
  same(lit({ down: 6 }), []);
  const normals = Float32Array.from({ length: 64 }, (_, k) => ({ 0: 2, 1: -1, 23: 1, 22: 9 })[k] ?? 0);
  same(lit({ noise: 2 }, normals), [[0, 0.25], [22, 1], [23, 1]]);
  same(best({ values: [0.1, 0.6, 0.3] }), { digit: 1, probability: 0.6 });
});

test("the arithmetic of a unit is told: products, the rest of them, bias and sum", () => {
  const { lecturesPictures: { arithmetic, sources }, lecturesNetwork: { volume, forward } } =
    playground("view", "grid", ...NETWORK, "drawing", "pictures");
  const kernel = Float32Array.from([1, -2, 3, 0.5]);
  const layers = [{ ...convolution(2, 2, 1, 1), kernel, bias: [0.25], title: "convolution" },
    { kind: "relu", title: "ReLU" }, { kind: "pooling", size: 2, title: "pooling" },
    { ...dense(1, 2), kernel: [2, -1], bias: [0, 1], title: "scores" }];
  const volumes = forward(layers, volume(2, 2, 1, Float32Array.from([1, 2, 3, 4])));
  const told = (k, row, column, channel = 0) =>
    arithmetic({ layers }, volumes, k, { row, column, channel });
  equal(told(0, 1, 0).sentence, "Input, row 2, column 1: 3.000, from 0 (paper) to 1 (ink).");
  const { sentence, rows } = told(1, 0, 1); // 1 · 2 + 3 · 4
  equal(sentence, "Convolution, row 1, column 2: the sum of 4 products, 14.000, and the bias, 0.250, "
    + "give 14.250.");
  same(rows.slice(0, 4), [["row 1, column 2", 2, 1, 2], ["beyond the edge", 0, -2, 0],
    ["row 2, column 2", 4, 3, 12], ["beyond the edge", 0, 0.5, 0]]);
  equal(told(2, 0, 1).sentence, "ReLU, row 1, column 2: the larger of 0 and 14.250 is 14.250.");
  equal(told(3, 0, 0).sentence, "Pooling, unit 0: the largest of 4 values is 14.250.");
  const last = told(4, 0, 0, 1).sentence;
  equal(last, "Scores, unit 1: the sum of 1 products, −14.250, and the bias, 1.000, give −13.250.");
  const places = (k, place) =>
    sources({ layers }, volumes, k, place).map(({ row, column }) => [row, column]);
  same(places(1, { row: 0, column: 1, channel: 0 }), [[0, 1], [1, 1]]); // none beyond the edge
  same(places(2, { row: 1, column: 0, channel: 0 }), [[1, 0]]);
  same(places(0, { row: 1, column: 0, channel: 0 }), []);
});

test("numbers of any size have two digits", () => {
  const { lecturesView: { short } } = playground("view", "powers", "series");
  same([0.37, 1, 12.34, 123, 0.0123, 0.00012, 1234, -0.5, 0, NaN].map(short),
    ["0.37", "1.0", "12", "123", "0.012", "1.2 · 10⁻⁴", "1.2 · 10³", "−0.50", "0.0", "NaN"]);
});

test("lines stand where their values are", () => {
  const { lecturesView: { shape }, lecturesLines: { draw, LEFT, GAP } } = playground("view", "lines");
  const svg = shape("svg", {});
  const panel = (values) =>
    ({ title: "", height: 50, low: -1, high: 3, ticks: [0], curves: [{ values, style: "one" }] });
  draw(svg, [panel([3, -1]), panel([1, 1])], { width: LEFT + 2 + 40, steps: 2 });
  const [first, second] = svg.querySelectorAll("polyline").map(({ attributes: { points } }) => points);
  const [x, y] = [[LEFT + 10, LEFT + 30], [GAP, GAP + 50, 2 * GAP + 50 + 25]].map((all) =>
    all.map((value) => value.toFixed(1)));
  equal(first, `${x[0]},${y[0]} ${x[1]},${y[1]}`);
  equal(second, `${x[0]},${y[2]} ${x[1]},${y[2]}`);
});

test("a record keeps its signs and holds what has arrived", () => {
  const { lecturesRecord: { clean, refused, encode } } = playground("record");
  equal(clean("1 x2D9r"), `12dr${".".repeat(44)}`);
  equal(clean("1".repeat(60)).length, 48);
  same([refused("1 Dq"), refused(".".repeat(48)), refused(".".repeat(49))],
    ["No sign of a record, and left out: q", "", "A record has 48 steps; the rest is left out."]);
  const { inputs, wanted } = encode("12r.rd3r", 0.5, [0, 2, 0, 0, 0, 0, 0, 0]);
  same([...wanted].slice(0, 8), [0, 0, 3, 0, 3, 0, 0, 3]);
  same([...inputs].slice(0, 24), [[1, 0, 0], [3, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 1], [0, 1, 0], [3, 0, 0],
    [0, 0, 1]].flat());
});
