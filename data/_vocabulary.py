"""The words of files: column names, operators, technologies and codes in the spellings that people use."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from hatang.data._legacytext import Mender
from hatang.data.contracts import INPUT_TABLES, OPERATOR_LABELS, PLMN, Environment, Technology

OTHER: Final = "other"
"""Technology of a network whose level is no RSRP: 2G, 3G, Wi-Fi."""
NONE: Final = "none"
"""Technology of a row that says there was no network at all."""
NSA: Final = "nsa"
"""5G by the icon, anchored in 4G: the level is that of 5G only where the file gives SS-RSRP."""

EXTRA_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "lon": ("longitude", "lng", "long", "kinh_do", "lon", "longitude_start"),
    "lat": ("latitude", "vi_do", "lat", "latitude_start"),
    "x": ("x", "easting", "toa_do_x", "x_m"),
    "y": ("y", "northing", "toa_do_y", "y_m"),
    "wkt": ("wkt", "geometry", "geom", "the_geom", "tile"),
    "ss_rsrp": ("ss_rsrp", "ssrsrp", "nr_ssrsrp", "nr_ss_rsrp", "5g_ssrsrp"),
    "building_id": ("ma_nha", "ma_toa_nha", "ma_ho", "household_id", "premises_id"),
    "place_id": ("ma_diem",),
    "place_name": ("ten_diem",),
    "session": ("session", "session_id", "missionid", "phien_do", "open_test_uuid"),
    "operator": ("operateur", "nom_op", "brandname", "isp", "doanh_nghiep_vien_thong", "ten_doanh_nghiep", "network_name"),
    "environment": ("environmnt", "moi_truong_do"),
    "technology": ("radio", "cat_technology", "net_type", "mang", "technologie"),
}
"""Names of columns that the readers need beside the contract's own."""
_GENERIC: Final = frozenset({"id", "name", "ten", "code", "kind", "loai", "x", "y", "class", "ma", "status", "owner", "speed", "ho"})

_OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "viettel": ("viettel", "viettel mobile", "viettel telecom", "vt", "viettel hue", "tap doan viettel", "vtl"),
    "vnpt": ("vnpt", "vinaphone", "vnpt vinaphone", "vina", "vina phone", "vnpt hue", "vnpt net", "vnp"),
    "mobifone": ("mobifone", "mobi", "mobi fone", "vms", "vms mobifone", "vn mobifone", "mobifone hue", "mbf"),
    "vietnamobile": ("vietnamobile", "vietnam mobile", "vnm", "vn mobile", "ht mobile"),
    "gmobile": ("gmobile", "g mobile", "gtel", "gtel mobile", "beeline vn"),
    "fpt": ("fpt", "fpt telecom", "vien thong fpt", "fpt hue"),
    "sctv": ("sctv",),
    "cmc": ("cmc", "cmc telecom", "cmc ti"),
}
_TECHNOLOGIES: Final[Mapping[str, tuple[str, ...]]] = {
    "4g": ("4g", "lte", "lte ca", "lte a", "lte advanced", "4g lte", "lte nr avail", "eutra", "lte fdd", "lte tdd", "4g+"),
    "5g": ("5g", "nr", "5g nr", "5g sa", "nr sa", "5g sa low band", "nr standalone"),
    NSA: ("5g nsa", "nr nsa", "endc", "en dc", "5g nsa low band", "5g nsa mmwave", "lte 5g", "nr non standalone", "4g 5g", "5g 4g"),
    "fibre": ("fibre", "fiber", "ftth", "gpon", "cap quang", "pon", "xgs pon", "fttx", "cap quang bang rong"),
    OTHER: ("2g", "3g", "gsm", "gprs", "edge", "umts", "hspa", "hspa+", "hsdpa", "hsupa", "wcdma", "td scdma", "cdma",
            "evdo", "1xrtt", "2g 4g", "3g 4g", "2g 3g 4g", "4g 3g", "4g 2g", "5g 3g", "3g 5g", "bluetooth", "ethernet",
            "wifi", "wi fi", "wlan", "lan", "2g 3g", "ehrpd", "iwlan"),
    NONE: ("none", "no service", "no signal", "out of service", "pas de service", "khong co song", "mat song", "trang song",
           "limited service", "emergency only", "limited", "khong co dich vu"),
}  # fmt: skip
_LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "cable": ("cap dong truc", "coaxial", "hfc", "docsis", "truyen hinh cap"),
    "copper": ("cap dong", "dsl", "adsl", "vdsl", "xdsl"),
    "wireless": ("vo tuyen", "fwa", "fixed wireless", "vo tuyen co dinh", "5g fwa", "4g fwa"),
    "satellite": ("ve tinh", "starlink"),
    "other": ("khac",),
}
_ENVIRONMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "outdoor": ("outdoor", "ngoai troi", "outside", "walking", "di bo"),
    "in_vehicle": ("in vehicle", "incar", "in car", "trong xe", "vehicle", "intrain", "in train", "o to"),
    "indoor": ("indoor", "trong nha", "inside", "toa nha"),
    "premises": ("premises", "tai ho", "ho gia dinh", "household"),
}
_VALUES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "asset_class": {
        "pole": ("cot", "cot treo cap", "tru", "cot vien thong", "cot cap", "cot dien", "poles"),
        "chamber": (
            *("be", "be cap", "ham cap", "ho cap", "manhole", "handhole", "manholes", "ham ho cap", "vault"),
            *("ho ga", "ho ga cap", "ganivo"),
        ),
        "duct_section": (
            *("cong", "cong cap", "tuyen cong", "cong be cap", "duct", "duct bank", "ducts", "tuyen cong be", "ong cap", "cong be"),
        ),
    },
    "status": {
        "proposed": ("de xuat",),
        "planned": ("quy hoach", "ke hoach", "du kien"),
        "under_construction": ("dang xay dung", "dang thi cong"),
        "in_service": ("dang su dung", "dang hoat dong", "hoat dong", "khai thac", "dang khai thac", "in use", "active"),
        "inactive": ("ngung su dung", "tam ngung", "khong hoat dong", "khong su dung"),
        "done": ("da hoan thanh", "hoan thanh", "da xong", "xong"),
        "abandoned": ("bo", "bo hoang", "thanh ly", "khong con su dung", "hu hong"),
    },
    "sharable": {
        "yes": ("co", "duoc", "cho phep", "true", "1", "y"),
        "conditional": ("co dieu kien", "dieu kien"),
        "no": ("khong", "false", "0", "n"),
    },
    "basis": {"count": ("thong ke", "so dem", "dem"), "building": ("toa nha", "theo nha", "danh sach nha", "ho", "premises"),
              "served_area": ("vung phuc vu", "vung"), "survey": ("khao sat", "dieu tra", "sample")},
    "village_kind": {"thon": ("lang", "xom", "village"), "ban": ("ban lang",),
                     "to_dan_pho": ("to dan pho", "tdp", "to", "khu pho", "neighbourhood")},
    "structure": {"rooftop": ("mai nha", "san thuong", "tren mai", "rooftop"), "pole": ("cot", "tru"),
                  "A1": ("cot a1", "loai a1", "khong cong kenh", "cot khong cong kenh"), "A2a": ("cot a2a", "loai a2a"),
                  "A2b": ("cot a2b", "loai a2b"),
                  "unknown": ("khong ro", "chua ro", "khac", "tu dung", "cot tu dung", "day co", "cot day co", "tower", "mast")},
    "radio": {"2g": ("gsm", "cdma", "gprs", "edge"), "3g": ("umts", "wcdma", "hspa", "td scdma"), "4g": ("lte", "eutra"), "5g": ("nr",)},
    "network": {"mobile": ("di dong", "mang di dong", "cellular"), "fixed": ("co dinh", "bang rong co dinh", "mang co dinh", "wifi"),
                "4g": ("lte",), "5g": ("nr",)},
    "constraint_kind": {
        "underground_only": ("ngam hoa", "underground only", "khu vuc ngam hoa", "phai ngam hoa"),
        "a1_only": ("chi cot a1", "a1 masts only", "khu vuc chi lap cot a1", "khong cong kenh"),
        "relic_zone_1": ("khu vuc bao ve i", "khu vuc bao ve 1", "di tich i", "di tich 1"),
        "relic_zone_2": ("khu vuc bao ve ii", "khu vuc bao ve 2", "di tich ii", "di tich 2"),
        "airport_height": ("tinh khong", "tinh khong san bay", "do cao tinh khong"),
        "forest": ("rung", "dat rung"),
        "flood": ("ngap", "ngap lut", "vung ngap"),
        "moratorium": ("cam dao", "cam dao duong"),
    },
    "measure": {"underground": ("ngam hoa", "ha ngam", "ha ngam cap"), "tidy": ("chinh trang", "bo gon", "chinh trang cap", "sap xep cap")},
    "laying": {"open_trench": ("dao ho", "ranh ho", "dao ranh"), "micro_trench": ("ranh nho", "micro trench"),
               "hdd": ("khoan ngam", "khoan dinh huong"), "bridge": ("tren cau", "treo cau", "cau"), "hao": ("hao ky thuat",),
               "tunnel": ("tuy nen", "tuynel")},
    "surface": {"sidewalk": ("he", "via he", "he duong"), "verge": ("le duong", "le dat"), "carriageway": ("long duong", "mat duong"),
                "median": ("dai phan cach", "phan cach")},
    "scope": {"city": ("toan thanh pho", "thanh pho", "toan tinh"), "ward": ("phuong xa", "xa phuong", "xa", "phuong"),
              "operator": ("doanh nghiep", "nha mang")},
    "budget_status": {"none": ("chua co", "khong"), "requested": ("da de xuat", "dang trinh"),
                      "approved": ("da duyet", "duoc duyet", "da phe duyet")},
    "kind": {
        "road_new": ("lam moi duong", "xay dung duong", "duong moi"),
        "road_widen": ("mo rong duong", "mo rong"),
        "resurface": ("tham nhua", "sua chua mat duong", "cai tao mat duong"),
        "sidewalk": ("via he", "lat via he", "chinh trang via he"),
        "water": ("cap nuoc", "nuoc sach"),
        "sewer": ("thoat nuoc", "cong thoat nuoc"),
        "power": ("dien", "dien luc", "cap dien", "ngam hoa luoi dien"),
        "lighting": ("chieu sang",),
        "other": ("khac",),
    },
}  # fmt: skip


