"""Choose exercises: by their ids, or a balanced draw from chapters."""

import difflib

import numpy as np

__all__ = ["ChoiceError", "choose", "draw", "place_of"]

SLACK = 0.25  # how much less even than the most even draw others may be


class ChoiceError(ValueError):
    """Exercises cannot be chosen like this."""


def choose(exercises, ids, *, with_needs=False):
    """Return the exercises with the given ids, in that order.

    Args:
        exercises: `{id: Exercise}` of the book, as from `source.read`.
        ids: What to take.
        with_needs: Add the exercises that a chosen one builds on, just before it.

    Raises:
        ChoiceError: For an unknown id, an id given twice, and a missing prerequisite.
    """
    for number, name in enumerate(ids):
        if name not in exercises:
            near = difflib.get_close_matches(name, exercises, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else "List them with: list"
            raise ChoiceError(f"No exercise is called {name!r}. {hint}")
        if name in ids[:number]:
            raise ChoiceError(f"{name!r} is given twice. Leave one out.")
    if with_needs:
        ids = _completed(exercises, ids)
    for number, name in enumerate(ids):
        for need in exercises[name].needs:
            if need not in ids[:number]:
                what = "comes after it" if need in ids else "is not chosen"
                raise ChoiceError(
                    f"{name!r} builds on {need!r}, which {what}. Give {need} before it, or add "
                    "what is missing with --with-needs."
                )
    return [exercises[name] for name in ids]


def draw(exercises, places, *, count, seed, taken=(), with_needs=False):
    """Return ids of a balanced draw from chapters, in the order of the book.

    Of many draws those are kept whose chapters and kinds are spread most evenly and whose points
    and minutes are nearest to `count` times their means; the seed chooses among them. What an
    exercise builds on comes along as part of the draw, so that it can be handed out as it is.

    Args:
        exercises: `{id: Exercise}` of the book.
        places: Where to draw from, as `cnn` or `chapter:lstm/gates`.
        count: How many exercises.
        seed: Which of the draws; the same seed gives the same one.
        taken: Ids that are chosen already; they are not drawn again.
        with_needs: What an exercise builds on in other chapters is added later, on top.
    """
    pools = [{e.id for e in place_of(exercises, place, "--from")} - set(taken) for place in places]
    names = [name for name in exercises if any(name in pool for pool in pools)]
    if not 1 <= count <= len(names):
        raise ChoiceError(
            f"--count {count}, but {' and '.join(places)} hold {len(names)} exercises. Give a "
            f"number from 1 to {len(names)}."
        )
    there = set(exercises) - set(names) if with_needs else set(taken)
    rng = np.random.default_rng(seed)
    costs = {
        drawn: _imbalance(exercises, drawn, names, pools)
        for drawn in _draws(exercises, names, count, there, rng)
    }
    if not costs:
        raise ChoiceError(_unfinished(exercises, names, there, count, places))
    near = sorted(drawn for drawn, cost in costs.items() if cost <= min(costs.values()) + SLACK)
    return list(near[rng.integers(len(near))])


def _draws(exercises, names, count, there, rng):
    """Return draws in the order of the book, each with all that it builds on or that is there."""
    found = set()
    for _ in range(400):
        order = [names[i] for i in rng.permutation(len(names))]
        chosen = _closed(exercises, order, count, there)
        if chosen:
            found.add(tuple(name for name in names if name in chosen))
    return found


def place_of(exercises, place, option):
    """Return the exercises of a chapter or of a topic, as `lstm/gates`, `lstm`, `chapter:lstm`."""
    chapter = place.removeprefix("chapter:")
    found = [e for e in exercises.values() if chapter in (e.chapter, e.topic)]
    if not found:
        known = {e.chapter for e in exercises.values()} | {e.topic for e in exercises.values()}
        raise ChoiceError(f"{option} {place}: there is none. Chapters are {sorted(known)}.")
    return found


def _unfinished(exercises, names, there, count, places):
    """Say why no draw can be handed out: what exercises build on is elsewhere."""
    outside = {
        name: need
        for name in names
        for need in _completed(exercises, [name])
        if need not in {*names, *there}
    }
    named = ", ".join(f"{name} builds on {need}" for name, need in outside.items())
    return (
        f"No {count} exercises of {' and '.join(places)} have all that they build on among them: "
        f"{named}. Add it with --with-needs, or give another --count."
    )


def _completed(exercises, ids):
    """Return ids with all that they build on, each before what builds on it."""
    done = []

    def add(name):
        for need in exercises[name].needs:
            add(need)
        if name not in done:
            done.append(name)

    for name in ids:
        add(name)
    return done


def _closed(exercises, order, count, there):
    """Take exercises in an order, each with what it builds on, until there are `count`."""
    chosen = []
    for name in order:
        more = [n for n in _completed(exercises, [name]) if n not in {*chosen, *there}]
        if len(chosen) + len(more) <= count and all(n in order for n in more):
            chosen += more
    return chosen if len(chosen) == count else None


def _imbalance(exercises, chosen, names, pools):
    """Return how far a choice is from an even one; 0 is even."""
    taken = [exercises[name] for name in chosen]
    everything = [exercises[name] for name in names]
    cost = 0.0
    for what in ("points", "minutes"):
        mean = np.mean([getattr(e, what) for e in everything])
        cost += abs(np.mean([getattr(e, what) for e in taken]) / mean - 1)
    groups = [[len(pool & set(chosen)) for pool in pools] if len(pools) > 1 else []]
    for key in ("kind", "chapter"):
        values = sorted({getattr(e, key) for e in everything})
        groups.append([sum(getattr(e, key) == value for e in taken) for value in values])
    for group in groups:
        cost += (max(group) - min(group)) / len(chosen) if group else 0
    return cost
