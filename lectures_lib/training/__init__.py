"""Train networks, one or many at a time; results are tidy rows."""

from lectures_lib.training.forecast import forecast
from lectures_lib.training.many import ManyNetworks, fit_many
from lectures_lib.training.one import evaluate, fit
from lectures_lib.training.parallel import SweepError, sweep

__all__ = ["ManyNetworks", "SweepError", "evaluate", "fit", "fit_many", "forecast", "sweep"]
