"""Who leaves, in pandas, LightGBM and scikit-learn, as a data scientist would write it: the other side of `attrition.py`.

    python sklearn_attrition.py SHOP OUT

Reads the transactions and contacts of a generated shop; builds features of every customer who bought in the last 180 days, at
today and at four earlier days, 30 days apart, of which the latest lies 90 days back; labels those without an order in the 90
days after; learns from the three oldest days by two folds of customers, judges on the latest, calibrates on it; learns again
from all customers, scores today, explains the scores by SHAP, and writes Parquet. Prints one JSON object of what came out.
"""

import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.impute import SimpleImputer

HORIZON, ELIGIBLE, STEP, ORIGINS = 90, 180, 30, 3
DAY = np.timedelta64(1, "D")


def read(folder: Path):
    names = ["CustomerNo", "InvoiceNo", "InvoiceDate", "SKU", "Qty", "UnitPrice", "Discount", "State", "RefundOf"]
    lines = pd.read_csv(folder / "transactions.csv", usecols=names, dtype={"CustomerNo": "string", "InvoiceNo": "string", "RefundOf": "string"})
    lines = lines[lines["CustomerNo"].notna() & ~lines["SKU"].isin(["POST", "FEE"])]
    # Nothing is learnt from who objects to it: their newest word counts.
    customers = pd.read_csv(folder / "customers.csv", usecols=["CustomerNo", "NoProfiling", "ModifiedAt"], dtype="string")
    newest = customers.sort_values("ModifiedAt", kind="stable").drop_duplicates("CustomerNo", keep="last")
    lines = lines[~lines["CustomerNo"].isin(newest.loc[newest["NoProfiling"] == "Y", "CustomerNo"])]
    lines["ts"] = pd.to_datetime(lines["InvoiceDate"])
    lines["amount"] = ((lines["Qty"] * lines["UnitPrice"] - lines["Discount"].fillna(0)) * 100).round().astype("int64")
    lines["storno"] = lines["State"] == "storno"
    lines["order"] = lines["RefundOf"].fillna(lines["InvoiceNo"])
    lines["category"] = lines["SKU"].map(pd.read_csv(folder / "products.csv").set_index("SKU")["Category"])
    names = ["CustomerNo", "Begin", "WaitSeconds", "GaveUp", "Complaint", "Rating"]
    contacts = pd.read_csv(folder / "interactions.csv", usecols=names, dtype={"CustomerNo": "string"})
    contacts = contacts[contacts["CustomerNo"].notna()]
    contacts["day"] = pd.to_datetime(contacts["Begin"]).dt.normalize()
    return lines, contacts


def orders_of(lines: pd.DataFrame) -> pd.DataFrame:
    """Orders of which something is left, after the refunds that name them."""
    orders = lines.groupby(["CustomerNo", "order"], sort=False).agg(
        ts=("ts", "min"), net=("amount", "sum"), discount=("Discount", "sum"), storno=("storno", "max")
    ).reset_index()
    orders["day"] = orders["ts"].dt.normalize()
    return orders[(orders["net"] > 0) & ~orders["storno"]]


