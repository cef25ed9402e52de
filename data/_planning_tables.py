"""Contracts of what planning asks and of streets whose cables go underground, public through `hatang.data.contracts`."""

from typing import Final

from hatang.data._tables import Column, Table

CONSTRAINTS: Final = Table(
    "constraints",
    (
        Column("constraint_id", required=True, synonyms=("ma_vung", "ma_khu_vuc", "id")),
        Column(
            "constraint_kind",
            required=True,
            values=("underground_only", "a1_only", "relic_zone_1", "relic_zone_2", "airport_height", "forest", "flood", "moratorium"),
            synonyms=("loai_rang_buoc", "loai_vung", "loai_khu_vuc"),
        ),
        Column("name", synonyms=("ten_vung", "ten_khu_vuc", "ten")),
        Column("document", synonyms=("van_ban", "so_quyet_dinh", "quyet_dinh", "so_van_ban")),
        Column("valid_from", "date", synonyms=("hieu_luc_tu", "tu_ngay")),
        Column("valid_to", "date", synonyms=("hieu_luc_den", "den_ngay")),
        Column("max_height_m", "float", "m", low=0, high=1000, synonyms=("chieu_cao_toi_da", "chieu_cao_gioi_han")),
    ),
    key=("constraint_id",),
    geometry="any",
)
"""Where plans and zones ask something of poles, masts and digging: kind, document, days it holds, greatest height above ground."""
