"""The calendar of joint works as iCalendar text, for the office's own calendar."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_LINE_OCTETS: Final = 75
_ESCAPED: Final = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\r\n": "\\n", "\n": "\\n", "\r": "\\n"}


@dataclass(frozen=True, slots=True)
class Event:
    """A whole-day event; `end` is its last day. `name` must be the same whenever the event is exported again, whatever its dates."""

    name: str
    start: dt.date
    end: dt.date
    summary: str
    description: str = ""


def icalendar(events: Iterable[Event], *, as_of: dt.date, domain: str = "hatang.invalid") -> str:
    r"""Return the events as iCalendar: lines end in CRLF, are folded at 75 octets between characters, and UIDs last.

    Parameters
    ----------
    events
        Sorted here by start and name.
    as_of
        Becomes DTSTAMP, at midnight UTC: equal input gives equal text.

    References
    ----------
    RFC 5545 (2009): 3.1 folding, 3.3.11 escaping, 3.6.1 event, 3.8.4.7 UID; DTEND of whole days is the day after the last.

    Examples
    --------
    >>> day = dt.date(2026, 12, 1)
    >>> text = icalendar([Event("W1:deadline", day, day, "Hạn đăng ký")], as_of=dt.date(2026, 11, 24))
    >>> [line for line in text.split("\r\n") if line.startswith("DTEND")]
    ['DTEND;VALUE=DATE:20261202']
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//hatang//joint works//VI", "CALSCALE:GREGORIAN"]
    for event in sorted(events, key=lambda event: (event.start, event.name)):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(event.name)}@{domain}",
            f"DTSTAMP:{as_of:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{event.start:%Y%m%d}",
            f"DTEND;VALUE=DATE:{event.end + dt.timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(event.summary)}",
            *([f"DESCRIPTION:{_escaped(event.description)}"] if event.description else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(_folded(line) + "\r\n" for line in [*lines, "END:VCALENDAR"])


def _escaped(words: str) -> str:
    for sign, written in _ESCAPED.items():
        words = words.replace(sign, written)
    return "".join(mark for mark in words if mark == "\t" or ord(mark) >= 32)


def _folded(line: str) -> str:
    """Return a line broken so that no part exceeds 75 octets, never within a character."""
    parts, part, size = [], "", 0
    for mark in line:
        octets = len(mark.encode())
        if size + octets > _LINE_OCTETS:
            parts.append(part)
            part, size = " ", 1
        part += mark
        size += octets
    return "\r\n".join([*parts, part])
