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

UNDERGROUNDING: Final = Table(
    "undergrounding",
    (
        Column("street_id", required=True, synonyms=("ma_tuyen", "ma_doan_tuyen", "ma_doan", "id")),
        Column(
            "street_name", required=True, synonyms=("ten_tuyen", "tuyen_duong", "ten_tuyen_duong", "ten_duong", "ten_pho", "name", "ten")
        ),
        Column("from_place", synonyms=("diem_dau", "tu_diem", "tu_nut", "doan_tu")),
        Column("to_place", synonyms=("diem_cuoi", "den_diem", "den_nut", "doan_den")),
        Column("measure", values=("underground", "tidy"), synonyms=("hinh_thuc", "hinh_thuc_thuc_hien", "bien_phap")),
        Column("start", "date", synonyms=("ngay_bat_dau", "bat_dau", "ngay_khoi_cong"), bound="first"),
        Column("end", "date", synonyms=("ngay_hoan_thanh", "ket_thuc", "han_hoan_thanh"), bound="last"),
        Column("promoter", synonyms=("chu_dau_tu", "don_vi_chu_tri", "don_vi_thuc_hien")),
        Column("document", synonyms=("van_ban", "so_quyet_dinh", "quyet_dinh", "so_van_ban")),
        Column("document_date", "date", synonyms=("ngay_van_ban", "ngay_ban_hanh", "ngay_quyet_dinh")),
        Column("status", values=("proposed", "planned", "under_construction", "done"), synonyms=("trang_thai", "tien_do", "tinh_trang")),
        Column("dead_cable_m", "float", "m", low=0, synonyms=("chieu_dai_cap_khong_su_dung", "cap_khong_su_dung", "cap_hong")),
        Column("subscribers", "int", "subscribers", low=0, synonyms=("so_thue_bao", "thue_bao")),
    ),
    key=("street_id",),
    geometry="line",
)
"""Streets whose cables are to go underground, or to be tidied: from where to where, when, by whom, by which document, how far it is.
`dead_cable_m` and `subscribers` are what was counted along the street; empty is not known, which is not none.
"""

PLAN_FIT: Final = Table(
    "plan_fit",
    (
        Column("suggestion_id", required=True),
        Column("constraint_kind", required=True, values=CONSTRAINTS["constraint_kind"].values),
        Column("fit", required=True, values=("fits", "does_not_fit", "no_data")),
        Column(
            "reason",
            required=True,
            values=("no_layer", "outside", "inside", "flooded", "height_unknown", "low_enough", "too_high"),
        ),
        Column("constraint_name"),
        Column("document"),
        Column("valid_from", "date"),
        Column("valid_to", "date"),
        Column("needs_document", "bool"),
    ),
)
"""Whether each suggestion fits each kind of constraint that speaks of it; the name, document and days are those of the constraint it meets.
The tables `mast_fit` and `underground_fit` have the same columns.
"""
