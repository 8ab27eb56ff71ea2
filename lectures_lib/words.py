"""Numbers in descriptions that are read aloud."""

import re

__all__ = ["counted", "span", "spoken"]

NUMBER = re.compile(r"(?<![\w.])([+-]?)(\d+(?:\.\d+)?)(?:e([+-]?\d+))?(?!\w|\.\d)")


def spoken(text):
    """Write signs and powers as words: else screen readers drop or spell them.

    >>> spoken("from -1.71 to +2, after 1.3e-04, 3.8e-02 and -0.00 of state-c")
    'From minus 1.71 to plus 2, after 1.3 times 10 to the minus 4, 0.038 and 0.00 of state-c'
    """
    text = NUMBER.sub(_said, text)
    return text[:1].upper() + text[1:]


def _said(match):
    sign, digits, power = match.groups()
    word = {"-": "minus ", "+": "plus "}.get(sign, "") if float(digits) else ""
    if power is None:
        return word + digits
    power = int(power)
    if abs(power) < 4:
        places = max(0, len(digits.partition(".")[2]) - power)
        return word + f"{float(f'{digits}e{power}'):.{places}f}"
    return word + f"{digits} times 10 to the {'minus ' if power < 0 else ''}{abs(power)}"


def counted(number, noun):
    """Return a number with its noun in the plural, unless it is one.

    >>> counted(1, "pixel"), counted(3, "pixel")
    ('1 pixel', '3 pixels')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")


def span(low, high, form=".2f"):
    """Return a range in words, or one number where both ends read the same.

    >>> span(0.914, 0.944), span(0.911, 0.914)
    ('between 0.91 and 0.94', '0.91')
    """
    low, high = format(low, form), format(high, form)
    return low if low == high else f"between {low} and {high}"
