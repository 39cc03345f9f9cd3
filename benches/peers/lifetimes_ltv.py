"""The side of `lifetimes` (0.11.3, archived) in `lifetime_value.py`: run by a Python that has it.

    lifetimes_ltv.py all TRANSACTIONS.csv       summary, BG/NBD, Gamma-Gamma, 12 months of value
    lifetimes_ltv.py pareto SUMMARY.csv         Pareto/NBD of a summary

Writes what it found, and the CPU and wall seconds of each step, as one JSON object.
"""

import json
import resource
import sys
import time
import warnings

import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter
from lifetimes.utils import summary_data_from_transaction_data

warnings.filterwarnings("ignore")
DAYS, MONTHS, YEARLY = 360, 12, 0.10
steps = {}


def step(name, work):
    def cpu():
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    before, started = cpu(), time.perf_counter()
    result = work()
    steps[name] = {"cpu_s": cpu() - before, "wall_s": time.perf_counter() - started}
    return result


def fitted(model):
    return {name: float(value) for name, value in model.params_.items()}


def everything(transactions):
    table = step("read", lambda: pd.read_csv(transactions, usecols=["customer_id", "ts", "amount"]))
    end = table["ts"].max()
    summary = step(
        "summary",
        lambda: summary_data_from_transaction_data(
            table, "customer_id", "ts", monetary_value_col="amount", observation_period_end=end, freq="D"
        ),
    )
    bg = BetaGeoFitter()
    step("BG/NBD", lambda: bg.fit(summary["frequency"], summary["recency"], summary["T"]))
    # A mean of 0 is of returns only: not in the model.
    spent = summary[(summary["frequency"] > 0) & (summary["monetary_value"] > 0)]
    gg = GammaGammaFitter()
    step("Gamma-Gamma", lambda: gg.fit(spent["frequency"], spent["monetary_value"]))
    columns = (summary["frequency"], summary["recency"], summary["T"])
    purchases = step("purchases", lambda: bg.conditional_expected_number_of_purchases_up_to_time(DAYS, *columns))
    # Its months are 30 days.
    monthly = (1 + YEARLY) ** (30 / 365.25) - 1
    value = step(
        "12-month value",
        lambda: gg.customer_lifetime_value(
            bg, *columns, summary["monetary_value"], time=MONTHS, discount_rate=monthly, freq="D"
        ),
    )
    return {
        "bg_nbd": fitted(bg),
        "gamma_gamma": {"p": gg.params_["p"], "q": gg.params_["q"], "gamma": gg.params_["v"]},
        "customers": len(summary),
        "repeats": int(summary["frequency"].sum()),
        "ages": int(summary["T"].sum()),
        "purchases": float(purchases.sum()),
        "value": float(value.sum()),
    }


def pareto(summary_file):
    summary = step("read", lambda: pd.read_csv(summary_file))
    model = ParetoNBDFitter()
    step("Pareto/NBD", lambda: model.fit(summary["x"], summary["t_x"], summary["age"]))
    return {"pareto_nbd": fitted(model)}


if __name__ == "__main__":
    found = everything(*sys.argv[2:]) if sys.argv[1] == "all" else pareto(*sys.argv[2:])
    print(json.dumps({"found": found, "steps": steps}))
