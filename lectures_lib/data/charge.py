"""Records of a gated integrator: packets of charge arrive, commands drain it and read it."""

import numpy as np

from lectures_lib.data.splits import Split, check_positive, read_only

__all__ = ["charge_records", "pulse_train"]

CHARGES_PC = (1, 2, 3)
MOST_PC = 6
SYMBOLS = {".": (0, 0, 0), "d": (0, 1, 0), "r": (0, 0, 1)} | {
    str(charge): (charge, 0, 0) for charge in CHARGES_PC
}


def pulse_train(text, *, noise_pc=0.0, seed=0) -> Split:
    """Turn a written record into inputs and labels of a gated integrator.

    Args:
        text: One sign per step: `1`, `2` or `3` for a packet of so many pC, `d` for the command to
            drain, `r` for that to read, `.` for none.
        noise_pc: Standard deviation of noise on the charge that arrives, in pC.
        seed: Decides the noise.

    Returns:
        A `Split` of one record. Inputs `(1, steps, 3)`: charge (pC), drain and read (0 or 1).
        Labels `(1, steps, 1)`: the charge without noise since the last drain, in pC, at steps with
        a command to read, and 0 at all others.

    Raises:
        ValueError: If the text is empty or has other signs, or `noise_pc` is negative.

    >>> task = pulse_train("1.2rd.r")
    >>> task.inputs[0, :, 0].tolist(), task.labels[0, :, 0].tolist()
    ([1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0])
    """
    unknown = sorted(set(text) - set(SYMBOLS))
    if unknown or not text:
        raise ValueError(
            f"text={text!r} is no record: {unknown or 'nothing'} is in it. Write one sign per "
            f"step, each of {' '.join(SYMBOLS)}."
        )
    return _records(np.array([[SYMBOLS[sign] for sign in text]]), noise_pc, seed)


def charge_records(*, series, num_steps, noise_pc=0.1, seed=0) -> Split:
    """Generate random records of a gated integrator, as `pulse_train` describes them.

    Rare and frequent packets of 1 to 3 pC, never more than 6 pC together; a drain in one step of
    twenty, a command to read in about one of three.

    Args:
        series, num_steps: Number of records, and of steps in each.
        noise_pc, seed: As in `pulse_train`; the seed decides the records too.

    Returns:
        A `Split`. Inputs `(series, num_steps, 3)`, labels `(series, num_steps, 1)`.

    Raises:
        ValueError: If a number is not a positive integer, or `noise_pc` is negative.

    >>> task = charge_records(series=4, num_steps=10)
    >>> task.inputs.shape, task.labels.shape, bool(task.labels.max() <= 6)
    ((4, 10, 3), (4, 10, 1), True)
    """
    check_positive(series=series, num_steps=num_steps)
    rng = np.random.default_rng(seed)
    chance = rng.uniform(size=(series, num_steps))
    packets = rng.uniform(0.02, 0.3, size=(series, 1))  # chance of a packet in this record
    charge = rng.choice(CHARGES_PC, size=chance.shape) * (chance < packets)
    drain = (chance >= packets) & (chance < packets + 0.05)
    read = (chance >= packets + 0.05) & (chance < packets + 0.35)
    held = np.zeros(series)
    for t in range(num_steps):
        charge[:, t] *= held + charge[:, t] <= MOST_PC
        held = np.where(drain[:, t], 0, held + charge[:, t])
    return _records(np.stack([charge, drain, read], axis=-1), noise_pc, seed)


def _records(commands, noise_pc, seed):
    """Return inputs with noise, and labels; `commands` is `(series, steps, 3)` without noise."""
    if not noise_pc >= 0:
        raise ValueError(f"noise_pc={noise_pc} is no standard deviation. Pass noise_pc=0 or more.")
    charge, drain, read = np.moveaxis(commands.astype(float), -1, 0)  # each (series, steps)
    held = np.zeros_like(charge)
    for t in range(charge.shape[1]):
        held[:, t] = (1 - drain[:, t]) * (held[:, t - 1] if t else 0) + charge[:, t]
    noise = noise_pc * np.random.default_rng([seed, 1]).normal(size=charge.shape)
    inputs = np.stack([charge + noise, drain, read], axis=-1)
    return read_only(inputs.astype("float32"), (read * held)[..., np.newaxis].astype("float32"))
