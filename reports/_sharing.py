"""The report's part on shared use: what stands along the road, what is suggested and decided, what to survey."""

from typing import Any

from hatang.data.contracts import AssetClass
from hatang.data.figures import is_missing, shown_date
from hatang.reports._writer import MOST_ROWS, ReportWriter
from hatang.reports.bargain_sheets import firms_named
from hatang.reports.document import Block, Heading, Paragraph
from hatang.reports.sharing_lists import assumptions_text, owed_words


class SharingWriter(ReportWriter):
    """Writes the part on shared use of a report."""

    def _sharing(self) -> list[Block]:
        corridor, suggestions = self._frame("corridor"), self._frame("suggestions")
        blocks: list[Block] = [Heading(2, self.say("report.section.sharing"))]
        if "sharing_totals" not in self._results.tables:
            return [*blocks, Paragraph(self.say("report.missing.sharing"))]
        totals = self._frame("sharing_totals").set_index("name")["value"]
        figures = {
            name: self._fig(totals[name], "m")
            for name in ("road_m", "dig_m_saved", "assets", "assets_reuse", "assets_full", "assets_survey", "assets_closed")
        }
        blocks.append(Paragraph(self.say("report.sharing", **figures)))
        columns = [
            ("rank", lambda row: row.rank, "tests"),
            ("suggestion", lambda row: self.say(f"suggestion.{row.kind}"), ""),
            ("owner", lambda row: firms_named(row.owner), ""),
            ("contact", lambda row: row.contact, ""),
            ("assets", lambda row: row.asset_count, "assets"),
            ("spare", lambda row: row.spare, "ways"),
            ("dig_saved", lambda row: row.dig_m_saved, "m"),
            ("decision", lambda row: self.say(f"decision.{row.decision}"), ""),
            ("assumptions", lambda row: assumptions_text(row.assumptions, self._language), ""),
        ]
        if len(suggestions):
            blocks += [self._table("suggestions", columns, suggestions.head(MOST_ROWS)), *self._decisions()]
        survey = corridor[corridor["action"] == "survey"]
        if len(survey):
            kinds = survey.groupby(["asset_class", "owner"]).agg(count=("asset_id", "size"), length=("length_m", "sum")).reset_index()
            columns = [
                ("asset", lambda row: self.say(f"asset.{row.asset_class}"), ""),
                ("owner", lambda row: row.owner, ""),
                ("assets", lambda row: row.count_, "assets"),
                ("length", lambda row: row.length if row.asset_class == AssetClass.DUCT_SECTION else None, "m"),
            ]
            blocks.append(self._table("survey", columns, kinds.rename(columns={"count": "count_"})))
        return [*blocks, Paragraph(self.say("report.preliminary"))]

    def _decisions(self) -> list[Block]:
        """Return what was decided on the suggestions above, by whom, when and why, and the capacity that refusals owe."""
        made = self._frame("decided")
        if made.empty:
            return [Paragraph(self.say("report.decisions.none"))]
        columns = [
            ("suggestion", lambda row: self.say(f"suggestion.{row.kind}"), ""),
            ("suggestion_id", lambda row: row.suggestion_id, ""),
            ("owner", lambda row: firms_named(row.owner), ""),
            ("decision", lambda row: self.say(f"decision.{row.decision}"), ""),
            ("decided_on", lambda row: shown_date(row.decided_on, self._language), ""),
            ("decided_by", lambda row: f"{self._organisation(row.organisation)} ({row.decided_by})", ""),
            ("decision_reason", lambda row: row.reason, ""),
        ]
        blocks: list[Block] = [self._table("decisions", columns, made)]
        owed = [self._owed(row) for row in made[made["owed_unit"].notna()].itertuples()]
        return blocks if not owed else [*blocks, Paragraph(self.say("report.decisions.owed")), *(Paragraph(f"– {line}.") for line in owed)]

    def _owed(self, row: Any) -> str:
        count = None if is_missing(row.owed_count) else self._fig(row.owed_count, "ways")
        return owed_words(
            row.kind, count, row.owed_unit, owner=row.owed_by, assets=row.owed_assets, why=row.owed_why, language=self._language
        )
