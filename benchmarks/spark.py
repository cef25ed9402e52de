"""The same table by plain Spark SQL, on two threads of this machine, where PySpark and a Java are installed."""

import importlib
import importlib.util
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import ENGINE_WARD

_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "3g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
    "spark.log.level": "ERROR",
}


def spark_missing() -> str | None:
    """Return what keeps Spark from running here, None where nothing does."""
    absent = ([] if importlib.util.find_spec("pyspark") else ["pyspark"]) + ([] if shutil.which("java") else ["java"])
    return f"not installed: {', '.join(absent)}" if absent else None


def by_spark(path: Path, wards: gpd.GeoDataFrame, by: list[str]) -> pd.DataFrame:
    """Return the table of tests whose ward is given as a column; ward codes are broadcast, percentiles exact."""
    builder: Any = importlib.import_module("pyspark.sql").SparkSession.builder.master("local[2]")
    for name, setting in (_SETTINGS | {"spark.sql.warehouse.dir": str(path.parent / "warehouse")}).items():
        builder = builder.config(name, setting)
    session = builder.getOrCreate()
    try:
        session.createDataFrame(list(enumerate(wards["ward_code"])), f"{ENGINE_WARD} int, ward_code string").createOrReplaceTempView(
            "codes"
        )
        session.read.parquet(str(path)).createOrReplaceTempView("tests")
        keys = ", ".join(["ward_code", *by])
        level = "CAST(rsrp_dbm AS DOUBLE)"
        found = session.sql(
            f"SELECT /*+ BROADCAST(codes) */ {keys}, count(*) AS tests, count(DISTINCT device_id) AS devices, "  # noqa: S608
            f"percentile({level}, array(0.5D, 0.1D, 0.95D)) AS q, avg(CASE WHEN {level} >= -110 THEN 1 ELSE 0 END) AS share "
            f"FROM tests JOIN codes USING ({ENGINE_WARD}) GROUP BY {keys} ORDER BY {keys}"
        ).collect()
    finally:
        gateway = session.sparkContext._gateway  # noqa: SLF001 - its process is waited for, so that its seconds are counted
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
    return pd.DataFrame([[row["tests"], row["devices"], *row["q"], row["share"]] for row in found])
