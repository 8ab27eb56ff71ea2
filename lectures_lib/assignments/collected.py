"""What came of collecting, and how it is told."""

from collections import Counter
from dataclasses import dataclass, field

from lectures_lib.words import counted

__all__ = ["Collected", "summary"]

MANY = 20  # lines of one kind on the console


@dataclass
class Collected:
    """What `collect` did: `students` is what it wrote, `refused` is `{name: why}`."""

    students: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)
    remarks: list = field(default_factory=list)  # sentences
    sources: Counter = field(default_factory=Counter)  # of times
    new: list = field(default_factory=list)  # ids
    replaced: list = field(default_factory=list)


def summary(done, *, zone=None):
    """Return the lines that say what was done."""
    here = {id: one for id, one in done.students.items() if one["time"]}
    late = [f"{id} ({_span(one['late'])})" for id, one in here.items() if one["late"]]
    missing = [id for id in done.students if id not in here]
    yield (
        f"{len(here)} of {counted(len(done.students), 'student')} handed in: {len(done.new)} new, "
        f"{len(done.replaced)} newer than before, {len(late)} late. {len(missing)} missing."
        + ("" if any(one["due"] for one in done.students.values()) else " No deadline is set.")
    )
    if here:
        sources = ", ".join(f"{number} from {name}" for name, number in done.sources.items())
        read = f"in {zone}" if zone else "in this computer's zone (--zone names another)"
        yield f"Times: {sources}, read {read} where they name no zone."
    for what, some in (("Late", late), ("Missing", missing)):
        if some:
            yield f"{what}: {', '.join(some)}"
    refused = [f"{name}: {why}." for name, why in done.refused.items()]
    for what, some in (("Refused", refused), ("Note", done.remarks)):
        yield from (f"{what}: {line}" for line in some[:MANY])
        if len(some) > MANY:
            yield f"{what}: {len(some) - MANY} more like these."


def _span(seconds):
    """Return a time span in its largest unit.

    >>> _span(1), _span(5400), _span(200000)
    ('1 s', '1 h 30 min', '2 d 7 h')
    """
    minutes, hours = seconds // 60, seconds // 3600
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
