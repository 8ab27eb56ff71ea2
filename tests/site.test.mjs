// Figures with sliders, addresses, questions and what is remembered of a reader.
import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { Element, open, same } from "./page.mjs";

test("numbers of a reader are read as people write them", () => {
  const answered = (typed, reasons) => {
    const reason = (data) => new Element("li", { dataset: data }, new Element("p"));
    const field = new Element("input", { type: "text", value: typed });
    const box = new Element("fieldset", { className: "question" }, field, new Element("button"),
      new Element("p", { role: "status" }), new Element("details", {}, ...reasons.map(reason)));
    open(["question.js"], { body: [box] });
    box.querySelector("button").fire("click");
    return box.dataset.state;
  };
  const state = (typed, value, tolerance = 0) => answered(typed, [{ value, tolerance, right: "" }, {}]);
  const right = [["8660", 8660], ["8,660", 8660], ["8,660.5", 8660.5], ["0,66", 0.66], [" −0.5 ", -0.5],
    ["1e3", 1000], ["0.3", 0.1 + 0.2], ["2.05", 2, 0.1]];
  for (const [typed, ...wanted] of right) equal(state(typed, ...wanted), "right", typed);
  for (const [typed, ...wanted] of [["8.660", 8660], ["0,660", 660], ["2.15", 2, 0.1]]) {
    equal(state(typed, ...wanted), "wrong", typed);
  }
  for (const nothing of ["", "  ", "a lot", "1,2,3", "Infinity"]) equal(state(nothing, 0), "", nothing);
  equal(answered("7", [{ value: 3, tolerance: 0, right: "" }, { value: 7, tolerance: 0 }]), "wrong");
});

// A figure with a slider of three values and a box to tick; its pictures come when the test says so.
const figure = (asked) => {
  const bundle = { name: "fall", base: "_demos/fall/", files: [..."abcdef"].map((name) => `${name}.png`),
    alts: [..."ABCDEF"], parameters: [
      { name: "time", label: "time (s)", kind: "range", texts: ["0", "1", "2"], start: 1 },
      { name: "drag", label: "drag", kind: "boolean", texts: ["off", "on"], start: 0 }] };
  const frame = new Element("img");
  const box = new Element("div", { className: "explore" }, frame,
    new Element("script", { textContent: JSON.stringify(bundle) }));
  const [pictures, links] = [[], []];
  class Image extends Element {
    constructor() {
      super("img");
      pictures.push(this);
    }
  }
  const lecturesAddress = { copier: (_, query) => [Object.assign(new Element("p"), { query })],
    remember: (_, query) => links.push(query),
    follow: (_, __, apply) => asked && apply(asked) };
  let beat = () => {};
  const [setInterval, clearInterval] = [(action) => (beat = action), () => (beat = () => {})];
  open(["explore.js"], { body: [box], Image, lecturesAddress, setInterval, clearInterval });
  const buttons = Object.fromEntries(box.querySelectorAll("button").map((one) => [one.textContent, one]));
  return { box, frame, pictures, links, buttons, beat: () => beat() };
};

test("a figure shows the state of its controls when the picture is there", () => {
  const { box, frame, pictures, links } = figure();
  const [slider, tick] = box.querySelectorAll("input");
  same([frame.dataset.state, slider.value, tick.checked, pictures.length], [2, 1, false, 0]);
  Object.assign(slider, { value: "2" }).fire("input");
  equal(box.attributes["aria-busy"], "true");
  same([frame.dataset.state, links], [2, []]); // still that of before
  const first = pictures.at(-1);
  Object.assign(tick, { checked: true }).fire("change");
  const second = pictures.at(-1);
  second.fire("load");
  first.fire("load"); // late
  same([frame.src, frame.alt, frame.dataset.state, links], ["_demos/fall/f.png", "F", 5, ["time=2&drag=on"]]);
  equal(box.attributes["aria-busy"], undefined);
});