def fold(name: str) -> str:
    """Return a name without case, accents, units in brackets and punctuation, its words joined by `_`.

    Examples
    --------
    >>> fold("Kinh độ"), fold("RSRP (dBm)"), fold("NetworkMode"), fold("HSPA+")
    ('kinh_do', 'rsrp', 'networkmode', 'hspa+')
    """
    plain = re.sub(r"[(\[].*?[)\]]", " ", name)
    marks = unicodedata.normalize("NFD", plain.strip().casefold())
    bare = "".join(mark for mark in marks if not unicodedata.combining(mark)).replace("đ", "d")
    return re.sub(r"[^0-9a-z+#]+", "_", bare).strip("_")


def unit_in(name: str) -> str | None:
    """Return the unit that a column's heading gives in brackets, None where it gives none.

    Examples
    --------
    >>> unit_in("Tốc độ tải xuống (kbit/s)")
    'kbit/s'
    """
    bracket = re.search(r"[(\[]\s*([^)\]]+?)\s*[)\]]", name)
    return bracket[1] if bracket else None


@cache
def _all_names() -> frozenset[str]:
    """Return every folded name that some contract or reader knows, without the generic ones."""
    names = {name for table in INPUT_TABLES.values() for column in table.columns for name in (column.name, *column.synonyms)}
    names.update(name for extra in EXTRA_SYNONYMS.values() for name in extra)
    return frozenset(names)


