"""Draws of exercises are spread over chapters, kinds and places, and are worth what is usual."""

from collections import Counter

import pytest

from lectures_lib.assignments.choose import draw
from lectures_lib.exercises.source import Exercise


def pool(*groups, each=6):
    """Return so many exercises of each group, a dictionary of what is special to it."""
    usual = {"chapter": "cnn/a", "kind": "code", "points": 4, "minutes": 10, "needs": ()}
    texts = dict.fromkeys(("title", "prompt", "answer"), "")
    made = [usual | group for group in groups for _ in range(each)]
    return {f"cnn-{k}": Exercise(f"cnn-{k}", **one, **texts) for k, one in enumerate(made)}


def drawn(exercises, key, *, places=("cnn",), count=4):
    """Return how many exercises of each group eight draws hold, one set a draw."""
    taken = [draw(exercises, places, count=count, seed=seed) for seed in range(8)]
    assert all(len(ids) == count for ids in taken)
    assert len(set(map(tuple, taken))) > 1
    return [Counter(getattr(exercises[name], key) for name in ids) for ids in taken]


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("chapter", ("cnn/a", "cnn/b")), ("kind", ("code", "explain")), ("points", (1, 9)),
        ("minutes", (5, 60)),
    ],
)  # fmt: skip
def test_a_draw_takes_as_much_of_each(key, values):
    exercises = pool(*({key: value} for value in values))
    assert drawn(exercises, key) == [Counter(dict.fromkeys(values, 2))] * 8


def test_a_place_of_many_chapters_gets_no_more_than_one_of_a_single_chapter():
    exercises = pool({"chapter": "cnn/a"}, {"chapter": "cnn/b"}, {"chapter": "lstm/c"})
    for counts in drawn(exercises, "topic", places=("chapter:cnn", "lstm/c")):
        assert counts == {"cnn": 2, "lstm": 2}
