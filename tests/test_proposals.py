"""What the plans along a road can do together: who joins, who digs with whom, what it spares, and who pays what of it."""

import datetime as dt
import math
from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hatang.data.clauses import clauses_in_force, trench_profiles
from hatang.data.contracts import CORRIDOR, HUE_CRS, LEAVING, PLANS, RENT_OR_BUILD, SHARES, SUGGESTIONS, VARIANTS, WORKS, Price, Table
from hatang.data.pricelist import prices_in_force
from hatang.data.rules import rules_in_force
from hatang.pipeline.roadproposals import Proposed, reuse_money, road_cases, road_proposals
from hatang.pipeline.roadtiming import road_timing
from hatang.sharing.bargain import ShareKey, key_quantity
from hatang.sharing.dugcost import trench_price
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.roadplans import RoadPlan
from hatang.sharing.suggestions import Room, suggest

X, Y = 561_000.0, 1_821_000.0
DAY = dt.date(2026, 11, 24)
ITEMS = {"dig": "m³", "sand": "m³", "backfill": "m³", "surface_sidewalk": "m²", "duct": "m"}
PRICES = {item: Price(item, unit, 100_000.0, DAY, "thử nghiệm", verified=True) for item, unit in ITEMS.items()}
FLAT = {item: Price(item, unit, 0.0, DAY, "thử nghiệm", verified=True) for item, unit in ITEMS.items()} | {
    item: Price(item, unit, vnd, DAY, "thử nghiệm", verified=True)
    for item, unit, vnd in (("duct", "m", 100_000.0), ("trench_m", "m", 500_000.0), ("chamber", "chambers", 5e6))
}
NO_CORRIDOR = gpd.GeoDataFrame(CORRIDOR.conform(pd.DataFrame(columns=CORRIDOR.names)), geometry="geometry", crs="EPSG:4326")


def line(begin: float, end: float, y: float = 10.0) -> shapely.LineString:
    return shapely.LineString([(X + begin, Y + y), (X + end, Y + y)])


AXES = gpd.GeoDataFrame({"road_id": ["R1"], "road_name": ["Đường mới"], "width_m": [7.0]}, geometry=[line(0, 1000, 0)], crs=HUE_CRS)


def frame(table: Table, rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table.conform(pd.DataFrame(rows, columns=None if rows else table.names)), geometry="geometry", crs=HUE_CRS)


def plan(name: str, firm: str, begin: float, end: float, **more: object) -> dict[str, object]:
    usual = {"earliest": "2026-12-01", "latest": "2027-12-31", "budget_status": "approved", "ways": 2}
    return {"plan_id": name, "operator": firm, **usual, **more, "geometry": line(begin, end)}


def proposed(
    *plans: dict[str, object],
    works: tuple[dict[str, object], ...] = (),
    prices: Mapping[str, Price] | None = None,
    rooms: tuple[Room, ...] = (),
    key: ShareKey = "length",
) -> Proposed:
    rules = rules_in_force(DAY)
    filed, digging = frame(PLANS, list(plans)), frame(WORKS, list(works))
    beside = {"R1": list(rooms)}
    cases = road_cases(AXES, filed, beside, rules)
    timing = road_timing(AXES, filed, digging, as_of=DAY)["timing"]
    nothing = pd.DataFrame({"feature_id": [], "code": [], "severity": []})
    return road_proposals(cases, beside, digging, timing, nothing, clauses=clauses_in_force(DAY), prices=prices or {}, rules=rules, key=key)


def listed(found: Proposed) -> pd.DataFrame:
    return pd.DataFrame(suggest(AXES, NO_CORRIDOR, policy=SharingPolicy(), proposals=found.rows))


