// Powers of ten, as axes show them.
"use strict";

lecturesView.power = (k) => (k === 0 || k === 1 ? String(10 ** k)
  : `10${[...String(k)].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]).join("")}`);
