"""The report's parts, in the order an authority expects, each saying what there is data for and what is missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from hatang.data.contracts import ALL, ANY, Technology, Verdict
from hatang.data.figures import is_missing, shown_date, shown_interval
from hatang.data.language import Language
from hatang.data.results import ResultSet
from hatang.reports._opening import OpeningWriter
from hatang.reports._sharing import SharingWriter
from hatang.reports._writer import MOST_ROWS, Interval
from hatang.reports.document import Block, Document, Figure, Heading, Paragraph
from hatang.reports.maps import verdict_map

_TECHNOLOGIES: Final = tuple(str(technology) for technology in Technology)


@dataclass(frozen=True)
class Scope:
    """What the report is about: the whole city, one ward, or a road."""

    kind: str = "city"
    ward_code: str | None = None


def build_report(results: ResultSet, *, scope: Scope, language: Language) -> Document:
    """Return the report of a result set as a neutral document."""
    writer = _Writer(_scoped(results, scope), scope, language)
    say = writer.say
    labels = [say("synthetic")] if results.synthetic else []
    if results.boundary_source == "approximate":
        labels.append(say("boundary.approximate"))
    if results.withdrawn_inputs:
        labels.append(say("results.withdrawn", datasets=", ".join(results.withdrawn_inputs)))
    return Document(
        authority="UBND THÀNH PHỐ HUẾ",
        office="SỞ XÂY DỰNG" if scope.kind == "road" else "SỞ KHOA HỌC VÀ CÔNG NGHỆ",
        sign="/BC-SXD" if scope.kind == "road" else "/BC-SKHCN",
        place_date=f"Huế, ngày … tháng … năm {results.as_of.year}",
        title="BÁO CÁO",
        subject=say(
            f"report.subject.{scope.kind}", period=results.period, as_of=shown_date(results.as_of, language), ward=writer.ward_name()
        ),
        addressee=say("report.addressee"),
        labels=labels,
        closing=say("report.closing"),
        recipients=[say(f"report.recipient.{n}") for n in range(1, 5)],
        signer="GIÁM ĐỐC",
        blocks=tuple(writer.blocks()),
    )


def _scoped(results: ResultSet, scope: Scope) -> ResultSet:
    """Return the result set cut to a ward, where the report is about one."""
    if scope.ward_code is None:
        return results
    names = [name for name in ("ward_table", "raw_tests", "gaps") if name in results.tables]
    return results.with_tables(**{name: results.tables[name][results.tables[name]["ward_code"] == scope.ward_code] for name in names})


class _Writer(SharingWriter, OpeningWriter):
    """Writes the blocks of one report."""

    def __init__(self, results: ResultSet, scope: Scope, language: Language) -> None:
        super().__init__(results, language)
        self._scope = scope

    def ward_name(self) -> str:
        if self._scope.ward_code is None:
            return ""
        wards = self._results.tables["wards"].set_index("ward_code")
        return str(wards.loc[self._scope.ward_code, "ward_name"])

    def blocks(self) -> list[Block]:
        parts: list[Block] = [Heading(1, self.say("report.part.1")), *self._grounds(), *self._sources(), *self._reading()]
        parts += [Heading(1, self.say("report.part.2")), *self._overall()]
        parts += [
            *self._mobile(),
            *self._fibre(),
            *self._places(),
            *self._gaps(),
            *self._audit(),
            *self._sharing(),
            *self._missing("outages"),
        ]
        parts += [Heading(1, self.say("report.part.3")), *self._limits()]
        parts += [Heading(1, self.say("report.part.4")), *self._tasks()]
        parts += [Heading(1, self.say("report.part.5")), Paragraph(self.say("report.proposals"))]
        return [*parts, *self._appendices()]

    def _overall(self) -> list[Block]:
        table, language = self._frame("ward_table"), self._language
        anyone = table[table["operator"] == ANY]
        lines = []
        for technology in _TECHNOLOGIES:
            verdicts = anyone.loc[anyone["technology"] == technology, "verdict"].value_counts()
            counts = {str(kind): self._fig(int(verdicts.get(str(kind), 0)), "wards") for kind in Verdict}
            lines.append(
                self.say(
                    "report.overall.line",
                    technology=self.say(f"technology.{technology}"),
                    wards=self._fig(int(verdicts.sum()), "wards"),
                    **counts,
                )
            )
        gaps = self._frame("gaps")
        people, area = self._fig(gaps["population"].sum(), "people"), self._fig(gaps["area_m2"].sum() / 1e6, "km²")
        lines.append(
            self.say("report.overall.gaps", gaps=self._fig(len(gaps), "wards"), people=people, area=area, spread=self._spread("gaps"))
        )
        score = self._frame("scorecard")
        columns = [
            ("number", lambda row: int(row.Index) + 1, "tests"),
            ("indicator", lambda row: self.say(f"indicator.{row.indicator}"), ""),
            ("clause", lambda row: row.clause, ""),
            ("target", lambda row: _figure(row.target_2030, row.unit, language), ""),
            ("current", lambda row: _figure(row.value, row.unit, language, row.lo, row.hi), ""),
            (
                "count",
                lambda row: (
                    None if is_missing(row.denominator) else f"{self._fig(row.numerator, 'tests')}/{self._fig(row.denominator, 'tests')}"
                ),
                "",
            ),
            ("declared", lambda row: _figure(row.declared, row.unit, language), ""),
            ("declared_source", lambda row: None if is_missing(row.declared_source) else f"{row.declared_source}, {row.declared_date}", ""),
            ("difference", lambda row: _figure(row.difference, row.unit, language), ""),
            ("assessment", lambda row: self.say(f"assessment.{row.assessment}"), ""),
        ]
        return [
            Heading(2, self.say("report.section.overall")),
            *(Paragraph(line) for line in lines),
            self._table("scorecard", columns, score),
        ]

    def _by_ward(self, technologies: Sequence[str]) -> pd.DataFrame:
        """Return a row a ward with the rows of every claimant as dictionaries, in the order of population."""
        table = self._frame("ward_table")
        chosen = table[table["technology"].isin(technologies)]
        wards = self._results.tables["wards"][["ward_code", "ward_name", "population"]]
        found = {code: {(row.operator, row.technology): row for row in part.itertuples()} for code, part in chosen.groupby("ward_code")}
        frame = pd.DataFrame(wards)[wards["ward_code"].isin(found)].sort_values("ward_code", ignore_index=True)
        return frame.assign(rows=pd.Series([found[code] for code in frame["ward_code"]], index=frame.index, dtype=object))

    def _ward_columns(self, shares: Sequence[tuple[str, str]], decisive: tuple[str, str]) -> list[tuple[str, Callable[[Any], object], str]]:
        def share(key: tuple[str, str]) -> Callable[[Any], object]:
            return lambda ward: Interval.of(ward.rows.get(key))

        columns: list[tuple[str, Callable[[Any], object], str]] = [
            ("number", lambda ward: int(ward.Index) + 1, "tests"),
            ("ward_code", lambda ward: ward.ward_code, ""),
            ("ward_name", lambda ward: ward.ward_name, ""),
            ("population", lambda ward: ward.population, "people"),
        ]
        columns += [(f"share_{operator}_{technology}", share((operator, technology)), "share") for operator, technology in shares]
        return [
            *columns,
            ("tests", lambda ward: _of(ward.rows.get(decisive), "tests"), "tests"),
            ("tests_needed", lambda ward: _of(ward.rows.get(decisive), "tests_needed"), "tests"),
            ("verdict", lambda ward: self.say(f"verdict.{ward.rows[decisive].verdict}"), ""),
        ]

    def _mobile(self) -> list[Block]:
        wards = self._by_ward(("4g", "5g", "mobile"))
        shares = [(ANY, "mobile"), (ANY, "4g"), (ALL, "4g"), (ANY, "5g")]
        table = self._table("mobile", self._ward_columns(shares, (ANY, "mobile")), wards)
        return [
            Heading(2, self.say("report.section.mobile")),
            Paragraph(self.say("report.mobile", spread=self._spread("ward_table"))),
            table,
            *self._by_operator(),
        ]

    def _by_operator(self) -> list[Block]:
        table = self._frame("ward_table")
        mobile = table[table["technology"].isin(["4g", "5g"]) & ~table["operator"].isin([ANY, ALL])]
        if mobile.empty:
            return [Paragraph(self.say("report.missing.operators"))]
        verdicts = mobile.pivot_table(
            index=["operator", "technology"], columns="verdict", values="ward_code", aggfunc="count", fill_value=0
        )
        counts = verdicts.reindex(columns=[str(kind) for kind in Verdict], fill_value=0)
        sums = mobile.groupby(["operator", "technology"])["tests"].sum().rename("tests")
        columns = [
            ("operator", lambda row: self._operator(row.operator), ""),
            ("technology", lambda row: self.say(f"technology.{row.technology}"), ""),
            ("covered", lambda row: row.covered, "wards"),
            ("gap", lambda row: row.gap, "wards"),
            ("insufficient", lambda row: row.insufficient, "wards"),
            ("tests", lambda row: row.tests, "tests"),
        ]
        return [self._table("operators", columns, counts.join(sums).reset_index())]

    def _fibre(self) -> list[Block]:
        table = self._frame("ward_table")
        fibre = table[(table["technology"] == Technology.FIBRE) & (table["evidence"] == "declared")]
        if fibre.empty:
            return self._missing("fibre")
        wards = self._by_ward(("fibre",))
        columns = [
            column for column in self._ward_columns([(ANY, "fibre"), (ALL, "fibre")], (ANY, "fibre")) if not column[0].startswith("tests")
        ]
        table_block = self._table("fibre", columns, wards)
        return [Heading(2, self.say("report.section.fibre")), Paragraph(self.say("report.fibre")), table_block]

    def _places(self) -> list[Block]:
        places, gaps = self._frame("places"), self._frame("gaps")
        if places.empty:
            return self._missing("places")
        inside = {technology: _inside(places, gaps, technology) for technology in ("4g", "5g")}
        frame = pd.DataFrame(places).assign(in_4g=inside["4g"], in_5g=inside["5g"])
        kinds = frame.groupby("kind").agg(total=("place_id", "size"), in_4g=("in_4g", "sum"), in_5g=("in_5g", "sum")).reset_index()
        columns = [
            ("kind", lambda row: row.kind, ""),
            ("total", lambda row: row.total, "tests"),
            ("in_gap_4g", lambda row: row.in_4g, "tests"),
            ("in_gap_5g", lambda row: row.in_5g, "tests"),
        ]
        return [Heading(2, self.say("report.section.places")), Paragraph(self.say("report.places")), self._table("places", columns, kinds)]

    def _gaps(self) -> list[Block]:
        gaps = self._frame("gaps")
        blocks: list[Block] = [Heading(2, self.say("report.section.gaps"))]
        if gaps.empty:
            return [*blocks, Paragraph(self.say("report.missing.gaps")), *self._left_out()]
        columns = [
            ("rank", lambda row: row.rank, "tests"),
            ("ward_name", lambda row: row.ward_name, ""),
            ("technology", lambda row: self.say(f"technology.{row.technology}"), ""),
            ("operator", lambda row: self._operator(row.operator), ""),
            ("gap_kind", lambda row: self.say(f"gap.{row.gap_kind}"), ""),
            ("area", lambda row: row.area_m2 / 1e6, "km²"),
            ("people", lambda row: row.population, "people"),
            (
                "failures",
                lambda row: None if is_missing(row.tests) else f"{self._fig(row.failures, 'tests')}/{self._fig(row.tests, 'tests')}",
                "",
            ),
            ("nearest", lambda row: row.nearest_site_m, "m"),
        ]
        blocks.append(Paragraph(self.say("report.gaps", most=min(MOST_ROWS, len(gaps)), gaps=self._fig(len(gaps), "wards"))))
        return [*blocks, *self._left_out(), self._table("gaps", columns, gaps.head(MOST_ROWS), spread=self._spread("gaps"))]

    def _left_out(self) -> list[Block]:
        """Return what was no gap because it is too small or too narrow, in a sentence."""
        frame = self._frame("gaps_left_out")
        if frame.empty or not frame["parts"].sum():
            return []
        small, narrow = (frame[frame["reason"] == reason] for reason in ("small", "narrow"))
        fields = {
            f"{name}_{what}": self._fig(float(rows[column].sum()) / unit, shown_in)
            for name, rows in (("small", small), ("narrow", narrow))
            for what, column, unit, shown_in in (("parts", "parts", 1, "tests"), ("area", "area_m2", 1e6, "km²"))
        }
        return [Paragraph(self.say("report.gaps_left_out", **fields))]

    def _audit(self) -> list[Block]:
        table, gaps = self._frame("ward_table"), self._frame("gaps")
        own = table[~table["operator"].isin([ANY, ALL]) & table["claimed_area_share"].notna() & (table["technology"] != "mobile")]
        if own.empty:
            return self._missing("audit")
        wards = self._results.tables["wards"].set_index("ward_code")["area_km2_official"]
        frame = own.assign(area=own["claimed_area_share"].astype(float) * own["ward_code"].map(wards).astype(float))
        grouped = frame.groupby(["operator", "technology"]).agg(area=("area", "sum"), tests=("tests", "sum")).reset_index()
        against = (
            gaps[gaps["gap_kind"] == "contradicted"]
            .groupby(["operator", "technology"])
            .agg(areas=("gap_id", "size"), km2=("area_m2", "sum"))
        )
        grouped = grouped.merge(against.reset_index(), on=["operator", "technology"], how="left").fillna({"areas": 0, "km2": 0.0})
        columns = [
            ("operator", lambda row: self._operator(row.operator), ""),
            ("technology", lambda row: self.say(f"technology.{row.technology}"), ""),
            ("claimed_area", lambda row: row.area, "km²"),
            ("tests", lambda row: row.tests, "tests"),
            ("contradicted", lambda row: int(row.areas), "tests"),
            ("contradicted_area", lambda row: row.km2 / 1e6, "km²"),
        ]
        return [Heading(2, self.say("report.section.audit")), Paragraph(self.say("report.audit")), self._table("audit", columns, grouped)]

    def _limits(self) -> list[Block]:
        table = self._frame("ward_table")
        short = table[(table["operator"] == ANY) & (table["verdict"] == Verdict.INSUFFICIENT) & table["technology"].isin(["4g", "5g"])]
        blocks: list[Block] = [Paragraph(self.say("report.limits", spread=self._spread("ward_table")))]
        if short.empty:
            return blocks
        columns = [
            ("ward_name", lambda row: row.ward_name, ""),
            ("technology", lambda row: self.say(f"technology.{row.technology}"), ""),
            ("tests", lambda row: row.tests, "tests"),
            ("tests_needed", lambda row: row.tests_needed, "tests"),
            ("cells", lambda row: f"{self._fig(row.cells_measured, 'tests')}/{self._fig(row.cells_total, 'tests')}", ""),
        ]
        return [*blocks, self._table("insufficient", columns, short.sort_values(["ward_code", "technology"]))]

    def _tasks(self) -> list[Block]:
        gaps = self._frame("gaps")
        if gaps.empty:
            return [Paragraph(self.say("report.missing.tasks"))]
        wards = (
            gaps.groupby(["ward_code", "ward_name"])
            .agg(areas=("gap_id", "size"), people=("population", "max"), first=("rank", "min"))
            .reset_index()
        )
        columns = [
            ("number", lambda row: int(row.Index) + 1, "tests"),
            ("ward_name", lambda row: row.ward_name, ""),
            ("areas", lambda row: row.areas, "tests"),
            ("largest", lambda row: row.people, "people"),
            ("measure", lambda _: self.say("report.measure"), ""),
            ("state", lambda _: self.say("report.state"), ""),
        ]
        ordered = wards.sort_values("first", ignore_index=True)
        return [Paragraph(self.say("report.tasks")), self._table("tasks", columns, ordered)]

    def _appendices(self) -> list[Block]:
        results = self._results
        blocks: list[Block] = [Heading(0, self.say("report.appendix.maps"))]
        for technology in ("mobile", "4g", "5g", "fibre"):
            caption = self.say("report.map.caption", technology=self.say(f"technology.{technology}"), operator=self.say("operator.any"))
            blocks.append(Figure(caption, verdict_map(results, technology=technology, language=self._language, width_px=1600)))
        blocks += [Heading(0, self.say("report.appendix.method")), *(Paragraph(self.say(f"report.method.{n}")) for n in range(1, 6))]
        versions = ", ".join(f"{name} {version}" for name, version in sorted(results.versions.items()))
        blocks.append(Paragraph(self.say("report.recompute", run=results.run_id, ward_version=results.ward_version, versions=versions)))
        return blocks


def _figure(value: object, unit: str, language: Language, low: object = None, high: object = None) -> str:
    """Return a figure in words, where the cells of one column differ in unit."""
    return shown_interval(value, low, high, unit, language)


def _of(row: Any, name: str) -> object:
    return None if row is None else getattr(row, name)


def _inside(places: pd.DataFrame, gaps: pd.DataFrame, technology: str) -> pd.Series:
    """Return which places lie in a gap of a technology."""
    shapes = gaps[gaps["technology"] == technology]
    if shapes.empty:
        return pd.Series(data=False, index=places.index)
    area = shapes.geometry.union_all()
    return pd.Series(places.geometry.intersects(area), index=places.index)