def test_two_plans_that_lie_and_meet_together_dig_one_trench() -> None:
    found = listed(proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 300, 600)))
    assert found["kind"].tolist() == ["joint_trench", "new_shared_set"] or found["kind"].tolist() == ["new_shared_set", "joint_trench"]
    joint = found.set_index("kind").loc["joint_trench"]
    assert (joint["alone_m"], joint["dug_m"], joint["dig_m_saved"]) == pytest.approx((200, 100, 100))
    assert joint["members"] == "viettel, vnpt"
    assert joint["assets"] == "K1, K2"
    assert (joint["window_from"], joint["window_to"]) == (pd.Timestamp("2026-12-01"), pd.Timestamp("2027-12-31"))
    assert "reserve" in joint["rules"]
    assert pd.isna(joint["saving_vnd"])
    whole = found.set_index("kind").loc["new_shared_set"]
    assert (whole["alone_m"], whole["dug_m"], whole["dig_m_saved"]) == pytest.approx((700, 600, 100))
    assert whole["bound_pct"] == 0
    assert "instead_of_joint_trench" in whole["assumptions"]


def test_windows_that_miss_each_other_dig_no_joint_trench_but_may_take_one_set() -> None:
    later = {"earliest": "2028-01-01", "latest": "2028-06-30"}
    found = listed(proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 300, 600, **later)))
    assert found["kind"].tolist() == ["new_shared_set"]
    unknown = listed(proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 300, 600, earliest=None)))
    assert unknown["kind"].tolist() == ["new_shared_set"]
    assert "window_unknown" in unknown["assumptions"].iloc[0]


def test_the_day_that_spares_most_comes_first_and_each_plan_digs_once() -> None:
    found = proposed(
        plan("K1", "vnpt", 0, 300, latest="2027-03-31"),
        plan("K2", "viettel", 200, 900),
        plan("K3", "fpt", 200, 900, earliest="2027-06-01"),
    )
    joint = listed(found).query("kind == 'joint_trench'")
    assert joint["assets"].tolist() == ["K2, K3"]
    assert joint["dig_m_saved"].tolist() == pytest.approx([700])


def test_plans_of_one_firm_are_no_joint_trench() -> None:
    assert proposed(plan("K1", "vnpt", 0, 400), plan("K2", "vnpt", 100, 600)).rows == []


def test_a_stretch_shorter_than_the_rule_is_no_joint_trench() -> None:
    assert proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 360, 600)).rows == []


def work(opened: bool | None, **dates: object) -> dict[str, object]:
    usual = {"start": "2027-01-10", "end": "2027-03-01", "join_deadline": "2026-12-01"}
    named = {"work_id": "W1", "promoter": "Công ty Cấp nước", "kind": "water", "open_trench": opened}
    return {**named, **usual, **dates, "geometry": line(200, 800, 5)}


def test_a_plan_whose_money_is_there_joins_the_open_works() -> None:
    found = listed(proposed(plan("K1", "vnpt", 0, 400), works=(work(opened=True),), prices=PRICES)).iloc[0]
    assert (found["kind"], found["owner"], found["members"]) == ("join_works", "Công ty Cấp nước", "vnpt, Công ty Cấp nước")
    assert found["dig_m_saved"] == pytest.approx(200)
    assert found["decide_by"] == pd.Timestamp("2026-12-01")
    assert (found["window_from"], found["window_to"]) == (pd.Timestamp("2027-01-10"), pd.Timestamp("2027-03-01"))
    assert "distance_water" in found["rules"]
    opening, whole = (trench_price(PRICES, trench_profiles(), laid=laid)(2) for laid in (False, True))
    assert found["saving_vnd"] == pytest.approx(200 * opening)
    assert opening < whole - 2 * 100_000  # the ducts are the firm's own


def test_a_trench_that_nobody_knows_of_spares_no_metre() -> None:
    found = listed(proposed(plan("K1", "vnpt", 0, 400), works=(work(opened=None),))).iloc[0]
    assert found["kind"] == "join_works"
    assert pd.isna(found["dig_m_saved"])
    assert "open_trench_unknown" in found["assumptions"]


def test_who_waits_for_approval_spares_nothing_yet() -> None:
    found = listed(proposed(plan("K1", "vnpt", 0, 400, budget_status="requested"), works=(work(opened=True),))).iloc[0]
    assert (found["kind"], found["assumptions"]) == ("wait", "wait_approval_before_deadline")
    assert pd.isna(found["dig_m_saved"])
    assert found["decide_by"] == pd.Timestamp("2026-12-01")


