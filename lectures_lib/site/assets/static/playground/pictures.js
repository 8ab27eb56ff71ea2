// Pictures of 8 x 8 pixels, the networks that read them, and the arithmetic of one unit in words.
"use strict";

globalThis.lecturesPictures ??= (() => {
  const { number, clamp } = lecturesView;
  const { volume, forward, terms, decode, filled } = lecturesNetwork;
  const { SIZE } = lecturesDrawing;
  const SHOWN = 5; // products of a dense layer that are listed

  // What enters is 0, what leaves is lost; noise is added after the shift; grey values stay 0 to 16.
  const disturb = (greyValues, { right, down, noise }, normals) =>
    Float32Array.from({ length: SIZE * SIZE }, (_, k) => {
      const [r, c] = [Math.floor(k / SIZE) - down, (k % SIZE) - right];
      const inside = r >= 0 && c >= 0 && r < SIZE && c < SIZE;
      return clamp((inside ? greyValues[r * SIZE + c] : 0) + noise * normals[k], 16) / 16;
    });

  const networkOf = ({ title, layers, weights }) =>
    ({ title, layers: filled(layers, decode(weights)) });

  const answer = (network, picture) => forward(network.layers, volume(SIZE, SIZE, 1, picture));

  const best = ({ values }) => {
    const digit = values.indexOf(Math.max(...values));
    return { digit, probability: values[digit] };
  };

  const placeName = (v, { row, column, channel, inside = true }) => {
    if (!inside) return "beyond the edge";
    if (v.rows === 1) return `unit ${channel}`;
    const pixel = `row ${row + 1}, column ${column + 1}`;
    return v.channels > 1 ? `map ${channel}, ${pixel}` : pixel;
  };

  // A weighted sum: all products of a small window, otherwise the largest ones and the rest.
  const sumLines = (input, found, bias, total) => {
    const products = found.map((term) => ({ ...term, product: term.value * term.weight }));
    const few = products.length <= 9 ? products : products.slice()
      .sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, SHOWN);
    const add = (list) => list.reduce((sum, { product }) => sum + product, 0);
    const rows = few.map((term) => [placeName(input, term), term.value, term.weight, term.product]);
    const others = products.length - few.length;
    if (others) rows.push([`${others} others`, "", "", add(products) - add(few)]);
    rows.push(["bias", "", "", bias], ["together", "", "", total]);
    const sentence = `the sum of ${products.length} products, ${number(add(products), 3)}, ` +
      `and the bias, ${number(bias, 3)}, give ${number(total, 3)}.`;
    return { sentence, rows };
  };

  // The places in the layer before from which a unit of layer `k` is computed.
  const sources = ({ layers }, volumes, k, place) => {
    if (k === 0) return [];
    const found = terms(layers, volumes, k - 1, place).filter(({ inside = true }) => inside);
    return found.length ? found : [place];
  };

  // How the value of one unit of layer `k` comes about: a sentence, and lines of a table.
  const arithmetic = ({ layers }, volumes, k, place) => {
    const v = volumes[k];
    const total = v.values[lecturesNetwork.at(v, place.row, place.column, place.channel)];
    const where = placeName(v, place);
    if (k === 0) {
      const sentence = `Input, ${where}: ${number(total, 3)}, from 0 (paper) to 1 (ink).`;
      return { sentence, rows: [] };
    }
    const [layer, input] = [layers[k - 1], volumes[k - 1]];
    const start = `${layer.title[0].toUpperCase()}${layer.title.slice(1)}, ${where}: `;
    if (layer.kind === "relu") {
      const before = number(input.values[lecturesNetwork.at(v, place.row, place.column,
        place.channel)], 3);
      return { sentence: `${start}the larger of 0 and ${before} is ${number(total, 3)}.`, rows: [] };
    }
    const found = terms(layers, volumes, k - 1, place);
    if (layer.kind.endsWith("pooling")) {
      const rows = found.map((term) => [placeName(input, term), term.value, "", ""]);
      const sentence = `${start}the largest of ${found.length} values is ${number(total, 3)}.`;
      return { sentence, rows };
    }
    const { sentence, rows } = sumLines(input, found, layer.bias[place.channel], total);
    return { sentence: start + sentence, rows };
  };

  return { disturb, networkOf, answer, best, arithmetic, sources };
})();
