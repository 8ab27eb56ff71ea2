// Pictures of 8 x 8 pixels, the networks that read them, and the arithmetic of one unit in words.
"use strict";

window.lecturesPictures = (() => {
  const { number, clamp } = lecturesView;
  const { volume, forward, terms, decode, split } = lecturesNetwork;
  const SIZE = 8;
  const FINE = 4; // a grey value counts the ink on 4 x 4 fine points, as in the data set
  const SIDE = SIZE * FINE;
  const BRUSH = 2.6; // radius in fine points: a stroke reaches a little over one pixel
  const SHOWN = 5; // products of a dense layer that are listed

  // Pictures: ink on 32 x 32 fine points (0 or 1), and grey values 0 to 16 of 8 x 8 pixels.

  const stamp = (ink, row, column) => {
    for (let r = Math.ceil(row - BRUSH); r <= row + BRUSH; r++) {
      for (let c = Math.ceil(column - BRUSH); c <= column + BRUSH; c++) {
        const near = (r - row) ** 2 + (c - column) ** 2 <= BRUSH ** 2;
        if (near && r >= 0 && c >= 0 && r < SIDE && c < SIDE) ink[r * SIDE + c] = 1;
      }
    }
  };

  const finePoints = (pixel) => {
    const [top, left] = [FINE * Math.floor(pixel / SIZE), FINE * (pixel % SIZE)];
    return Array.from({ length: FINE * FINE }, (_, k) =>
      (top + Math.floor(k / FINE)) * SIDE + left + (k % FINE));
  };

  const greys = (ink) =>
    Float32Array.from({ length: SIZE * SIZE }, (_, pixel) =>
      finePoints(pixel).reduce((sum, point) => sum + ink[point], 0));

  const inkOf = (greyValues) => {
    const ink = new Uint8Array(SIDE * SIDE);
    greyValues.forEach((grey, pixel) => {
      for (const point of finePoints(pixel).slice(0, clamp(grey, 16))) ink[point] = 1;
    });
    return ink;
  };

  // What enters is 0, what leaves is lost; noise is added after the shift; grey values stay 0 to 16.
  const disturb = (greyValues, { right, down, noise }, normals) =>
    Float32Array.from({ length: SIZE * SIZE }, (_, k) => {
      const [r, c] = [Math.floor(k / SIZE) - down, (k % SIZE) - right];
      const inside = r >= 0 && c >= 0 && r < SIZE && c < SIZE;
      return clamp((inside ? greyValues[r * SIZE + c] : 0) + noise * normals[k], 16) / 16;
    });

  const networkOf = ({ title, layers, weights }) => {
    const shapes = layers.flatMap(({ shape }) => (shape ? [shape, shape.slice(-1)] : []));
    const arrays = split(decode(weights), shapes);
    const filled = layers.map((layer) =>
      layer.shape ? { ...layer, kernel: arrays.shift(), bias: arrays.shift() } : layer);
    return { title, layers: filled };
  };

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
    const rows = few.map((term) => [placeName(input, term), number(term.value, 3),
      number(term.weight, 3), number(term.product, 3)]);
    const others = products.length - few.length;
    if (others) rows.push([`${others} others`, "", "", number(add(products) - add(few), 3)]);
    rows.push(["bias", "", "", number(bias, 3)], ["together", "", "", number(total, 3)]);
    const sentence = `the sum of ${products.length} products, ${number(add(products), 3)}, ` +
      `and the bias, ${number(bias, 3)}, give ${number(total, 3)}.`;
    return { sentence, rows };
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
      const rows = found.map((term) => [placeName(input, term), number(term.value, 3), "", ""]);
      const sentence = `${start}the largest of ${found.length} values is ${number(total, 3)}.`;
      return { sentence, rows };
    }
    const { sentence, rows } = sumLines(input, found, layer.bias[place.channel], total);
    return { sentence: start + sentence, rows };
  };

  return { SIZE, FINE, stamp, finePoints, greys, inkOf, disturb, networkOf, answer, best,
    arithmetic };
})();