def test_works_farther_along_the_road_are_not_joined() -> None:
    beyond = proposed(plan("K1", "vnpt", 0, 180), works=(work(opened=True),))
    assert beyond.rows == []
    near = listed(proposed(plan("K1", "vnpt", 0, 260), works=(work(opened=True),)))
    assert near["dig_m_saved"].tolist() == pytest.approx([60])


def test_a_moratorium_is_said_of_what_is_dug_together() -> None:
    barred = work(opened=True, start="2026-11-25", end="2026-12-31", join_deadline="2026-11-01", moratorium_until="2028-06-30")
    found = proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 100, 400), works=(barred,))
    by_kind = {row["kind"]: row for row in found.rows}
    assert set(by_kind) == {"wait", "joint_trench", "new_shared_set"}
    assert by_kind["wait"]["window_from"] == pd.Timestamp("2028-07-01")
    assert "moratorium_lifted" in by_kind["joint_trench"]["assumptions"]
    assert found.tables["variants"].set_index("variant")["firms_in_time"].to_dict() == {"A": 0, "B": 0, "C": 0}


def test_ducts_with_room_tell_how_much_better_it_could_be() -> None:
    found = proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 200, 400), rooms=(Room("fpt", 3, (150.0, 250.0)),))
    bounds = {row["kind"]: row["bound_pct"] for row in found.rows}
    assert bounds == {"joint_trench": pytest.approx(25.0), "new_shared_set": pytest.approx(25.0)}


def test_names_hold_whatever_the_metres_and_days() -> None:
    one = proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 300, 600))
    other = proposed(plan("K2", "viettel", 250, 700, latest="2028-01-31"), plan("K1", "vnpt", 0, 400))
    assert {row["suggestion_id"] for row in one.rows} == {row["suggestion_id"] for row in other.rows}


def test_the_list_is_ranked_by_metres_and_holds_its_contract() -> None:
    found = proposed(
        plan("K1", "vnpt", 0, 400),
        plan("K2", "viettel", 300, 600),
        plan("K3", "fpt", 500, 900, budget_status="requested"),
        works=(work(opened=True),),
    )
    every = SUGGESTIONS.conform(listed(found))
    known = every["dig_m_saved"].dropna()
    assert known.is_monotonic_decreasing
    assert every["dig_m_saved"].isna().to_numpy()[len(known) :].all()
    assert every["rank"].tolist() == list(range(1, len(every) + 1))
    assert set(every["kind"]) == {"join_works", "wait", "joint_trench", "new_shared_set"}
    assert every["geometry"].map(lambda shape: shape.length > 0).all()


def test_shares_add_up_are_in_the_core_and_nobody_pays_more_than_alone() -> None:
    found = proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 300, 600, ways=4), plan("K3", "fpt", 300, 400), prices=PRICES)
    shares = SHARES.conform(found.tables["shares"])
    assert set(shares["unit"]) == {"m", "VND"}
    for (_, unit), part in shares.groupby(["suggestion_id", "unit"]):
        assert part["statutory"].sum() == pytest.approx(part["total"].iloc[0])
        assert part["shapley"].sum() == pytest.approx(part["total"].iloc[0])
        assert part["capped"].sum() == pytest.approx(part["total"].iloc[0])
        if unit == "m":  # each metre divided among those in it: what Shapley gives as well
            assert part["statutory"].tolist() == pytest.approx(part["shapley"].tolist())
            assert part["statutory_in_core"].all()
            assert part["not_above_alone"].all()
    dug = shares[shares["unit"] == "m"]
    whole = dug[dug["total"] == dug["total"].max()].set_index("firm")
    assert whole["statutory"].to_dict() == pytest.approx({"vnpt": 300 + 100 / 3, "viettel": 200 + 100 / 3, "fpt": 100 / 3})
    assert whole["saving"].to_dict() == pytest.approx(dict.fromkeys(("vnpt", "viettel", "fpt"), 200 / 3))


def test_money_is_told_only_where_every_price_is_known() -> None:
    two = (plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 300, 600))
    some = {item: price for item, price in PRICES.items() if item != "sand"}
    assert set(proposed(*two, prices=some).tables["shares"]["unit"]) == {"m"}
    assert pd.isna(listed(proposed(*two, prices=some))["saving_vnd"]).all()
    priced = listed(proposed(*two, prices=PRICES)).set_index("kind").loc["joint_trench"]
    price = trench_price(PRICES, trench_profiles())
    assert priced["saving_vnd"] == pytest.approx(100 * (2 * price(2) - price(5)))


