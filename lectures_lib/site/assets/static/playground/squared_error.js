// The loss of outputs that are numbers.
"use strict";

globalThis.lecturesSquaredError = ({ allocate }, { losses }) => {
  // Loss of a batch and its gradient in the outputs, a mean over all their values.
  losses["squared error"] = ({ values }, targets) => {
    let value = 0;
    const gradient = allocate(values.length);
    for (let k = 0; k < values.length; k++) {
      const error = values[k] - targets[k];
      value += (error * error) / values.length;
      gradient[k] = (2 * error) / values.length;
    }
    return { value, gradient };
  };
};