def known_names(cells: Iterable[str]) -> int:
    """Return how many of the cells are names of columns that some contract knows."""
    texts = list(cells)
    mender = Mender(texts)
    return len({fold(mender.mend(text)[0]) for text in texts} & _all_names())


def spellings(column: str, synonyms: Sequence[str]) -> tuple[str, ...]:
    """Return the folded names by which a file may call a column, the contract's own first."""
    return tuple(dict.fromkeys(fold(name) for name in (column, *synonyms, *EXTRA_SYNONYMS.get(column, ()))))


def is_generic(name: str) -> bool:
    """Return whether a folded column name says little about what a table is: `id`, `name`."""
    return name in _GENERIC


def likely(missing: str, synonyms: Sequence[str], columns: Sequence[str]) -> str | None:
    """Return the file's column that looks most like a missing one, None where none does."""
    folded = {fold(column): column for column in columns}
    for name in spellings(missing, synonyms):
        inside = [column for key, column in folded.items() if len(name) > 3 and name in key]
        close = inside or [folded[key] for key in difflib.get_close_matches(name, folded, n=1, cutoff=0.75)]
        if close:
            return close[0]
    return None


@cache
def _reverse(kind: str) -> Mapping[str, str]:
    """Return spelling → code of a vocabulary."""
    tables: Mapping[str, Mapping[str, tuple[str, ...]]] = {
        "operator": _OPERATORS,
        "technology": _TECHNOLOGIES,
        "environment": _ENVIRONMENTS,
        **_VALUES,
    }
    return {fold(word): code for code, words in tables[kind].items() for word in words}


def operator_of(text: str) -> str | None:
    """Return the operator a cell names, by name or by the serving network's MCC and MNC, None where it is unknown.

    Examples
    --------
    >>> operator_of("VinaPhone"), operator_of("452-04"), operator_of("452 1"), operator_of("B")
    ('vnpt', 'viettel', 'mobifone', None)
    """
    digits = re.fullmatch(r"\s*(452)[\s\-_/.]*0?(\d)(?:\.0)?\s*", text)
    if digits:
        return PLMN.get(f"{digits[1]}0{digits[2]}")
    folded = fold(text)
    return folded if folded in OPERATOR_LABELS else _reverse("operator").get(folded)


def technology_of(text: str) -> str | None:
    """Return the technology a cell names: 4g, 5g, fibre, or `nsa`, `other`, `none`; None where it is unknown.

    Examples
    --------
    >>> technology_of("LTE-CA"), technology_of("HSPA+"), technology_of("5G-NSA"), technology_of("6G")
    ('4g', 'other', 'nsa', None)
    """
    return _reverse("technology").get(fold(text))


def line_of(text: str) -> str | None:
    """Return the technology of a fixed line that a cell names, None where it is unknown.

    Examples
    --------
    >>> line_of("GPON"), line_of("Cáp đồng"), line_of("4G")
    ('fibre', 'copper', None)
    """
    folded = fold(text)
    if folded in _LINES:
        return folded
    named = next((code for code, names in _LINES.items() if folded in {fold(name) for name in names}), None)
    return named or ("fibre" if technology_of(text) == "fibre" else None)


def environment_of(text: str) -> str | None:
    """Return the environment a cell names, None where it is unknown."""
    folded = fold(text)
    return folded if folded in tuple(Environment) else _reverse("environment").get(folded)


def value_of(column: str, text: str, values: Sequence[str]) -> str | None:
    """Return the code of `values` that a cell means in its column, in either language; None where it means none.

    Examples
    --------
    >>> value_of("asset_class", "Cống cáp", ("pole", "chamber", "duct_section"))
    'duct_section'
    """
    folded = fold(text)
    exact = {fold(value): value for value in values}
    found = exact.get(folded) or (_reverse(column).get(folded) if column in _VALUES else None)
    return found if found in values else None


def known_technologies() -> str:
    """Return the technologies a file may name, for messages."""
    return ", ".join(t for t in Technology if t is not Technology.MOBILE)
