"""Contracts of prices, of official figures that are declared, and of outages, public through `hatang.data.contracts`."""

from typing import Final

from hatang.data._tables import Column, Table

PRICES: Final = Table(
    "prices",
    (
        Column("item", required=True, synonyms=("hang_muc", "ma_hang_muc", "ten_hang_muc", "cong_tac", "noi_dung")),
        Column("unit", required=True, synonyms=("don_vi_tinh", "dvt", "don_vi")),
        Column("price_vnd", "float", "VND", required=True, low=0, synonyms=("don_gia", "vnd", "gia")),
        Column("valid_from", "date", required=True, synonyms=("hieu_luc_tu", "tu_ngay", "ngay_ap_dung", "from", "ngay")),
        Column("source", required=True, synonyms=("nguon", "van_ban", "so_van_ban")),
        Column("verified", "bool", synonyms=("da_doi_chieu", "da_kiem_tra", "da_xac_minh")),
    ),
    key=("item", "unit", "valid_from"),
)
"""Price of a unit of an item of work from a day on, with the document it stands in and whether somebody held it against that document."""

DECLARATIONS: Final = Table(
    "declarations",
    (
        Column("indicator", required=True, synonyms=("chi_tieu", "ten_chi_tieu", "chi_so")),
        Column("scope", required=True, values=("city", "ward", "operator"), synonyms=("pham_vi",)),
        Column("operator", synonyms=("doanh_nghiep", "nha_mang")),
        Column("ward_code", synonyms=("ma_xa", "ma_phuong_xa", "ma_dvhc")),
        Column("ward_name", synonyms=("ten_xa", "phuong_xa", "xa_phuong", "ward")),
        Column("period", required=True, synonyms=("ky", "ky_so_lieu", "quy", "thang", "nam")),
        Column("value", "float", "see unit", required=True, synonyms=("gia_tri", "so_lieu_cong_bo", "so_lieu", "ket_qua")),
        Column("unit", required=True, synonyms=("don_vi_tinh", "dvt", "don_vi_do")),
        Column("document", required=True, synonyms=("van_ban", "so_van_ban", "bao_cao", "nguon")),
        Column("declared_on", "date", required=True, synonyms=("ngay_cong_bo", "ngay_van_ban", "ngay")),
        Column("definition", synonyms=("cach_tinh", "dinh_nghia")),
    ),
    key=("indicator", "scope", "operator", "ward_code", "period"),
)
"""Figures that the city or a firm declares: of what, where, when, and in which document of which day. Shares are 0–1. `period` is a quarter
(`2026Q3`), a month (`2026-08`) or a year (`2026`).
"""

OUTAGES: Final = Table(
    "outages",
    (
        Column("outage_id", required=True, synonyms=("ma_su_co", "id")),
        Column("operator", required=True, synonyms=("doanh_nghiep", "nha_mang", "provider", "don_vi")),
        Column("technology", values=("4g", "5g", "fibre"), synonyms=("cong_nghe", "tech")),
        Column("site_id", synonyms=("ma_tram", "ma_tram_bts", "site_code")),
        Column("ward_code", synonyms=("ma_xa", "ma_phuong_xa", "ma_dvhc")),
        Column("ward_name", synonyms=("ten_xa", "phuong_xa", "xa_phuong", "ward")),
        Column("start", "time", required=True, synonyms=("bat_dau", "thoi_gian_bat_dau", "tu_luc")),
        Column("end", "time", synonyms=("khoi_phuc", "ket_thuc", "thoi_gian_ket_thuc", "den_luc")),
        Column("cause", synonyms=("nguyen_nhan",)),
    ),
    key=("outage_id",),
)
"""Time without service of a station or a ward (local times); `end` is open while it lasts, `technology` where all were gone."""

DECLARED: Final = Table(
    "declared",
    (
        Column("indicator", required=True),
        Column("scope", required=True, values=("city", "ward", "operator")),
        Column("operator"),
        Column("ward_code"),
        Column("ward_name"),
        Column("period", required=True),
        Column("unit", required=True),
        Column("declared", "float", "see unit", required=True),
        Column("document", required=True),
        Column("declared_on", "date", required=True),
        Column("definition"),
        Column("counted", "float", "see counted_unit"),
        Column("lo", "float", "see counted_unit"),
        Column("hi", "float", "see counted_unit"),
        Column("counted_unit"),
        Column("counted_period"),
        Column("difference", "float", "see unit"),
        Column(
            "comparison", required=True, values=("compared", "undecided", "not_counted", "scope_differs", "unit_differs", "period_differs")
        ),
    ),
    key=("indicator", "scope", "operator", "ward_code", "period"),
)
"""Declared figures beside what the assessment counts; `difference` is ours less theirs, and stands where both can be compared."""