def test_in_money_each_pays_its_own_ducts_and_the_key_divides_the_rest() -> None:
    shares = proposed(plan("K1", "vnpt", 0, 400, ways=1), plan("K2", "viettel", 0, 400, ways=3), prices=PRICES).tables["shares"]
    money = shares[shares["unit"] == "VND"].drop_duplicates("firm").set_index("firm")["statutory"]
    assert money["viettel"] - money["vnpt"] == pytest.approx(400 * 2 * 100_000)


def test_a_key_that_nobody_stated_leaves_the_share_open_and_shapley_stands() -> None:
    plans = [RoadPlan("K1", "vnpt", (), ways=2, cables=3, cable_od_mm=10.0), RoadPlan("K2", "viettel", (), ways=1)]
    assert key_quantity(plans, "length") == [1.0, 1.0]
    assert key_quantity(plans, "number") == [1.0, 3.0]
    assert key_quantity(plans, "cross_section") is None
    assert key_quantity(plans[:1], "cross_section") == pytest.approx([3 * 3.14159265 / 4 * 100])
    assert key_quantity(plans[:1], "weight") is None


def test_if_a_firm_leaves_the_others_pay_more_but_never_more_than_alone() -> None:
    found = proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 0, 400), plan("K3", "fpt", 0, 200))
    leaving = LEAVING.conform(found.tables["leaving"])
    joint = leaving[leaving["suggestion_id"] == leaving["suggestion_id"].iloc[0]].set_index(["leaver", "firm"])
    without = joint.loc[("viettel", "vnpt")]
    assert (without["pays_before"], without["pays_after"], without["alone"]) == pytest.approx((200 / 3 + 100, 100 + 200, 400))
    assert (without["rest_dug_m"], without["still_saves"]) == (pytest.approx(400), True)
    assert (leaving["pays_after"] <= leaving["alone"] + 1e-6).all()
    pair = proposed(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 0, 400)).tables["leaving"]
    assert not pair["still_saves"].any()


def variants(*plans: dict[str, object], rooms: tuple[Room, ...] = (), prices: Mapping[str, Price] | None = None) -> pd.DataFrame:
    made = proposed(*plans, rooms=rooms, prices=prices).tables["variants"]
    return pd.DataFrame(VARIANTS.conform(made)).set_index("variant")


def test_three_variants_stand_side_by_side_and_the_least_dug_is_recommended() -> None:
    two = (plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 300, 600))
    found = variants(*two, rooms=(Room("FPT", 2, (0.0, 50.0)),))
    assert found["dug_m"].to_dict() == pytest.approx({"A": 650, "B": 600, "C": 700})
    assert found["saved_m"].to_dict() == pytest.approx({"A": 50, "B": 100, "C": 0})
    assert found["recommended"].to_dict() == {"A": False, "B": True, "C": False}
    assert found.loc["B", "why"] == "least_dug"
    assert found["firms_in_time"].tolist() == [2, 2, 2]
    more = variants(*two, rooms=(Room("FPT", 2, (0.0, 300.0)),))
    assert more.loc["A", ["dug_m", "recommended"]].tolist() == [pytest.approx(400), True]
    assert found["cost_vnd"].isna().all()


def test_one_set_for_firms_of_other_days_says_so() -> None:
    found = variants(plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 0, 400, earliest="2028-01-01", latest="2028-12-31"))
    assert (found.loc["B", "firms_in_time"], found.loc["B", "why"]) == (1, "least_dug_other_days")


def test_where_there_is_nothing_to_share_each_builds_alone() -> None:
    found = variants(plan("K1", "vnpt", 0, 400))
    assert found["dug_m"].tolist() == pytest.approx([400, 400, 400])
    assert found.loc["C", ["recommended", "why"]].tolist() == [True, "nothing_to_share"]
    assert proposed().tables["variants"].empty


