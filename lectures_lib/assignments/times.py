"""Times as platforms and people write them."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["moment", "zone_named", "zoned"]

# English and German, by their first letters.
MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "mär": 3, "apr": 4, "may": 5, "mai": 5, "jun": 6, "jul": 7,
    "aug": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
}  # fmt: skip
WORDS = re.compile(
    r"(?:[^\W\d]+,?\s+)?"  # the day of the week
    r"(?:(?P<day>\d{1,2})(?:\.\s*|\s+)(?P<month>[^\W\d]{3,}|\d{1,2})\.?\s*"
    r"|(?P<month_first>[^\W\d]{3,})\s+(?P<second>\d{1,2}),?\s+)"
    r"(?P<year>\d{4}),?\s+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<seconds>\d\d))?"
    r"\s*(?P<half>[ap]m)?(?:\s*Uhr)?",
    re.IGNORECASE,
)


def zone_named(name):
    """Return the time zone of a name; None, which stands for this computer's, without one.

    >>> zone_named("Europe/Berlin")
    zoneinfo.ZoneInfo(key='Europe/Berlin')
    """
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"There is no time zone {name!r}. Give one as Europe/Berlin or UTC."
        ) from None


def zoned(time, zone):
    """Return a time in UTC; one that names no zone is of `zone`, or this computer's if None.

    >>> zoned(datetime(2026, 12, 1, 23, 59), zone_named("Europe/Berlin")).isoformat()
    '2026-12-01T22:59:00+00:00'
    """
    if time.tzinfo is None and zone is not None:
        time = time.replace(tzinfo=zone)
    return time.astimezone(UTC)


def moment(text, zone):
    """Return the time that a text gives, in UTC.

    Args:
        text: As in ISO 8601, as Moodle writes it in English or German, or with a zone at its end.
        zone: As for `zoned`.

    Raises:
        ValueError: If it is no day with an hour.

    >>> moment("Tuesday, 1 December 2026, 11:59 PM", zone_named("Europe/Berlin")).isoformat()
    '2026-12-01T22:59:00+00:00'
    >>> moment("2026-12-01 23:59 America/New_York", None).isoformat()
    '2026-12-02T04:59:00+00:00'
    """
    text = " ".join(text.split())
    start, _, last = text.rpartition(" ")
    if re.fullmatch(r"[A-Za-z_]+/\S+|UTC", last):
        return moment(start, zone_named(last))
    try:
        time = datetime.fromisoformat(text) if ":" in text and text[:4].isdigit() else _read(text)
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"The time {text!r} cannot be read. It must be a day with an hour, as 2026-12-01 23:59 "
            "or as Moodle writes it in English or German."
        ) from None
    return zoned(time, zone)


def _read(text):
    found = WORDS.fullmatch(text)
    month = found["month"] or found["month_first"]
    month = int(month) if month.isdigit() else MONTHS[month[:3].lower()]
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + 12 * (found["half"].lower() == "pm")
    day = int(found["day"] or found["second"])
    minute, second = int(found["minute"]), int(found["seconds"] or 0)
    return datetime(int(found["year"]), month, day, hour, minute, second)
