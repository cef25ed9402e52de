"""Tests without service among tests as filed: they have no level, and fail."""

import pandas as pd

_KEY = ["ward_code", "operator", "technology", "environment"]


def with_silent(levels: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Return counts of tests that have a level with those added that found no service.

    A row without service and without a level is a test: it is counted in `no_service`, `tests` and `devices`, and lowers `share_at_level`;
    the levels of the others stay what they are. A group that found no service at all has no levels.

    Parameters
    ----------
    levels
        One row a ward × operator × technology × environment: `tests`, `devices`, `share_at_level`, and levels.
    tests
        MEASUREMENTS contract with `ward_code`, missing outside every ward.

    Examples
    --------
    >>> key = {"ward_code": "19774", "operator": "vnpt", "technology": "4g", "environment": "outdoor"}
    >>> levels = pd.DataFrame([{**key, "tests": 3, "devices": 1, "share_at_level": 1.0, "median_rsrp_dbm": -90.0}])
    >>> row = {**key, "no_service": True, "rsrp_dbm": None, "device_id": "b"}
    >>> heard = {**key, "no_service": False, "rsrp_dbm": -90.0, "device_id": "a"}
    >>> with_silent(levels, pd.DataFrame([row, heard]))[["tests", "no_service", "devices", "share_at_level"]].to_numpy().tolist()
    [[4.0, 1.0, 2.0, 0.75]]
    """
    quiet = tests["no_service"].fillna(value=False).astype(bool) & tests["rsrp_dbm"].isna() & tests["ward_code"].notna()
    if not quiet.any():
        return levels.assign(no_service=0)
    silent = tests[quiet].groupby(_KEY, observed=True).size().rename("no_service").reset_index()
    silent = silent.astype({name: levels[name].dtype for name in _KEY} if len(levels) else {})
    heard = tests[(quiet | tests["rsrp_dbm"].notna()) & tests["ward_code"].notna()]
    asked = heard.merge(tests.loc[quiet, _KEY].drop_duplicates(), on=_KEY)
    devices = asked.groupby(_KEY, observed=True)["device_id"].nunique().rename("all_devices").reset_index()
    both = levels.merge(silent, on=_KEY, how="outer").merge(devices.astype(silent[_KEY].dtypes.to_dict()), on=_KEY, how="left")
    levelled, mute = both["tests"].fillna(0), both["no_service"].fillna(0)
    at_level = (both["share_at_level"].fillna(0) * levelled / (levelled + mute)).where(both["share_at_level"].notna() | (levelled == 0))
    counts = {"tests": levelled + mute, "no_service": mute, "devices": both["all_devices"].fillna(both["devices"])}
    whole = {name: values.astype("int64") for name, values in counts.items()}
    return both.assign(**whole, share_at_level=at_level).drop(columns="all_devices").sort_values(_KEY, ignore_index=True)