def test_a_duct_serves_as_many_as_it_has_ways_and_its_owner_first() -> None:
    two = (plan("K1", "vnpt", 0, 400, ways=2), plan("K2", "viettel", 0, 400, ways=1))
    assert variants(*two, rooms=(Room("FPT", 2, (0.0, 400.0)),)).loc["A", "dug_m"] == pytest.approx(400)  # K2 needs fewer ways
    assert variants(*two, rooms=(Room("FPT", 3, (0.0, 400.0)),)).loc["A", "dug_m"] == pytest.approx(0)
    own = variants(*two, rooms=(Room("VNPT (mô phỏng)", 3, (0.0, 400.0)),), prices={**PRICES, "rent_duct": RENT}).loc["A"]
    assert own["rent_vnd_year"] == pytest.approx(400 * 1 * 1000)  # the owner's own ways cost no rent


RENT = Price("rent_duct", "m/year", 1000.0, DAY, "thử nghiệm", verified=False)


def test_rent_against_building_tells_the_years_until_both_are_equal() -> None:
    rooms = (Room("FPT", 2, (100.0, 300.0)), Room("VNPT", 9, (0.0, 400.0)), Room("SCTV", 1, (0.0, 400.0)))
    made = proposed(plan("K1", "vnpt", 0, 400), rooms=rooms, prices={**PRICES, "rent_duct": RENT}).tables["rent_or_build"]
    found = RENT_OR_BUILD.conform(made)
    assert found["owner"].tolist() == ["FPT"]  # its own ducts are not rented, SCTV has too few ways
    row = found.iloc[0]
    build = 200 * trench_price(PRICES, trench_profiles())(2)
    assert (row["reuse_m"], row["rent_vnd_year"], row["build_vnd"]) == pytest.approx((200, 200 * 2 * 1000, build))
    assert (row["build_basis"], row["break_even_years"]) == ("prices", pytest.approx(build / 400_000))


def test_without_prices_the_plan_s_own_estimate_counts_and_without_it_nothing() -> None:
    rooms = (Room("FPT", 2, (100.0, 300.0)),)
    stated = proposed(plan("K1", "vnpt", 0, 400, cost_vnd=40e6), rooms=rooms, prices={"rent_duct": RENT}).tables["rent_or_build"].iloc[0]
    assert (stated["build_vnd"], stated["build_basis"]) == (pytest.approx(20e6), "declared")
    assert stated["break_even_years"] == pytest.approx(50)
    bare = proposed(plan("K1", "vnpt", 0, 400), rooms=rooms).tables["rent_or_build"].iloc[0]
    assert bare[["rent_vnd_year", "build_vnd", "build_basis", "break_even_years"]].isna().all()


def test_joining_works_is_divided_with_the_promoter_and_nobody_pays_more_than_alone() -> None:
    """Opening a metre costs 500.000 VND and is not done twice on 200 m: 100 million, half each by length and by Shapley."""
    prices = FLAT
    found = proposed(plan("K1", "vnpt", 0, 400), works=(work(opened=True),), prices=prices)
    row = listed(found).iloc[0]
    assert row["saving_vnd"] == pytest.approx(100e6)
    assert "opening_as_plan" in row["assumptions"]
    shares = found.tables["shares"]
    assert set(shares["suggestion_id"]) == {row["suggestion_id"]}
    money = shares[shares["unit"] == "VND"].set_index("firm")
    assert set(money.index) == {"vnpt", "Công ty Cấp nước"}
    for column, each in {"alone": 100e6, "total": 100e6, "statutory": 50e6, "shapley": 50e6, "capped": 50e6, "saving": 50e6}.items():
        assert money[column].tolist() == pytest.approx([each, each]), column
    assert money["not_above_alone"].all()
    assert money["saving"].sum() == pytest.approx(row["saving_vnd"])
    assert shares[shares["unit"] == "m"]["statutory"].tolist() == pytest.approx([100, 100])
    left = found.tables["leaving"].query("unit == 'VND'")
    assert left["pays_after"].tolist() == pytest.approx([100e6, 100e6])


