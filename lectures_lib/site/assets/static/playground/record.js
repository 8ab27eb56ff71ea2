// A record of charge as a text, a sign for each step, and as the inputs of a network.
"use strict";

globalThis.lecturesRecord ??= (() => {
  const STEPS = 48;
  const SIGNS = ".123dr"; // nothing, charge in pC, drain, read

  // Keep the signs that are known; exactly as many as there are steps.
  const clean = (text) =>
    Array.from(text.toLowerCase()).filter((sign) => SIGNS.includes(sign)).slice(0, STEPS).join("")
      .padEnd(STEPS, ".");

  // What of a text is no record, and is left out.
  const refused = (text) => {
    const unknown = [...new Set(text.toLowerCase())]
      .filter((sign) => sign.trim() && !SIGNS.includes(sign));
    if (unknown.length) return `No sign of a record, and left out: ${unknown.join(" ")}`;
    return text.length > STEPS ? `A record has ${STEPS} steps; the rest is left out.` : "";
  };

  // Inputs of a record: charge (pC) with noise, drain, read; and the charge when it is read.
  const encode = (text, noise, normals) => {
    const inputs = new Float32Array(3 * STEPS);
    const wanted = new Float32Array(STEPS);
    let held = 0;
    Array.from(text).forEach((sign, t) => {
      const charge = "123".includes(sign) ? Number(sign) : 0;
      held = sign === "d" ? 0 : held + charge;
      wanted[t] = sign === "r" ? held : 0;
      inputs.set([charge + noise * normals[t], sign === "d" ? 1 : 0, sign === "r" ? 1 : 0], 3 * t);
    });
    return { inputs, wanted };
  };

  return { STEPS, SIGNS, clean, refused, encode };
})();