def features(lines: pd.DataFrame, contacts: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    lines, contacts = lines[lines["ts"] < as_of], contacts[contacts["day"] < as_of]
    orders = orders_of(lines)
    days = orders.groupby(["CustomerNo", "day"], sort=False).agg(net=("net", "sum"), discount=("discount", "sum")).reset_index()
    days["age"] = (as_of - days["day"]) // DAY - 1
    customers = days.groupby("CustomerNo").agg(recency=("age", "min"), tenure=("age", "max"), days=("age", "size"), net=("net", "sum"))
    for name, low, high in (("90", 0, 90), ("prev_90", 90, 180), ("365", 0, 365)):
        part = days[(days["age"] >= low) & (days["age"] < high)].groupby("CustomerNo")
        customers[f"days_{name}"] = part.size().reindex(customers.index).fillna(0)
        customers[f"net_{name}"] = part["net"].sum().reindex(customers.index).fillna(0)
    days = days.sort_values(["CustomerNo", "day"])
    gaps = days.groupby("CustomerNo")["day"].diff() / DAY
    by = gaps.groupby(days["CustomerNo"])
    customers["gap_spread"] = (by.std() / by.mean()) ** 2
    customers["overdue"] = customers["recency"] / by.quantile(0.9).fillna(60)
    customers["trend"] = customers["net_90"] / (customers["net_90"] + customers["net_prev_90"]).replace(0, np.nan)
    customers["per_day"] = customers["net"] / customers["days"]
    late = lines[lines["ts"] >= as_of - pd.Timedelta(days=365)]
    customers["categories"] = late.groupby("CustomerNo")["category"].nunique()
    customers["tier"] = pd.qcut(customers["net_365"].rank(method="first"), 5, labels=False)
    contacts = contacts.assign(age=(as_of - contacts["day"]) // DAY - 1)
    for name, days_back in (("contacts", 90), ("complaints", 365), ("gave_up", 90)):
        part = contacts[contacts["age"] < days_back]
        part = part[part["Complaint"] == "Y"] if name == "complaints" else part[part["GaveUp"] == "Y"] if name == "gave_up" else part
        customers[name] = part.groupby("CustomerNo").size().reindex(customers.index).fillna(0)
    customers["wait"] = contacts[contacts["age"] < 180].groupby("CustomerNo")["WaitSeconds"].mean()
    customers["rating"] = contacts[contacts["age"] < 365].groupby("CustomerNo")["Rating"].mean()
    return customers[customers["recency"] < ELIGIBLE]


def main():
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    lines, contacts = read(folder)
    as_of = lines["ts"].max().normalize() + pd.Timedelta(days=1)
    known = orders_of(lines)
    snapshots = []
    for origin in range(ORIGINS + 1):
        day = as_of - pd.Timedelta(days=HORIZON + origin * STEP)
        found = features(lines, contacts, day)
        stayed = known[(known["day"] >= day) & (known["day"] < day + pd.Timedelta(days=HORIZON))]["CustomerNo"].unique()
        snapshots.append(found.assign(left=~found.index.isin(stayed), origin=origin))
    today = features(lines, contacts, as_of)
    past = pd.concat(snapshots)
    names = [name for name in past.columns if name not in ("left", "origin")]
    fold = pd.util.hash_array(past.index.to_numpy(dtype=str)) % 2
    earlier, latest = past["origin"] > 0, past["origin"] == 0

    def trees():
        return lightgbm.LGBMClassifier(n_estimators=100, max_depth=4, num_leaves=15, n_jobs=2, verbose=-1, random_state=1)

    def logistic():
        return make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression(max_iter=200))

    figures = {}
    for model, make in (("trees", trees), ("logistic", logistic)):
        judged = np.zeros(latest.sum())
        for own in (0, 1):
            fitted = make().fit(past.loc[earlier & (fold != own), names], past.loc[earlier & (fold != own), "left"])
            judged[fold[latest] == own] = fitted.predict_proba(past.loc[latest & (fold == own), names])[:, 1]
        left = past.loc[latest, "left"]
        figures[model] = {
            "auc": roc_auc_score(left, judged), "average_precision": average_precision_score(left, judged),
            "brier": brier_score_loss(left, judged), "log_loss": log_loss(left, judged),
        }  # fmt: skip
        logits = np.log(judged / (1 - judged)).reshape(-1, 1)
        calibrated = LogisticRegression(C=1e9).fit(logits, left)
        final = make().fit(past.loc[earlier, names], past.loc[earlier, "left"])
        raw = final.predict_proba(today[names])[:, 1]
        scores = calibrated.predict_proba(np.log(raw / (1 - raw)).reshape(-1, 1))[:, 1]
        table = pd.DataFrame({"score": scores}, index=today.index)
        if model == "trees":
            contributions = final.predict(today[names], pred_contrib=True)[:, :-1]
            best = np.argsort(-np.abs(contributions), axis=1)[:, :5]
            for place in range(5):
                table[f"reason_{place + 1}"] = np.array(names)[best[:, place]]
        table.to_parquet(out / f"{model}.parquet")
    print(json.dumps({
        "eligible": [int((past["origin"] == origin).sum()) for origin in range(ORIGINS + 1)],
        "left": [int(past.loc[past["origin"] == origin, "left"].sum()) for origin in range(ORIGINS + 1)],
        "today": len(today), "figures": figures,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
