// The playground of the digits: draw one, see every layer of two trained networks.
"use strict";

lecturesView.starters.digits = (() => {
  const { element, number, counted, percent, button, slider, choice, announcer, clamp,
    tinted } = lecturesView;
  const { Grid, scaleBar, paintGrey, paintSigned } = lecturesGrid;
  const { Reach } = lecturesReach;
  const { windowOf, decode } = lecturesNetwork;
  const { SIZE, Drawing, Bars, greyText } = lecturesDrawing;
  const { disturb, networkOf, answer, best, arithmetic, sources } = lecturesPictures;
  const HELP = "Draw with mouse or finger. Keys: arrows move, Space paints, Backspace clears. " +
    "Shift and noise change what the network sees, not the drawing.";

  // The page, or in JupyterLab the notebook.
  const scrollerOf = (box) => {
    if (box === document.body) return document.scrollingElement;
    const scrolls = /auto|scroll/.test(getComputedStyle(box).overflowY);
    return scrolls && box.scrollHeight > box.clientHeight ? box : scrollerOf(box.parentElement);
  };

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
        this.drawing.box, this.answers(), this.sliders(), this.network(), this.announcer.box));
      this.inspector();
      this.showLayers();
      this.update();
      this.address?.follow(this.figure, box.closest("figure"), (query) => this.read(query));
    }

    query() {
      return `drawing=${this.drawing.text}`;
    }

    read(query) {
      this.reading = true;
      this.drawing.read(new URLSearchParams(query).get("drawing"));
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
      this.reach = new Reach(this.layers);
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
      this.rows = []; // for each layer; those without maps share one
      volumes.slice(0, -1).forEach((v, k) => {
        const { title: text, scale, signed } = layers[k - 1]
          || { title: "input: what the network sees" };
        const count = v.rows > 1 ? v.channels : 1;
        const maps = Array.from({ length: count }, (_, channel) =>
          this.map(name, { layer: k, channel, volume: v, text }));
        const heading = element("p", { className: "playground-title" }, text,
          k ? scaleBar(signed ? -scale : 0, scale) : "");
        const made = element("div", { className: "playground-layer" }, heading,
          element("div", { className: "playground-maps" }, ...maps));
        const shared = k && v.rows === 1 && volumes[k - 1].rows === 1;
        this.rows.push(shared ? this.rows.at(-1) : element("div", { className: "playground-row" }));
        this.rows.at(-1).append(made);
      });
      this.layers.replaceChildren(this.layers.firstChild, ...new Set(this.rows));
      this.layers.firstChild.textContent = `Inside the ${title} network: choose a unit`;
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

    // The sum comes to the map; the map stays where it is.
    choose(change) {
      this.chosen = { ...this.chosen, ...change };
      const row = this.rows[this.chosen.layer];
      const { top } = row.getBoundingClientRect();
      this.inspect();
      scrollerOf(row).scrollBy({ top: row.getBoundingClientRect().top - top, behavior: "instant" });
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
      this.inside = element("div", { className: "playground-inspector" },
        element("div", { className: "playground-chosen" }, this.units.box),
        element("div", { className: "playground-sum" }, this.sentence, table));
    }

    update() {
      const drawn = this.drawing.greys;
      this.picture = disturb(drawn, this.disturbance, this.normals);
      this.states = this.networks.map((network) => answer(network, this.picture));
      this.showAnswer(drawn.every((grey) => grey === 0));
      for (const { canvas, columns, ...map } of this.maps) {
        const { values, scale } = this.valuesOf(map);
        if (scale) paintSigned(canvas, values, scale, columns);
        else paintGrey(canvas, values.map((x) => 1 - x), columns);
      }
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

    // A map's values, and the value of full colour; the input is dark where there is ink.
    valuesOf({ layer, channel }) {
      const v = this.states[this.chosen.network][layer];
      const { scale } = this.networks[this.chosen.network].layers[layer - 1] || {};
      const values = v.rows > 1 ? v.values.filter((_, k) => k % v.channels === channel) : v.values;
      return { values, scale };
    }

    inspect() {
      const { layer, channel } = this.chosen;
      const network = this.networks[this.chosen.network];
      const volumes = this.states[this.chosen.network];
      const v = volumes[layer];
      const { values, scale } = this.valuesOf(this.chosen);
      const columns = this.columnsOf(v);
      const unit = clamp(this.chosen.unit, values.length - 1);
      const place = v.rows > 1
        ? { row: Math.floor(unit / columns), column: unit % columns, channel }
        : { row: 0, column: 0, channel: unit };
      this.units.size(values.length, columns);
      const names = Array.from(values, (x, k) => `${this.nameOf(v, k)}: ${number(x)}`);
      if (scale) this.units.paintSigned(values, scale, names);
      else this.units.paint(values.map((x) => 1 - x), names);
      this.units.move(unit, { focus: this.units.box.contains(document.activeElement) });
      const lines = arithmetic(network, volumes, layer, place);
      this.sentence.textContent = lines.sentence;
      this.table.replaceChildren(...this.tableRows(lines.rows));
      this.table.parentNode.hidden = lines.rows.length === 0;
      const row = this.rows[layer]; // what is moved loses the focus
      if (row.nextSibling !== this.inside) row.after(this.inside);
      this.reach.show(this.spot(layer, place),
        sources(network, volumes, layer, place).map((one) => this.spot(layer - 1, one)));
      this.mark(layer ? windowOf(network.layers, volumes, layer - 1, place)
        : { top: place.row, bottom: place.row, left: place.column, right: place.column });
    }

    // Where a unit stands among the maps.
    spot(layer, { row, column, channel }) {
      const v = this.states[this.chosen.network][layer];
      const [flat, columns] = [v.rows === 1, this.columnsOf(v)];
      const { canvas } = this.maps.find((map) =>
        map.layer === layer && (flat || map.channel === channel));
      return flat ? { canvas, row: Math.floor(channel / columns), column: channel % columns }
        : { canvas, row, column };
    }

    // Weights and products have the colours of their signs, each column up to its largest.
    tableRows(rows) {
      const most = [2, 3].map((k) => Math.max(...rows.map((cells) => Math.abs(cells[k]))));
      return rows.map(([name, ...cells]) => element("tr", {},
        element("th", { textContent: name, scope: "row" }),
        ...cells.map((x, k) => tinted(x, { digits: 3, scale: k && most[k - 1] }))));
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
