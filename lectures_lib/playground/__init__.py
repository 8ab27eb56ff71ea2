"""Networks that answer, and that learn, in the page; `playground.training` needs TensorFlow."""

from lectures_lib.playground.answering import Playground, playground

__all__ = ["Playground", "playground"]
