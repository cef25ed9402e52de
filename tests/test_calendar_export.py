"""iCalendar against RFC 5545: unfolded and read back it says what was given; no line is too long; nothing can be smuggled in."""

import datetime as dt
import re

from hypothesis import given
from hypothesis import strategies as st

from hatang.sharing.calendar_export import Event, icalendar

DAY = dt.date(2026, 11, 24)


def unfolded(text: str) -> list[str]:
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert "\r" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_an_event_by_hand() -> None:
    event = Event("W1:works", dt.date(2027, 1, 10), dt.date(2027, 3, 1), "Đào; lắp, hoàn trả", "dòng 1\ndòng 2 \\ hết")
    assert unfolded(icalendar([event], as_of=DAY)) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//hatang//joint works//VI",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        "UID:W1:works@hatang.invalid",
        "DTSTAMP:20261124T000000Z",
        "DTSTART;VALUE=DATE:20270110",
        "DTEND;VALUE=DATE:20270302",
        "SUMMARY:Đào\\; lắp\\, hoàn trả",
        "DESCRIPTION:dòng 1\\ndòng 2 \\\\ hết",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_events_stand_in_order_and_keep_their_uid_when_dates_change() -> None:
    first, second = Event("a", DAY, DAY, "a"), Event("b", DAY - dt.timedelta(days=1), DAY, "b")
    text = icalendar([first, second], as_of=DAY)
    assert re.findall(r"UID:(.)@", text) == ["b", "a"]
    moved = icalendar([Event("a", DAY, DAY + dt.timedelta(days=9), "a")], as_of=DAY)
    assert "UID:a@hatang.invalid" in moved


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_stays_within_its_own_line(summary: str, description: str) -> None:
    summary = summary.encode("utf-8", "ignore").decode()
    description = description.encode("utf-8", "ignore").decode()
    text = icalendar([Event("x", DAY, DAY, summary, description)], as_of=DAY)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    lines = unfolded(text)
    assert [line.split(":")[0].split(";")[0] for line in lines if line[:1].isupper()][-2:] == ["END", "END"]
    assert sum(line == "BEGIN:VEVENT" for line in lines) == 1
    found = next(line for line in lines if line.startswith("SUMMARY:")).removeprefix("SUMMARY:")
    read = re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], found)
    plain = summary.replace("\r\n", "\n").replace("\r", "\n")
    assert read == "".join(mark for mark in plain if mark in "\t\n" or ord(mark) >= 32)
