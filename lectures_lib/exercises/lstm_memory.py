"""Checks of networks that answers of the chapter on long memory train."""

import numpy as np

from lectures_lib.exercises import Trained, exercise
from lectures_lib.exercises.case import explained

STEPS, SERIES, HIDDEN = 60, 2000, 1000


def recalled(rng, series):
    """Return records `(series, STEPS, 2)` of noise and a marker, and their first voltages.

    >>> records, voltages = recalled(np.random.default_rng(0), 3)
    >>> records.shape, bool((records[:, 0, 0] == voltages).all()), records[0, :3, 1].tolist()
    ((3, 60, 2), True, [1.0, 0.0, 0.0])
    """
    records = np.zeros((series, STEPS, 2), "float32")
    records[..., 0] = rng.uniform(-1, 1, size=(series, STEPS))
    records[:, 0, 1] = 1
    return records, records[:, 0, 0].copy()


@exercise("lstm-open-gates", chapter="lstm/long_memory")
def _open_gates(rng):
    records, voltages = recalled(rng, SERIES)
    hidden, labels = recalled(rng, HIDDEN)
    yield Trained(
        {"records": records, "voltages": voltages},
        hidden,
        labels,
        on="records that it has not seen",
        threshold=0.9,
        baseline=0.5,
        output_shape=(1,),
        score=explained,
        score_name="explained variance",
        recurrent="LSTM",
        seconds=120,
        bands=(
            (
                0.5,
                "The constant answer explains nothing: do the forget gates start open, or is "
                "their bias still the 1 of Keras? Look at the second block of the bias. If they "
                "are open, take another seed, or larger batches.",
            ),
            (1.0, "Nearly: more epochs, or a smaller rate at the end."),
        ),
    )
