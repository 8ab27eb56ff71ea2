"""Assignments: choose exercises across chapters, hand them out, mark what comes back."""