def test_joining_works_without_prices_or_promoter_says_why_no_money_is_told() -> None:
    unpriced = proposed(plan("K1", "vnpt", 0, 400), works=(work(opened=True),))
    row = listed(unpriced).iloc[0]
    assert pd.isna(row["saving_vnd"])
    assert "prices_missing" in row["assumptions"]
    assert set(unpriced.tables["shares"]["unit"]) == {"m"}
    nobody = proposed(plan("K1", "vnpt", 0, 400), works=(work(opened=True, promoter=None),), prices=FLAT)
    assert listed(nobody)["saving_vnd"].tolist() == pytest.approx([100e6])
    assert "promoter_unknown" in listed(nobody)["assumptions"].iloc[0]
    assert nobody.tables["shares"].empty
    itself = proposed(plan("K1", "vnpt", 0, 400), works=(work(opened=True, promoter="VNPT"),), prices=FLAT)
    assert "promoter_is_firm" in listed(itself)["assumptions"].iloc[0]
    assert itself.tables["shares"].empty


def test_a_key_of_cables_leaves_the_promoters_share_open() -> None:
    found = proposed(plan("K1", "vnpt", 0, 400, cables=3), works=(work(opened=True),), prices=FLAT, key="number")
    shares = found.tables["shares"]
    assert shares["statutory"].isna().all()
    assert shares[shares["unit"] == "VND"]["shapley"].tolist() == pytest.approx([50e6, 50e6])


def reused(*plans: dict[str, object], prices: Mapping[str, Price], spare: int = 4) -> tuple[float, list[str]]:
    cases = road_cases(AXES, frame(PLANS, list(plans)), {}, rules_in_force(DAY))
    made = reuse_money(cases, clauses=clauses_in_force(DAY), prices=prices, rules=rules_in_force(DAY))
    return made("R1", "Viettel", spare, [(100.0, 300.0)])


def test_reusing_ways_spares_own_building_less_ten_years_of_rent() -> None:
    """200 m of 700.000 VND and 3 chambers of 5 million, less 200 m x 2 ways x 10 years of rent."""
    cheap = FLAT | {"rent_duct": Price("rent_duct", "m/year", 10_000.0, DAY, "thử nghiệm", verified=True)}
    saved, notes = reused(plan("K1", "vnpt", 0, 400), prices=cheap)
    assert saved == pytest.approx(200 * 700_000 + 3 * 5e6 - 200 * 2 * 10 * 10_000)
    assert "rent_years=10" in notes
    assert not {"rent_unverified", "prices_unverified"} & set(notes)
    capped, said = reused(plan("K1", "vnpt", 0, 400), prices=FLAT | prices_in_force(DAY))
    assert capped == pytest.approx(155e6 - 200 * 2 * 10 * 79_258)
    assert "rent_unverified" in said


def test_reusing_ways_without_a_price_a_plan_or_room_is_not_known_and_says_why() -> None:
    rent = prices_in_force(DAY)
    no_chamber = {item: price for item, price in FLAT.items() if item != "chamber"}
    for prices, reason in ((FLAT, ["rent_unknown"]), (no_chamber | rent, ["prices_missing"]), (rent, ["prices_missing"])):
        saved, notes = reused(plan("K1", "vnpt", 0, 400), prices=prices)
        assert math.isnan(saved)
        assert notes == reason
    nobody, notes = reused(plan("K1", "viettel", 0, 400), prices=FLAT | rent)
    assert (math.isnan(nobody), notes) == (True, ["no_plan_asks"])
    full, notes = reused(plan("K1", "vnpt", 0, 400), prices=FLAT | rent, spare=1)
    assert (math.isnan(full), notes) == (True, ["no_plan_fits"])
    one, _ = reused(plan("K1", "vnpt", 0, 400), prices=FLAT | rent, spare=2)
    both, notes = reused(plan("K1", "vnpt", 0, 400), plan("K2", "fpt", 0, 400), prices=FLAT | rent, spare=3)
    assert both == pytest.approx(one)
    assert "not_all_fit" in notes


