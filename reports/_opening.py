"""Part 1 of the report: on what grounds it stands, what was filed, and the rules it is read by."""

from typing import Final

import pandas as pd

from hatang.data.figures import shown_date
from hatang.reports._writer import ReportWriter
from hatang.reports.document import Block, Heading, Paragraph

_HASH_DIGITS: Final = 8


class OpeningWriter(ReportWriter):
    """Writes part 1."""

    def _grounds(self) -> list[Block]:
        return [
            Heading(2, self.say("report.section.grounds")),
            Paragraph(self.say("report.grounds")),
            Paragraph(self.say("report.scope", period=self._results.period, as_of=shown_date(self._results.as_of, self._language))),
        ]

    def _sources(self) -> list[Block]:
        inputs = pd.DataFrame(
            [dict(entry) for entry in self._results.inputs],
            columns=["kind", "file", "organisation", "period", "rows_in", "rows_refused", "rows_kept", "sha256", "source"],
        )
        columns = [
            ("number", lambda row: int(row.Index) + 1, "tests"),
            ("source", lambda row: f"{self.say(f'kind.{row.kind}')}: {row.file}", ""),
            ("organisation", lambda row: self._organisation(row.organisation), ""),
            ("period", lambda row: row.period, ""),
            ("rows_in", lambda row: row.rows_in, "tests"),
            ("rows_refused", lambda row: row.rows_refused, "tests"),
            ("rows_kept", lambda row: row.rows_kept, "tests"),
            ("hash", lambda row: str(row.sha256)[:_HASH_DIGITS], ""),
            ("remark", lambda row: row.source, ""),
        ]
        blocks: list[Block] = [Heading(2, self.say("report.section.sources"))]
        if inputs.empty:
            return [*blocks, Paragraph(self.say("report.missing.sources"))]
        blocks.append(self._table("sources", columns, inputs))
        steps = "; ".join(f"{self.say(f'ledger.{row.step}')}: {self._fig(row.rows, 'tests')}" for row in self._frame("ledger").itertuples())
        return [*blocks, Paragraph(self.say("report.ledger", steps=steps))]

    def _reading(self) -> list[Block]:
        rules = pd.DataFrame([{"name": name, **rule} for name, rule in sorted(self._results.configuration.items())])
        columns = [
            ("rule", lambda row: self.say(f"rule.{row.name}"), ""),
            ("value", lambda row: float(row.value), "rule"),
            ("unit", lambda row: self.say(f"unit.{row.unit}"), ""),
            ("basis", lambda row: row.source, ""),
            ("verified", lambda row: self.say("report.verified" if row.verified else "report.unverified"), ""),
        ]
        return [
            Heading(2, self.say("report.section.reading")),
            Paragraph(self.say("report.reading")),
            self._table("rules", columns, rules),
        ]
