// The playground of the digits: draw one, see every layer of two trained networks.
"use strict";

lecturesView.starters.digits = (() => {
  const { element, number, counted, percent, button, slider, choice, announcer, clamp } =
    lecturesView;
  const { Grid, paintCanvas } = lecturesGrid;
  const { windowOf, decode } = lecturesNetwork;
  const { SIZE, Drawing, Bars, greyText } = lecturesDrawing;
  const { disturb, networkOf, answer, best, arithmetic } = lecturesPictures;
  const HELP = "Draw with mouse or finger. Keys: arrows move, Space paints, Backspace clears. " +
    "Shift and noise change what the network sees, not the drawing.";

  class Playground {
    constructor(box, data) {
      this.networks = data.networks.map(networkOf);
      this.normals = decode(data.normals);
      const examples = data.examples.map(greyText);
      this.drawing = new Drawing({ examples, help: HELP, onChange: () => {
        this.update();
        if (!this.reading) this.address?.remember(this.figure, this.query());
      } });
      this.disturbance = { right: 0, down: 0, noise: 0 };
      this.chosen = { network: 0, layer: 1, channel: 0, unit: 27 };
      this.announcer = announcer();
      this.address = globalThis.lecturesAddress; // on the site
      this.figure = "playground-digits";
      box.append(element("div", { className: "playground-live" },
        this.drawing.box, this.answers(), this.sliders(), this.network(), this.inspector(),
        this.announcer.box));
      this.showLayers();
      this.update();
      this.address?.follow(this.figure, box.closest("figure"), (query) => this.read(query));
    }

    // A drawing as a text, a sign for each pixel.
    query() {
      return `drawing=${Array.from(this.drawing.greys, (grey) => grey.toString(17)).join("")}`;
    }

    read(query) {
      const drawn = new URLSearchParams(query).get("drawing") || "";
      this.reading = true;
      if (/^[0-9a-g]{64}$/.test(drawn)) this.drawing.load(greyText(drawn));
      this.reading = false;
    }

    answers() {
      this.bars = new Bars();
      this.answer = element("p", { className: "playground-answer" });
      const networks = choice("Network", this.networks.map(({ title }) => title), (k) => {
        this.chosen = { network: k, layer: 1, channel: 0, unit: 0 };
        this.showLayers();
        this.update();
      });
      return element("div", { className: "playground-answers" }, networks,
        this.bars.box, this.answer);
    }

    sliders() {
      const pixels = (x) => counted(x, "pixel");
      const set = (name) => (value) => {
        this.disturbance[name] = value;
        this.update();
      };
      const made = [
        slider("Shift right", { min: -3, max: 3, say: pixels }, set("right")),
        slider("Shift down", { min: -3, max: 3, say: pixels }, set("down")),
        slider("Noise", { min: 0, max: 8, say: (x) => counted(x, "grey level") }, set("noise")),
      ];
      const reset = button("Reset sliders", () => {
        made.forEach((one) => one.reset());
        this.disturbance = { right: 0, down: 0, noise: 0 };
        this.update();
      });
      return element("div", { className: "playground-sliders" }, ...made.map(({ box }) => box),
        element("div", { className: "playground-buttons" }, reset,
          ...(this.address?.copier(this.figure, () => this.query()) || [])));
    }

    network() {
      const legend = element("legend", { textContent: "Inside the network: choose a map" });
      this.layers = element("fieldset", { className: "playground-layers" }, legend);
      return this.layers;
    }

    // How the units of a layer stand in a picture: maps by their pixels, others in rows.
    columnsOf({ rows, columns, channels }) {
      return rows > 1 ? columns : channels > 60 ? 12 : 10;
    }

    showLayers() {
      const { title, layers } = this.networks[this.chosen.network];
      const name = lecturesView.uniqueId("map");
      const volumes = answer(this.networks[this.chosen.network], new Float32Array(SIZE * SIZE));
      this.maps = [];
      const rows = volumes.slice(0, -1).map((v, k) => {
        const text = k ? layers[k - 1].title : "input: what the network sees";
        const count = v.rows > 1 ? v.channels : 1;
        const maps = Array.from({ length: count }, (_, channel) =>
          this.map(name, { layer: k, channel, volume: v, text }));
        const heading = element("p", { className: "playground-title", textContent: text });
        return element("div", { className: "playground-layer" }, heading,
          element("div", { className: "playground-maps" }, ...maps));
      });
      this.layers.replaceChildren(this.layers.firstChild, ...rows);
      this.layers.firstChild.textContent = `Inside the ${title} network: choose a unit (sum below)`;
    }

    map(name, { layer, channel, volume: v, text }) {
      const many = v.rows > 1 && v.channels > 1;
      const input = element("input", { type: "radio", name,
        "aria-label": many ? `${text}, map ${channel}` : text });
      const canvas = element("canvas", { "aria-hidden": "true" });
      const frame = element("span", { className: "playground-map" }, canvas);
      input.checked = layer === this.chosen.layer && channel === this.chosen.channel;
      input.addEventListener("change", () => this.choose({ layer, channel, unit: 0 }));
      const columns = this.columnsOf(v);
      const label = element("label", {}, input, frame);
      label.addEventListener("click", (event) => {
        if (event.target === input) return; // the click that a label passes on
        const box = frame.getBoundingClientRect();
        const rows = canvas.height;
        const row = clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), rows - 1);
        const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
        this.choose({ layer, channel, unit: row * columns + clamp(column, columns - 1) });
        input.checked = true;
        input.focus({ preventScroll: true });
        event.preventDefault();
      });
      // Large enough for a finger where single units are chosen from a row.
      const dot = v.rows > 1 ? 7 : v.channels > columns ? 14 : 24;
      frame.style.width = layer ? `${Math.max(56, dot * columns)}px` : "96px";
      if (layer === 0) {
        this.window = element("span", { className: "playground-window" });
        frame.append(this.window);
      }
      this.maps.push({ layer, channel, canvas, columns });
      return label;
    }

    choose(change) {
      this.chosen = { ...this.chosen, ...change };
      this.inspect();
      this.announcer.say(this.sentence.textContent);
    }

    inspector() {
      this.units = new Grid({ label: "Units", onMove: (unit) => this.choose({ unit }) });
      this.units.box.addEventListener("click", (event) => {
        const unit = this.units.cells.indexOf(event.target);
        if (unit >= 0) this.choose({ unit });
      });
      this.sentence = element("p", { className: "playground-sentence" });
      this.table = element("tbody");
      const head = element("tr", {}, ...["from", "value", "weight", "product"].map((text) =>
        element("th", { textContent: text, scope: "col" })));
      const table = element("table", { className: "playground-terms" },
        element("thead", {}, head), this.table);
      return element("div", { className: "playground-inspector" },
        element("div", { className: "playground-chosen" }, this.units.box),
        element("div", { className: "playground-sum" }, this.sentence, table));
    }

    update() {
      const drawn = this.drawing.greys;
      this.picture = disturb(drawn, this.disturbance, this.normals);
      this.states = this.networks.map((network) => answer(network, this.picture));
      this.showAnswer(drawn.every((grey) => grey === 0));
      for (const map of this.maps) paintCanvas(map.canvas, this.shades(map).shades, map.columns);
      this.inspect();
    }

    showAnswer(empty) {
      const volumes = this.states[this.chosen.network];
      const probabilities = volumes[volumes.length - 1];
      this.bars.show(Array.from(probabilities.values));
      const said = this.networks.map(({ title }, k) => {
        const { digit, probability } = best(this.states[k][this.states[k].length - 1]);
        return `${title} ${digit} with ${percent(probability)}`;
      });
      const note = empty ? " Nothing is drawn, and they answer all the same." : "";
      this.answer.textContent = `Answers: ${said.join(", ")}.${note}`;
      this.announcer.say(this.answer.textContent);
    }

    // Shades of a layer: the input dark where there is ink, others light where they are large.
    shades({ layer, channel }) {
      const { layers } = this.networks[this.chosen.network];
      const v = this.states[this.chosen.network][layer];
      const values = v.rows > 1 ? v.values.filter((_, k) => k % v.channels === channel) : v.values;
      if (layer === 0) return { values, shades: values.map((x) => 1 - x) };
      const { scale, signed } = layers[layer - 1];
      return { values, shades: values.map((x) => (signed ? 0.5 + x / (2 * scale) : x / scale)) };
    }

    inspect() {
      const { layer, channel } = this.chosen;
      const network = this.networks[this.chosen.network];
      const volumes = this.states[this.chosen.network];
      const v = volumes[layer];
      const { values, shades } = this.shades(this.chosen);
      const columns = this.columnsOf(v);
      const unit = clamp(this.chosen.unit, values.length - 1);
      const place = v.rows > 1
        ? { row: Math.floor(unit / columns), column: unit % columns, channel }
        : { row: 0, column: 0, channel: unit };
      this.units.size(values.length, columns);
      this.units.paint(shades, Array.from(values, (x, k) => `${this.nameOf(v, k)}: ${number(x)}`));
      this.units.move(unit, { focus: this.units.box.contains(document.activeElement) });
      const lines = arithmetic(network, volumes, layer, place);
      this.sentence.textContent = lines.sentence;
      this.table.replaceChildren(...lines.rows.map((cells) => element("tr", {},
        ...cells.map((text, k) => element(k ? "td" : "th", k ? { textContent: text }
          : { textContent: text, scope: "row" })))));
      this.table.parentNode.hidden = lines.rows.length === 0;
      this.mark(layer ? windowOf(network.layers, volumes, layer - 1, place)
        : { top: place.row, bottom: place.row, left: place.column, right: place.column });
    }

    nameOf(v, unit) {
      if (v.rows === 1) return `unit ${unit}`;
      return `row ${Math.floor(unit / v.columns) + 1}, column ${(unit % v.columns) + 1}`;
    }

    mark({ top, bottom, left, right }) {
      const share = (pixels) => `${(100 * pixels) / SIZE}%`;
      Object.assign(this.window.style, {
        top: share(top), left: share(left),
        height: share(bottom - top + 1), width: share(right - left + 1),
      });
    }
  }

  return (box, data) => new Playground(box, data);
})();
