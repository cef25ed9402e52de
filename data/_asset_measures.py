"""What a register may hold of an asset beside its room: measures that clauses speak of, by the names of the register's own tables."""

from typing import Final

from hatang.data._tables import Column

LAYINGS: Final = ("open_trench", "micro_trench", "hdd", "bridge", "hao", "tunnel")
SURFACES: Final = ("sidewalk", "verge", "carriageway", "median")
ASSET_MEASURES: Final = (
    Column("boxes_used", "int", "boxes", low=0, high=100, synonyms=("so_hop_cap", "hop_cap")),
    Column("slack_m", "float", "m", low=0, high=1000, synonyms=("cap_du_tru", "chieu_dai_cap_du_tru")),
    Column("laying", values=LAYINGS, synonyms=("cach_dat", "cach_lap_dat")),
    Column("layers", "int", "layers", low=1, high=20, synonyms=("so_lop_ong",)),
    Column("cover_m", "float", "m", low=0, high=20, synonyms=("do_sau_dat_ong", "lop_phu")),
    Column("slab_mm", "float", "mm", low=0, high=2000, synonyms=("tam_be_tong_che", "day_tam_be_tong")),
    Column("duct_gap_mm", "float", "mm", low=0, high=2000, synonyms=("khe_ho_giua_ong", "khoang_cach_ong")),
    Column("surface", values=SURFACES, synonyms=("vi_tri_dat", "tren_he_hay_long_duong")),
    Column("trench_top_mm", "float", "mm", low=0, high=20000, synonyms=("ranh_rong_tren", "be_rong_mieng_ranh")),
    Column("trench_bottom_mm", "float", "mm", low=0, high=20000, synonyms=("ranh_rong_day", "be_rong_day_ranh")),
    Column("length_mm", "float", "mm", low=0, high=50000, synonyms=("be_dai_trong", "chieu_dai_be")),
    Column("width_mm", "float", "mm", low=0, high=50000, synonyms=("be_rong_trong", "chieu_rong_be")),
    Column("depth_mm", "float", "mm", low=0, high=50000, synonyms=("be_sau_trong", "chieu_sau_be")),
    Column("floor_gap_mm", "float", "mm", low=0, high=5000, synonyms=("ong_cach_day_be",)),
    Column("lid_cover_m", "float", "m", low=0, high=20, synonyms=("do_sau_nap_be", "nap_be_sau")),
)
"""Of poles: boxes on it, metres of cable coiled at it. Of ducts: how they lie and under what. Of chambers: room inside, lid cover."""
