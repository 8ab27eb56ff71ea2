"""Networks that answer, and that learn, in the page."""

from lectures_lib.playground.answering import Playground, playground

__all__ = ["Playground", "playground"]
