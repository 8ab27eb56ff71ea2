// Products of matrices, and the memory they work on: plain JavaScript, or WebAssembly SIMD.
// A matrix is a Float32Array in row order. The function refers to nothing outside itself, so that
// its text can be pasted into a worker.
"use strict";

globalThis.lecturesProducts = ({ simd = true, megabytes = 48 } = {}) => {
  // tools/wasm/products.ts, compiled by `python -m tools.wasm`.
  // begin bytes
  const BYTES = `
    AGFzbQEAAAABDgFgCn9/f39/f39/f38AAg8BA2VudgZtZW1vcnkCAAEDAgEABwwBCG11bHRpcGx5AAAK0woB0AoDFH8NewF9
    IAlBAnQhDgNAIAkgCkogCUEETnEEQCAJQQhOIAkgCmsiC0EESiIMIAwbIRQgC0EISARAIAlBCEEEIAsgC0EETBsgFBtrIQoL
    IApBAnQiFSAEakEAIAQbIRZBACEPA0AgByAPSgRAIAdBAWsgD2shEiAAIAEgD2xqIQwgAyAVaiENIAYgFWogDiAPbGohFyAW
    IAUgD2xqQQAgFhshCyAUBEAgDEEBIBIgEkEBShsiGiABbGohECAMQQIgEiASQQJKGyIYIAFsaiERIAxBAyASIBJBA0obIhkg
    AWxqIRL9DAAAAAAAAAAAAAAAAAAAAAAhH/0MAAAAAAAAAAAAAAAAAAAAACEg/QwAAAAAAAAAAAAAAAAAAAAAISH9DAAAAAAA
    AAAAAAAAAAAAAAAhIv0MAAAAAAAAAAAAAAAAAAAAACEj/QwAAAAAAAAAAAAAAAAAAAAAIST9DAAAAAAAAAAAAAAAAAAAAAAh
    JSALBHsgCyAFIBpsaiIb/QAEACEfIAsgBSAYbGoiHP0ABAAhICALIAUgGWxqIh39AAQAISEgC/0ABBAhIiAb/QAEECEjIBz9
    AAQQISQgHf0ABBAhJSAL/QAEAAX9DAAAAAAAAAAAAAAAAAAAAAALIR5BACELA0AgCCALSgRAIB4gDP0JAgAiKiAN/QAEACIp
    /eYB/eQBIR4gHyAQ/QkCACImICn95gH95AEhHyAgIBH9CQIAIicgKf3mAf3kASEgICEgEv0JAgAiKCAp/eYB/eQBISEgIiAq
    IA39AAQQIin95gH95AEhIiAjICYgKf3mAf3kASEjICQgJyAp/eYB/eQBISQgJSAoICn95gH95AEhJSACIAxqIQwgAiAQaiEQ
    IAIgEWohESACIBJqIRIgDSAOaiENIAtBAWohCwwBCwsgFyAe/QsEACAXIA4gGmxqIgsgH/0LBAAgFyAOIBhsaiIMICD9CwQA
    IBcgDiAZbGoiDSAh/QsEACAXICL9CwQQIAsgI/0LBBAgDCAk/QsEECANICX9CwQQBSAMQQEgEiASQQFKGyIYIAFsaiEQIAxB
    AiASIBJBAkobIhkgAWxqIREgDEEDIBIgEkEDShsiGiABbGohEv0MAAAAAAAAAAAAAAAAAAAAACEf/QwAAAAAAAAAAAAAAAAA
    AAAAISD9DAAAAAAAAAAAAAAAAAAAAAAhISALBHsgCyAFIBhsav0ABAAhHyALIAUgGWxq/QAEACEgIAsgBSAabGr9AAQAISEg
    C/0ABAAF/QwAAAAAAAAAAAAAAAAAAAAACyEeQQAhCwNAIAggC0oEQCAeIAz9CQIAIA39AAQAIiL95gH95AEhHiAfIBD9CQIA
    ICL95gH95AEhHyAgIBH9CQIAICL95gH95AEhICAhIBL9CQIAICL95gH95AEhISACIAxqIQwgAiAQaiEQIAIgEWohESACIBJq
    IRIgDSAOaiENIAtBAWohCwwBCwsgFyAe/QsEACAXIA4gGGxqIB/9CwQAIBcgDiAZbGogIP0LBAAgFyAOIBpsaiAh/QsEAAsg
    D0EEaiEPDAELCyAKQQhBBCAUG2ohCgwBCwsgCUEETgRADwsDQCAHIBNKBEBBACEKA0AgCSAKSgRAIApBAnQhDyAEBH0gBCAF
    IBNsaiAPaioCAAVDAAAAAAshKyAAIAEgE2xqIQ0gAyAPaiEMQQAhCwNAIAggC0oEQCArIA0qAgAgDCoCAJSSISsgAiANaiEN
    IAwgDmohDCALQQFqIQsMAQsLIAYgDiATbGogD2ogKzgCACAKQQFqIQoMAQsLIBNBAWohEwwBCwsL`;
  // end bytes

  const check = (name, array, shape) => {
    if (array.length === shape[0] * shape[1]) return;
    throw new Error(`${name} has ${array.length} values, but ${shape.join(" x ")} are needed.`);
  };
  const checkAll = (a, b, [rows, inner, columns], start, transposed) => {
    check("The first matrix", a, transposed ? [inner, rows] : [rows, inner]);
    check("The second matrix", b, [inner, columns]);
    if (start && start.length !== columns) check("The start", start, [rows, columns]);
  };

  const plain = () => {
    const allocate = (length) => new Float32Array(length);

    // Along rows of b and of the result, which stand in memory one value after the other.
    const multiply = (a, b, sizes, { start = null, transposed = false } = {}) => {
      checkAll(a, b, sizes, start, transposed);
      const [rows, inner, columns] = sizes;
      const [aRow, aInner] = transposed ? [1, rows] : [inner, 1];
      const output = allocate(rows * columns);
      for (let i = 0; i < rows; i++) {
        const first = i * columns;
        if (start) {
          const from = start.length === columns ? 0 : first;
          for (let j = 0; j < columns; j++) output[first + j] = start[from + j];
        }
        for (let k = 0; k < inner; k++) {
          const factor = a[i * aRow + k * aInner];
          const row = k * columns;
          for (let j = 0; j < columns; j++) output[first + j] += factor * b[row + j];
        }
      }
      return output;
    };
    return { kind: "plain", allocate, mark: () => 0, release: () => {}, multiply };
  };

  // One memory of a fixed size (growth would cut its views off), filled from below.
  const compiled = () => {
    const bytes = Uint8Array.from(atob(BYTES), (character) => character.charCodeAt(0));
    const pages = 16 * megabytes;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const kernel = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    const { buffer } = memory;
    let top = 16; // bytes; 0 is no address

    const reserve = (length) => {
      const size = 16 * Math.ceil(length / 4);
      if (top + size > buffer.byteLength) {
        const inMegabytes = (count) => (count / 2 ** 20).toFixed(1);
        throw new Error(
          `The memory for training is full: ${inMegabytes(size)} MB are needed, but of its ` +
          `${inMegabytes(buffer.byteLength)} MB only ${inMegabytes(buffer.byteLength - top)} MB ` +
          "are free. Choose a smaller batch or a smaller network.");
      }
      top += size;
      return new Float32Array(buffer, top - size, length);
    };
    const allocate = (length) => reserve(length).fill(0); // released memory holds old numbers
    const mark = () => top;
    const release = (before) => {
      top = before;
    };

    // The address of an array, which is copied into the memory unless it is there.
    const address = (array) => {
      if (array.buffer === buffer) return array.byteOffset;
      const copy = reserve(array.length);
      copy.set(array);
      return copy.byteOffset;
    };
    const multiply = (a, b, sizes, { start = null, transposed = false } = {}) => {
      checkAll(a, b, sizes, start, transposed);
      const [rows, inner, columns] = sizes;
      const before = top;
      try {
        const output = reserve(rows * columns); // every value is written
        const copies = top;
        const [aRow, aInner] = transposed ? [4, 4 * rows] : [4 * inner, 4]; // bytes
        const startRow = !start || start.length === columns ? 0 : 4 * columns;
        kernel.exports.multiply(address(a), aRow, aInner, address(b), start ? address(start) : 0,
          startRow, output.byteOffset, rows, inner, columns);
        top = copies;
        return output;
      } catch (error) {
        top = before;
        throw error;
      }
    };
    return { kind: "simd", allocate, mark, release, multiply };
  };

  // Not every browser, nor every policy of a page, allows it.
  const choose = () => {
    if (!simd) return plain();
    try {
      return compiled();
    } catch {
      return plain();
    }
  };
  const chosen = choose();

  // (rows, columns) to (columns, rows)
  const transpose = (a, rows, columns) => {
    check("The matrix", a, [rows, columns]);
    const output = chosen.allocate(rows * columns);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) output[j * rows + i] = a[i * columns + j];
    }
    return output;
  };
  return { ...chosen, transpose };
};
