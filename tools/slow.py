"""Pytest plugin of the unit and quick stages: names slow tests that are not marked.

`make quick` leaves out what is marked `slow`, and stays quick while this names nothing.
"""

from collections import Counter

__all__ = ["LIMIT", "unmarked"]

LIMIT = 2  # seconds of a test, with what its fixtures take


def unmarked(reports):
    """Return `{test: seconds}` of slow tests without the mark, the slowest first."""
    seconds = Counter()
    for report in reports:
        if "slow" not in report.keywords:
            seconds[report.nodeid] += report.duration
    return {test: took for test, took in seconds.most_common() if took > LIMIT}


def pytest_terminal_summary(terminalreporter):
    kinds = terminalreporter.stats.values()
    reports = [one for kind in kinds for one in kind if hasattr(one, "duration")]
    for test, took in unmarked(reports).items():
        terminalreporter.write_line(f"{took:.0f} s, not marked slow: {test}")
