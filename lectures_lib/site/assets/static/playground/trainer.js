// The page's side of a training: a worker made of the engine's own text, because pages from file://
// may start no other; where a policy forbids it, the same loop runs in the page.
"use strict";

globalThis.lecturesTrainer ??= (() => {
  let active = null; // one training at a time on a page

  const source = () => {
    const texts = Object.keys(globalThis)
      .filter((name) => name.startsWith("lectures") && typeof globalThis[name] === "function")
      .map((name) => `globalThis.${name} = ${globalThis[name]};`);
    return `"use strict";\n${texts.join("\n")}\n(${insideWorker})();`;
  };
  const insideWorker = () => {
    const { port1, port2 } = new MessageChannel(); // timers wait 4 ms and more
    const waiting = [];
    port1.addEventListener("message", () => waiting.shift()());
    port1.start();
    const later = (f, wait) => {
      if (wait > 4) return setTimeout(f, wait);
      waiting.push(f);
      port2.postMessage(null);
    };
    const post = (report) => postMessage(report);
    const receive = lecturesLoop({ engine: lecturesEngine(), post, later });
    addEventListener("message", ({ data }) => receive(data));
    postMessage({ ready: true });
  };
  // In the page the pictures must have their turn: a timer, not a message.
  const insidePage = (post) =>
    lecturesLoop({ engine: lecturesEngine(), post, later: (f, wait) => setTimeout(f, Math.max(wait, 4)) });

  return class Trainer {
    constructor(data, onReport) {
      this.onReport = onReport;
      this.run = 0;
      this.queue = [{ action: "load", data }];
      this.place = "worker";
      const fallBack = () => {
        if (this.receive) return;
        this.place = "page";
        this.receive = insidePage((report) => this.heard(report));
        this.flush();
      };
      try {
        const url = URL.createObjectURL(new Blob([source()], { type: "text/javascript" }));
        const worker = new Worker(url);
        worker.addEventListener("message", ({ data: report }) => {
          if (!report.ready) return this.heard(report);
          this.receive = (message) => worker.postMessage(message);
          this.flush();
        });
        worker.addEventListener("error", (event) => {
          event.preventDefault();
          fallBack();
        });
      } catch {
        fallBack();
      }
    }

    flush() {
      for (const message of this.queue.splice(0)) this.receive(message);
    }

    send(message) {
      if (this.receive) this.receive(message);
      else this.queue.push(message);
    }

    // Reports of a run that is over are late, and stay out of the new curves.
    heard(report) {
      if (report.id === this.run) this.onReport(report);
    }

    take() {
      if (active && active !== this) active.pause();
      active = this;
    }

    start(settings) {
      this.take();
      this.run += 1;
      this.send({ ...settings, action: "start", id: this.run });
    }

    resume() {
      this.take();
      this.send({ action: "resume", id: this.run });
    }

    pause() {
      this.send({ action: "pause", id: this.run });
    }

    step() {
      this.take();
      this.send({ action: "step", id: this.run });
    }

    change(settings) {
      this.send({ ...settings, action: "change", id: this.run });
    }
  };
})();