test("a picture that does not come puts the controls back and offers another try", () => {
  const { box, frame, pictures, links, buttons } = figure();
  const [slider] = box.querySelectorAll("input");
  Object.assign(slider, { value: "0" }).fire("input");
  pictures.at(-1).fire("error");
  const again = buttons["Try again"];
  same([slider.value, frame.dataset.state, links, again.hidden], [1, 2, [], false]);
  again.fire("click");
  pictures.at(-1).fire("load");
  same([slider.value, frame.src, again.hidden], [0, "_demos/fall/a.png", true]);
});

test("what plays waits for its pictures, ends at the last one, and begins anew", () => {
  const { box, frame, pictures, links, buttons, beat } = figure();
  const [slider] = box.querySelectorAll("input");
  const play = buttons["▶"];
  play.fire("click");
  beat();
  beat(); // the picture is still on its way
  same([slider.value, play.textContent], [2, "▶"]); // at the end it stops
  pictures.at(-1).fire("load");
  play.fire("click");
  same([slider.value, play.textContent], [0, "❚❚"]);
  beat();
  equal(slider.value, 0);
  pictures.at(-1).fire("load");
  beat();
  equal(slider.value, 1);
  buttons.Reset.fire("click"); // what the reader asks for ends it
  equal(play.textContent, "▶");
  pictures.at(-1).fire("load");
  same([frame.src, links.at(-1)], ["_demos/fall/c.png", "time=1&drag=off"]);
});

test("an address sets what it names and knows; the rest starts as ever", () => {
  const opened = [["time=0&drag=on", "b"], ["drag=on", "d"], ["time=9&drag=<b>&x=1", "c"], ["time=2", "e"]];
  for (const [query, file] of opened) {
    const { frame, pictures, links } = figure(query);
    pictures.at(-1).fire("load");
    same([frame.src, links], [`_demos/fall/${file}.png`, []]);
  }
});

// The addresses that a page of figures gets; its clock stands still until `wait`.
const bar = (hash, { type = "navigate", kept = {} } = {}) => {
  const [written, timers] = [[], []];
  let now = 1000;
  const page = open(["address.js"], { location: { hash }, lecturesKept: kept,
    innerHeight: 800, scrollY: 0, scrollBy() {}, Date: { now: () => now },
    performance: { getEntriesByType: () => [{ type }] },
    history: { replaceState: (_, __, address) => address && written.push(address) },
    setTimeout: (action, later) => timers.push([action, now + later]),
    clearTimeout: (k) => k && (timers[k - 1] = null) });
  const wait = (time) => {
    now += time;
    timers.forEach((timer, k) => {
      if (!timer || timer[1] > now) return;
      timers[k] = null;
      timer[0]();
    });
  };
  const opened = (name) => {
    let found = null;
    const box = new Element("figure", { getBoundingClientRect: () => ({ top: 0, height: 9 }) });
    page.lecturesAddress.follow(name, box, (query) => (found = query));
    return found;
  };
  return { ...page.lecturesAddress, written, wait, opened };
};

test("addresses open the figure that they name, however they were encoded", () => {
  for (const hash of ["#fall?time=2&drag=on", "#fall%3Ftime%3D2%26drag%3Don", "#fall%3Ftime=2%26drag=on"]) {
    const { opened } = bar(hash);
    same([opened("fall"), opened("other")], ["time=2&drag=on", null], hash);
  }
  equal(bar("#fall?text=%26").opened("fall"), "text=%26"); // encoded once stays so
  equal(bar("#fall%").opened("fall"), null); // nothing that can be decoded
  equal(bar("#fall?time=2", { type: "reload", kept: { fall: "time=1" } }).opened("fall"), "time=1");
});

