"""When an assignment is due: a day, or a moment with its time zone."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, available_timezones

__all__ = ["is_past", "read_due", "written"]

FORM = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)(?: (\S+))?)?")


def read_due(text):
    """Return the `date`, or the `datetime` with its zone, that a text names; None for no text.

    >>> str(read_due("2026-12-01")), read_due("2026-12-01 23:59 Europe/Berlin").isoformat()
    ('2026-12-01', '2026-12-01T23:59:00+01:00')

    Raises:
        ValueError: If it names none, or if clocks show the hour twice or never.
    """
    if not text:
        return None
    match = FORM.fullmatch(text)
    try:
        day, hour, zone = match.groups()
        local = datetime.fromisoformat(f"{day} {hour or '00:00'}")
    except (AttributeError, ValueError):
        raise ValueError(
            f"--due {text}, but it must be a day like 2026-12-01, or a day, an hour and a time "
            'zone like "2026-12-01 23:59 Europe/Berlin".'
        ) from None
    if hour is None:
        return local.date()
    if zone not in available_timezones():
        what = f"{zone} is no time zone" if zone else "the time zone is missing"
        raise ValueError(
            f'--due {text}: {what}. Name it as "{day} {hour} Europe/Berlin", or "{day} {hour} UTC".'
        )
    moment = local.replace(tzinfo=ZoneInfo(zone))
    there_and_back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    if there_and_back.replace(tzinfo=None) != local:
        how = "does not exist there: clocks are put forward"
    elif moment.utcoffset() != moment.replace(fold=1).utcoffset():
        how = "comes twice there: clocks are put back"
    else:
        return moment
    raise ValueError(f"--due {text}: this hour {how}. Take another hour, or name it in UTC.")


def written(due):
    """Return a day or a moment as people read it.

    >>> written(read_due("2026-12-01")), written(read_due("2026-06-01 08:00 Asia/Kolkata"))
    ('1 December 2026', '1 June 2026, 08:00 (Asia/Kolkata, UTC+5:30)')
    """
    day = f"{due.day} {due:%B %Y}"
    if not isinstance(due, datetime):
        return day
    minutes = round(due.utcoffset().total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    offset = f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
    zone = due.tzinfo.key
    return f"{day}, {due:%H:%M} ({zone if zone == 'UTC' else f'{zone}, {offset}'})"


def is_past(due):
    """Whether a day or a moment is over."""
    return due < (datetime.now(UTC) if isinstance(due, datetime) else date.today())
