"""RFM, value tiers and quarterly migration in pandas, as an analyst would write it: the other side of `whole_run.py`.

    python pandas_rfm.py EXPORT LAYOUT OUT_FOLDER        LAYOUT is `online_retail` or `generated`

Reads the export, drops bad and repeated rows, counts nothing for lines that are not goods, nets returns within their order, scores
recency, frequency and value by quantiles, names the segment of each cell by the same grid, cuts value into fifths now
and in each of eight quarters, counts the moves between quarters, and writes Parquet. Money is held in whole
ten-thousandths, so that ties are ties. Prints one JSON object of what came out.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

GRID = {
    "Champions": "555 554 544 545 454 455 445",
    "Loyal": "543 444 435 355 354 345 344 335",
    "Potential Loyalist": "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 323",
    "New": "512 511 422 421 412 411 311",
    "Promising": "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    "Need Attention": "535 534 443 434 343 334 325 324",
    "About To Sleep": "331 321 312 221 213 231 241 251",
    "At Risk": "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124",
    "Cannot Lose": "155 154 144 214 215 115 114 113",
    "Hibernating": "332 322 233 232 223 222 132 123 122 212 211",
    "Lost": "111 112 121 131 141 151",
}
SEGMENT = {code: name for name, codes in GRID.items() for code in codes.split()}
NOT_GOODS = {"POST", "DOT", "C2", "BANK CHARGES", "AMAZONFEE", "CRUK", "M", "m", "B", "S", "PADS"}


def read_online_retail(path: str) -> pd.DataFrame:
    rows = pd.read_csv(path, dtype={"customer_id": "string", "transaction_id": "string", "product_id": "string"})
    rows = rows.rename(columns={"transaction_id": "order_id", "timestamp": "ts"})
    rows = rows.drop_duplicates()[["customer_id", "order_id", "ts", "product_id", "quantity", "unit_price"]]
    rows["ts"] = pd.to_datetime(rows["ts"])
    rows["amount_e4"] = (rows["quantity"] * (rows["unit_price"] * 10_000).round()).round().astype("int64")
    # Postage and the like are worth nothing here, but who paid it is a customer.
    rows.loc[rows["product_id"].isin(NOT_GOODS), "amount_e4"] = 0
    return rows


def read_generated(path: str) -> pd.DataFrame:
    # Figures are read as text: a word among them would otherwise end the read.
    rows = pd.read_csv(path, dtype="string", on_bad_lines="skip").drop_duplicates()
    rows["ts"] = pd.to_datetime(rows["ts"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    for column in ("quantity", "unit_price", "amount"):
        rows[column] = pd.to_numeric(rows[column], errors="coerce")
    # A line cut short has no channel; an amount that a decimal(18,4) cannot hold is a fault.
    whole = rows["channel"].notna() & (rows["amount"].abs() < 1e14)
    rows = rows[whole & rows[["ts", "quantity", "unit_price", "amount"]].notna().all(axis=1)].copy()
    rows["amount_e4"] = (rows["amount"].astype("float64") * 10_000).round().astype("int64")
    return rows


def score(values: pd.Series) -> np.ndarray:
    """1 to 5 by the fifths of the values, equal values always alike."""
    edges = np.quantile(values.to_numpy(), [0.2, 0.4, 0.6, 0.8])
    return 1 + np.searchsorted(edges, values.to_numpy(), side="left")


def tier(values: pd.Series) -> pd.Series:
    """1 (best fifth) to 5 by mid-rank; a value of zero or less is never above 5."""
    place = values.rank(ascending=False, method="average")
    return np.ceil(5 * place / len(values)).astype("int64").where(values > 0, 5)


def main():
    path, layout, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    rows = read_online_retail(path) if layout == "online_retail" else read_generated(path)
    as_of = rows["ts"].max().normalize() + pd.Timedelta(days=1)
    rows = rows[rows["customer_id"].notna()]

    orders = rows.groupby(["customer_id", "order_id"], sort=False).agg(
        ts=("ts", "min"), net_e4=("amount_e4", "sum"), products=("product_id", "nunique")
    )
    orders = orders.reset_index()
    orders["day"] = orders["ts"].dt.normalize()
    orders["counts"] = orders["net_e4"] > 0

    customers = orders.groupby("customer_id").agg(net_e4=("net_e4", "sum"), frequency=("counts", "sum"))
    last = orders[orders["counts"]].groupby("customer_id")["day"].max()
    customers["recency_days"] = (as_of - pd.Timedelta(days=1) - last).dt.days
    buyers = customers[customers["frequency"] > 0].copy()
    buyers["r"] = 6 - score(buyers["recency_days"])
    buyers["f"] = score(buyers["frequency"])
    buyers["m"] = score(buyers["net_e4"])
    code = buyers["r"].astype(str) + buyers["f"].astype(str) + buyers["m"].astype(str)
    customers["rfm_segment"] = code.map(SEGMENT).reindex(customers.index).fillna("Prospect")

    window = orders[orders["day"] >= as_of - pd.Timedelta(days=365)].groupby("customer_id")["net_e4"].sum()
    customers["tier"] = tier(window[window != 0]).reindex(customers.index).fillna(0).astype("int64")
    customers.sort_index().to_parquet(out / "customers.parquet", compression="zstd")

    end = as_of.to_period("Q").start_time
    orders["quarter"] = orders["day"].dt.to_period("Q").astype("int64")
    first = end.to_period("Q").ordinal - 8
    recent = orders[(orders["quarter"] >= first) & (orders["day"] < end)]
    values = recent.groupby(["quarter", "customer_id"])["net_e4"].sum()
    values = values[values != 0]
    tiers = values.groupby(level="quarter", group_keys=False).apply(tier).rename("tier").reset_index()
    before = tiers.assign(quarter=tiers["quarter"] + 1).rename(columns={"tier": "tier_prev"})
    moves = tiers.merge(before, on=["quarter", "customer_id"], how="outer")
    moves = moves[moves["quarter"] < first + 8].fillna({"tier": 0, "tier_prev": 0})
    migration = moves[moves["quarter"] > first].groupby(["quarter", "tier_prev", "tier"]).size().rename("customers")
    moves.sort_values(["quarter", "customer_id"]).to_parquet(out / "value_tiers.parquet", compression="zstd")
    migration.reset_index().to_parquet(out / "tier_migration.parquet", compression="zstd")

    print(json.dumps({
        "customers": len(customers),
        "net_e4": int(customers["net_e4"].sum()),
        "value_tiers": len(moves),
        "segments": customers["rfm_segment"].value_counts().sort_index().to_dict(),
        "tiers": {str(name): int(n) for name, n in customers["tier"].value_counts().sort_index().items()},
    }))  # fmt: skip


if __name__ == "__main__":
    main()