test("the address follows the reader, with a pause between changes and the last one at the end", () => {
  const { remember, written, wait } = bar("");
  for (const time of [0, 1, 2]) remember("fall", `time=${time}`);
  same(written, ["#fall?time=0"]);
  wait(399);
  same(written, ["#fall?time=0"]);
  wait(1);
  same(written, ["#fall?time=0", "#fall?time=2"]);
  wait(400);
  remember("swing", "x=1");
  same(written.at(-1), "#swing?x=1");
});

// The page of a chapter, or with `chapters` the front page, and what the browser stores.
const reading = ({ chapters, sections = [], memory, here = "cnn/digits" } = {}) => {
  const store = new Map(memory && [["own", JSON.stringify({ version: 1, ...memory })]]);
  const localStorage = { getItem: (key) => store.get(key) ?? null,
    setItem: (key, text) => store.set(key, text), removeItem: (key) => store.delete(key) };
  const dataset = { chapters: JSON.stringify(chapters) };
  const front = new Element("div", { className: "own-progress", dataset },
    new Element("p", { className: "own-continue" }), new Element("button"));
  const part = new Element("p", { className: "part-progress", dataset: { folders: "cnn rnn" } });
  const questions = ["one", "two"].map((id) => new Element("fieldset", { className: "question", id },
    new Element("p", { className: "question-before" })));
  const tick = new Element("input", { dataset: { exercise: "x", chapter: here } });
  const body = [...(chapters ? [front, part] : []), ...questions, tick,
    ...sections.map((id) => new Element("section", { className: "counts", id }))];
  const root = "https://a.b/";
  open(["progress.js"], { body, classes: "remembers", localStorage, lecturesProgress: { root, key: "own" },
    location: { href: `${root}book/${here}.html#x` } });
  return { front, part, questions, store, read: () => JSON.parse(store.get("own") ?? "null"),
    mark: (checked) => Object.assign(tick, { checked }).fire("change") };
};

test("right answers and ticks are remembered, and forgotten with the last one", () => {
  const { questions, read, store, mark } = reading({ sections: ["a", "b"] });
  questions[0].fire("answered");
  questions[0].fire("answered");
  same(read(), { version: 1, last: "cnn/digits",
    chapters: { "cnn/digits": { right: ["one"], read: false, next: "a" } } });
  same(questions.map((box) => box.querySelector("p").hidden), [false, true]);
  mark(true);
  same(read().chapters["cnn/digits"].solved, ["x"]);
  // Another window has answered the second question meanwhile.
  const other = read();
  other.chapters["cnn/digits"].right.push("two");
  store.set("own", JSON.stringify(other));
  mark(false);
  same(read().chapters["cnn/digits"], { right: ["one", "two"], solved: [], read: false, next: "a" });
  const alone = reading();
  alone.mark(true);
  ok(alone.read());
  alone.mark(false);
  equal(alone.read(), null);
});

test("the front page counts by part and leads on from the last chapter, round the book", () => {
  const chapters = { "cnn/a": ["A", 2], "cnn/b": ["B", 3], "lstm/c": ["C", 4] };
  const shown = (last, ...done) => {
    const seen = Object.fromEntries(done.map((name) => [name, { read: true }]));
    seen["cnn/b"] = { ...seen["cnn/b"], right: ["p", "q", "r", "of old"], next: "middle" };
    const { front, part } = reading({ chapters, memory: { last, chapters: seen }, here: "intro" });
    const [link] = front.querySelectorAll("a");
    return [part.textContent, link?.href, link?.textContent];
  };
  const at = (page) => `https://a.b/book/${page}`;
  same(shown("cnn/b", "cnn/a"), ["1 of 2 chapters read\n3 of 5 questions right",
    at("cnn/b.html#middle"), "Continue with “B”"]);
  same(shown("lstm/c", "lstm/c").slice(1), [at("cnn/a.html"), "Continue with “A”"]);
  same(shown("cnn/a", "cnn/a", "cnn/b", "lstm/c").slice(1), [null, null]);
});
