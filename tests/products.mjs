// What products.js gives for the cases of test_products.py, which come as JSON and go as JSON.
// Arrays travel as base64 of float32.
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import "../lectures_lib/site/assets/static/playground/products.js";

const { products, special } = JSON.parse(readFileSync(0, "utf8"));
const make = globalThis.lecturesProducts;
const decode = (text) => {
  if (text === null) return null;
  const bytes = Uint8Array.from(Buffer.from(text, "base64")); // aligned
  return new Float32Array(bytes.buffer);
};
const encode = (array) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
const fails = (action) => {
  try {
    action();
    return null;
  } catch (error) {
    return error.message;
  }
};
const places = {
  outside: (array) => array,
  inside: (array, { allocate }) => {
    const copy = allocate(array.length);
    copy.set(array);
    return copy;
  },
  view: (array, { allocate }) => { // on no multiple of 16 bytes, numbers before and behind it
    const copy = allocate(array.length + 8).fill(1e9).subarray(3, 3 + array.length);
    copy.set(array);
    return copy;
  },
};
const multiply = (engine, place, { a, b, start, sizes, transposed }) => {
  const before = engine.mark();
  const given = [a, b, start].map((text) => text && places[place](decode(text), engine));
  const found = engine.multiply(given[0], given[1], sizes, { start: given[2], transposed });
  const kept = given.every((array, k) => !array || encode(array) === [a, b, start][k]);
  const answer = { kept, values: encode(found) };
  engine.release(before);
  return answer;
};
const use = (engine) => {
  const { allocate, mark, release } = engine;
  const before = mark();
  const first = allocate(1001).fill(7);
  release(before);
  const second = allocate(1001);
  const others = [allocate(3), allocate(5)];
  const from = mark();
  engine.multiply(new Float32Array(600), new Float32Array(300), [20, 30, 10]);
  return {
    kind: engine.kind, first: first.byteOffset, second: second.byteOffset, length: second.length,
    largest: Math.max(...second), offsets: others.map((array) => array.byteOffset),
    grown: mark() - from, kept: first.length,
    transposed: Array.from(engine.transpose(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3)),
    errors: [[5, 6, 2], [6, 5, 2], [6, 6, 3]].map(([a, b, start]) => fails(() => engine.multiply(
      new Float32Array(a), new Float32Array(b), [2, 3, 2], { start: new Float32Array(start) }))),
    error: fails(() => engine.transpose(new Float32Array(5), 2, 3)),
  };
};
const answers = { products: {}, uses: {} };
for (const [kind, simd] of [["simd", true], ["plain", false]]) {
  const engine = make({ simd });
  answers.products[kind] = Object.fromEntries(Object.keys(places).map((place) =>
    [place, [...products, special].map((product) => multiply(engine, place, product))]));
  answers.uses[kind] = use(make({ simd }));
}

const small = make({ megabytes: 1 });
const [a, b] = [new Float32Array(2 ** 17), Float32Array.of(1)];
const untouched = small.mark();
answers.full = {
  allocation: fails(() => small.allocate(2 ** 18)),
  product: fails(() => small.multiply(a, b, [2 ** 17, 1, 1])), // its result fits, its copy does not
  left: small.mark() - untouched,
  after: fails(() => small.allocate(2 ** 18 - 4)),
  plain: fails(() => make({ simd: false }).allocate(2 ** 24)),
  repeated: fails(() => {
    const engine = make({ megabytes: 1 });
    for (let k = 0; k < 100; k++) {
      const before = engine.mark();
      engine.multiply(new Float32Array(1e5), b, [1e5, 1, 1]);
      engine.release(before);
    }
  }),
};

// Nothing but its own text, and what browsers, workers and Node.js have.
answers.alone = use(runInNewContext(`(${String(make)})()`, { atob })).transposed;
answers.aloneKind = runInNewContext(`(${String(make)})().kind`, { atob });
const real = globalThis.WebAssembly;
const without = (replacement) => {
  globalThis.WebAssembly = replacement;
  if (!replacement) delete globalThis.WebAssembly;
  const engine = make();
  const answer = { kind: engine.kind, ...multiply(engine, "inside", products[0]) };
  globalThis.WebAssembly = real;
  return answer;
};
const { Memory, Instance, CompileError } = real;
class Module {
  constructor() {
    throw new CompileError("invalid value type");
  }
}
class Full {
  constructor() {
    throw new RangeError("could not allocate memory");
  }
}
answers.fallbacks = [without(null), without({ Memory, Instance, Module }),
  without({ Memory: Full, Instance, Module: real.Module })];
answers.kindAfter = make().kind;
console.log(JSON.stringify(answers));
