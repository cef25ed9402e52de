"""The calendar of a road's answer as iCalendar: works, plans, deadlines and moratoria, and what each plan has to decide by when."""

import pandas as pd

from hatang.data.language import Language, text
from hatang.data.results import ResultSet
from hatang.sharing.calendar_export import Event, icalendar


def sharing_calendar(results: ResultSet, language: Language) -> bytes:
    """Return the file; every event is of whole days, and has the same UID whenever it is made again."""
    preliminary = text("report.preliminary", language)
    mark = f"{text('synthetic', language).upper()} " if results.synthetic else ""
    events = [
        Event(
            f"{row['road_id']}:{row['kind']}:{row['id']}",
            pd.Timestamp(row["start"]).date(),
            pd.Timestamp(row["end"]).date(),
            f"{mark}{text('sharing.bar.' + str(row['kind']), language)}: {row['id']}",
            preliminary,
        )
        for row in results.tables["calendar"].to_dict("records")
    ]
    timing = results.tables["timing"]
    for row in timing[timing["decide_by"].notna()].to_dict("records"):
        day = pd.Timestamp(row["decide_by"]).date()
        words = f"{mark}{text('sharing.bar.decide', language)}: {row['plan_id']} – {text('sharing.advice.' + str(row['advice']), language)}"
        reason = text(f"sharing.reason.{row['reason']}", language)
        events.append(Event(f"{row['road_id']}:decide:{row['plan_id']}", day, day, words, f"{reason}. {preliminary}"))
    return icalendar(events, as_of=results.as_of).encode()
