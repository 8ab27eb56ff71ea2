"use strict";

// Short questions: the sentence that belongs to an answer stands in the page, in a folded list.
(() => {
  // "8,660" is a thousand times what "0,66" begins; a minus may be a typographer's.
  const read = (text) => {
    const plain = text.trim().replace("−", "-");
    if (/^-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(plain)) return +plain.replaceAll(",", "");
    return plain === "" ? NaN : Number(plain.replace(",", "."));
  };

  // The place of an answer in the list, or undefined if there is none.
  const given = (box, reasons) => {
    const field = box.querySelector("input[type=text]");
    if (!field) {
      const place = [...box.querySelectorAll("input")].findIndex((one) => one.checked);
      return reasons[place];
    }
    const number = read(field.value);
    if (!Number.isFinite(number)) return undefined;
    const near = ({ dataset: { value, tolerance } }) =>
      Math.abs(number - value) <= +tolerance + 1e-9 * Math.max(1, Math.abs(value));
    return reasons.find((one) => !("value" in one.dataset) || near(one));
  };

  for (const box of document.querySelectorAll("fieldset.question")) {
    const folded = box.querySelector("details");
    const button = box.querySelector("button");
    const status = box.querySelector("[role=status]");
    const reasons = [...folded.querySelectorAll("li")];
    folded.hidden = true;
    button.hidden = false;
    const check = () => {
      const reason = given(box, reasons);
      const right = reason && "right" in reason.dataset;
      box.dataset.state = reason ? (right ? "right" : "wrong") : "";
      if (!reason) {
        const choice = box.querySelector("input[type=radio]");
        status.textContent = choice ? "Choose an answer first." : "Enter a number first, such as 0.25.";
        return;
      }
      const strong = document.createElement("strong");
      strong.textContent = right ? "Right. " : "Wrong. ";
      status.replaceChildren(strong, reason.lastElementChild.cloneNode(true));
      if (right) box.dispatchEvent(new Event("answered", { bubbles: true })); // for progress.js
    };
    button.addEventListener("click", check);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input")) check();
    });
    box.addEventListener("input", () => {
      status.replaceChildren();
      delete box.dataset.state;
    });
  }
})();