def test_reusing_ways_before_any_clause_on_chambers_is_not_known_and_says_why() -> None:
    """Nothing says before 2023 how far apart chambers stand: the saving is left open, the rest is still told."""
    cases = road_cases(AXES, frame(PLANS, [plan("K1", "vnpt", 0, 400)]), {}, rules_in_force(DAY))
    clauses = [clause for clause in clauses_in_force(DAY) if clause.code != "chamber_spacing"]
    made = reuse_money(cases, clauses=clauses, prices=FLAT | prices_in_force(DAY), rules=rules_in_force(DAY))
    saved, notes = made("R1", "Viettel", 4, [(100.0, 300.0)])
    assert (math.isnan(saved), notes) == (True, ["chamber_spacing_unknown"])
    assert made("R1", "VNPT", 4, [(100.0, 300.0)])[1] == ["no_plan_asks"]


def test_two_who_join_the_same_works_divide_with_the_promoter_together() -> None:
    """Works on 200-800; vnpt shares 200-400, viettel 300-600; a metre opened costs 500.000 VND whatever its size.

    By length: 200-300 and 400-600 in halves, 300-400 in thirds. vnpt 50 + 33⅓ m, viettel 33⅓ + 100 m, the promoter 50 + 33⅓ + 100 m.
    """
    firms = (plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 300, 600))
    found = proposed(*firms, works=(work(opened=True),), prices=FLAT)
    joins = listed(found).query("kind == 'join_works'")
    assert joins.set_index("assets")["saving_vnd"].to_dict() == pytest.approx({"K1, W1": 100e6, "K2, W1": 150e6})
    assert joins["assumptions"].str.contains("joined_by_others").all()
    metres = {"vnpt": 250 / 3, "viettel": 400 / 3, "Công ty Cấp nước": 550 / 3}
    assert len(joins) == 2
    for _, both in found.tables["shares"].query("suggestion_id in @joins.suggestion_id").groupby("suggestion_id"):
        for unit, each in (("m", 1.0), ("VND", 500_000.0)):
            paid = both[both["unit"] == unit].set_index("firm")
            for column in ("statutory", "shapley", "capped"):
                assert paid[column].to_dict() == pytest.approx({firm: length * each for firm, length in metres.items()}), column
            assert paid["total"].tolist() == pytest.approx([400 * each] * 3)
            assert paid[["statutory_in_core", "not_above_alone", "shapley_in_core"]].all(axis=None)
        saved = both[both["unit"] == "VND"]["saving"].sum()
        assert saved == pytest.approx(joins["saving_vnd"].sum()) == pytest.approx(250e6)
    left = found.tables["leaving"].query("unit == 'm' and leaver == 'viettel'").drop_duplicates("firm").set_index("firm")
    assert left["pays_after"].to_dict() == pytest.approx({"vnpt": 100, "Công ty Cấp nước": 300}), "its own 400-600 too"


def test_a_trench_of_works_grows_where_several_lay_in_it_and_who_joins_spares_that_much_less() -> None:
    """2 and 2 ways on the same 200 m need 5 with the reserve. Alone each opens for 2; together one opens for 5, each bears half."""
    opening = trench_price(PRICES, trench_profiles(), laid=False)
    firms = (plan("K1", "vnpt", 0, 400), plan("K2", "viettel", 0, 400))
    found = proposed(*firms, works=(work(opened=True),), prices=PRICES)
    joins = listed(found).query("kind == 'join_works'")
    assert opening(5) > opening(2)
    assert joins["saving_vnd"].tolist() == pytest.approx([200 * (opening(2) - (opening(5) - opening(2)) / 2)] * 2)
    money = found.tables["shares"].query("unit == 'VND'").drop_duplicates("firm").set_index("firm")
    assert money["alone"].tolist() == pytest.approx([200 * opening(2)] * 3)
    assert money["total"].tolist() == pytest.approx([200 * opening(5)] * 3)
    assert money["statutory"].tolist() == pytest.approx([200 * opening(5) / 3] * 3)
    assert money["saving"].sum() == pytest.approx(joins["saving_vnd"].sum())
    crowd = (plan("K1", "vnpt", 0, 400, ways=12), plan("K2", "viettel", 0, 400, ways=12))
    many = proposed(*crowd, works=(work(opened=True),), prices=PRICES)
    told = listed(many).query("kind == 'join_works'")
    assert told["saving_vnd"].isna().all()
    assert told["assumptions"].str.contains("no_profile_for_all").all()
    assert set(many.tables["shares"].query("suggestion_id in @told.suggestion_id")["unit"]) == {"m"}
