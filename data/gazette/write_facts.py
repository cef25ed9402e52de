"""Write the shipped fact tables anew; run by hand when the administrative map changes, never by the product.

    python data/gazette/write_facts.py REFERENCE_BOUNDARIES

needs the registry package `vietnamadminunits` (codes, names, label points, areas of the units since 1-7-2025, and the former units);
population, seats, decrees and the pinned addresses come from the tables of the reference folder. What stands in both is compared.
"""

import csv
import importlib.util
import sqlite3
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROVINCE = "46"


def registry() -> sqlite3.Connection:
    """Open the data set that the registry package carries."""
    spec = importlib.util.find_spec("vietnamadminunits")
    if spec is None or spec.origin is None:
        sys.exit("install the package vietnamadminunits in an environment of its own first")
    return sqlite3.connect(Path(spec.origin).parent / "data/dataset.db")


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV of the reference folder."""
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def write(name: str, header: list[str], body: list[list[object]]) -> None:
    """Write one fact table, sorted by its first column."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(sorted(body, key=lambda row: [str(value) for value in row]))


def main(reference: Path) -> None:
    """Compare the two sources and write wards, crosswalk and boundary sources."""
    database = registry()
    query = "select wardCode, ward, wardType, wardAreaKm2, wardLon, wardLat from admin_units where provinceCode = ?"
    units = {row[0]: row[1:] for row in database.execute(query, (PROVINCE,))}
    former = {row[0] for row in database.execute("select wardCode from admin_units_legacy where provinceCode = ?", (PROVINCE,))}

    wards: list[list[object]] = []
    for row in rows(reference / "hue_wards_2025_attributes.csv"):
        name, kind, area, lon, lat = units.pop(row["ward_code"])
        same = (name, kind, area, lon, lat) == (
            row["name"],
            row["unit_type"],
            float(row["area_km2_official"]),
            float(row["label_lon"]),
            float(row["label_lat"]),
        )
        if not same:
            sys.exit(f"{row['ward_code']}: the registry package and the reference table differ")
        wards.append(
            [
                row["ward_code"],
                name,
                kind.lower(),
                area,
                int(row["population_2025"]),
                lon,
                lat,
                row["admin_center"],
                row["merged_from"],
                row["decree"],
            ]
        )
    if units or sum(int(str(ward[4])) for ward in wards) != 1_432_986:
        sys.exit("units are missing or the population does not sum to 1,432,986")
    header = "ward_code ward_name kind area_km2_official population label_lon label_lat seat merged_from decree"
    write("wards.csv", header.split(), wards)

    crosswalk = rows(reference / "hue_old133_to_new40_crosswalk.csv")
    if {row["old_code"] for row in crosswalk} - former:
        sys.exit("the crosswalk names former units that the registry package does not know")
    columns = ["old_code", "old_name_gso", "old_district_gso", "new_code"]
    write(
        "crosswalk.csv", ["old_code", "old_name", "old_district", "ward_code"], [[row[column] for column in columns] for row in crosswalk]
    )

    sources = rows(reference / "hue_wards_source_manifest.csv")
    write(
        "boundary_sources.csv",
        ["path", "bytes", "sha256", "url"],
        [[row[column] for column in ("path", "bytes", "sha256", "url")] for row in sources],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
