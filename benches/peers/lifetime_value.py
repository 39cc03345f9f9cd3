"""Lifetime value against `lifetimes` (pip, archived), on customers simulated from BG/NBD and Gamma-Gamma over two years of days.

- `lifetimes`: reads the transactions, makes the summary, fits BG/NBD and Gamma-Gamma, and sums 12 months of value; its steps
  are told apart. Pareto/NBD in a process of its own, on a tenth of the customers: it takes minutes.
- `patronage ltv --models bg_nbd`: reads a summary file, fits both, and writes all figures of each customer: what `lifetimes`
  does behind its summary, and also probabilities, quantiles of purchases, dates and value, values without horizon, totals
  with intervals. `patronage ltv` fits all ten models, and `--models pareto_nbd` is the peer of Pareto/NBD.
- `patronage run`: the transactions to the tables of lifetime value, with ten models, two holdouts and the choice between them;
  of its wall seconds, those of these tables (from its manifest) are told.

Compared before any time is printed: customers, repeat purchases, ages; parameters to four digits; expected purchases of all
within 360 days to four digits; their value to 1 % (`lifetimes` discounts at the end of each 30 days, we at each purchase).

`lifetimes` wants older numpy and pandas than the rest: give its Python by `--lifetimes-python` (default:
`~/.cache/patronage-venv-lifetimes/bin/python`; `pip install lifetimes 'numpy<2' 'pandas<2.2' 'scipy<1.13' 'autograd<1.7'`).
"""

import json
import os
import shutil
from pathlib import Path

import duckdb
import numpy as np
from bench import HERE, THREADS, Cost, agree, arguments, measure, median, report, save

DAYS, HORIZON = 730, 360
PURCHASES = {"r": 0.65, "alpha": 42.0, "a": 0.5, "b": 3.0}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
LIFETIME_TABLES = ("ltv_", "history_", "customer_ltv", "purchase_histories", "purchase_weeks", "acquisitions", "gap_", "opportunity_")

PIPELINE = f"""\
[project]
name = "synthetic"
currency = "EUR"
time_zone = "UTC"

[inputs.transactions]
files = ["transactions.csv"]

[inputs.transactions.columns]
customer_id = "customer_id"
order_id = "order_id"
ts = "ts"
amount = "amount"

[lifetime_value]
horizon_days = {HORIZON}
"""


def simulate(customers: int, seed: int = 20) -> tuple:
    """Customer, day and cents of each purchase: the first on a random day, the rest as the models say, in whole days."""
    random = np.random.default_rng(seed)
    born = random.integers(0, DAYS, customers)
    rate = random.gamma(PURCHASES["r"], 1 / PURCHASES["alpha"], customers)
    leaves = random.beta(PURCHASES["a"], PURCHASES["b"], customers)
    scale = 1 / random.gamma(SPEND["q"], 1 / SPEND["gamma"], customers)
    alive, now = np.arange(customers), np.zeros(customers)
    who, when = [alive], [born]
    while len(alive):
        now[alive] += random.exponential(1 / rate[alive])
        alive = alive[born[alive] + now[alive] < DAYS]
        who.append(alive)
        when.append((born[alive] + now[alive]).astype(int))
        alive = alive[random.random(len(alive)) >= leaves[alive]]
    who, when = np.concatenate(who), np.concatenate(when)
    cents = np.maximum(1, np.rint(100 * random.gamma(SPEND["p"], scale[who]))).astype(np.int64)
    order = np.lexsort((who, when))
    return who[order], when[order], cents[order]


def data(args, customers: int) -> Path:
    """Transactions with a pipeline file, and summaries of them: made once."""
    folder = args.dir / f"lifetime-value-{customers}"
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    who, when, cents = simulate(customers)
    import pandas

    bought = pandas.DataFrame({"who": who, "day": when, "cents": cents})
    db = duckdb.connect()
    db.register("bought", bought)
    db.execute(f"""COPY (
        SELECT printf('C%07d', who) AS customer_id, row_number() OVER (ORDER BY day, who) AS order_id,
               DATE '2024-01-01' + CAST(day AS INTEGER) AS ts, CAST(cents / 100.0 AS DECIMAL(18, 2)) AS amount
        FROM bought ORDER BY day, who) TO '{unfinished}/transactions.csv' (HEADER)""")
    # As `lifetimes` has it: a day is a purchase, the first does not count in the mean, and the last day is the end.
    db.execute(f"""CREATE TABLE days AS
        SELECT who, day, SUM(cents) AS cents, lag(day) OVER (PARTITION BY who ORDER BY day) AS before FROM bought GROUP BY who, day""")
    db.execute(f"""COPY (
        SELECT printf('C%07d', who) AS customer_id, COUNT(before) AS x, MAX(day) - MIN(day) AS t_x,
               (SELECT MAX(day) FROM bought) - MIN(day) AS age,
               COALESCE(SUM(cents) FILTER (before IS NOT NULL) / 100.0 / COUNT(before), 0) AS value,
               COALESCE(SUM(LN(day - before)), 0) AS ln_gaps
        FROM days GROUP BY who ORDER BY who) TO '{unfinished}/summary.csv' (HEADER)""")
    db.execute(f"""COPY (SELECT * FROM '{unfinished}/summary.csv' LIMIT {customers // 10})
        TO '{unfinished}/summary-tenth.csv' (HEADER)""")
    (unfinished / "patronage.toml").write_text(PIPELINE)
    unfinished.rename(folder)
    return folder


def ltv(args, folder: Path, name: str, *more) -> Cost:
    """`patronage ltv` over a summary."""
    command = [args.binary, "ltv", folder / name, "--columns", "value=value,ln_gaps=ln_gaps", "--unit", "day"]
    command += ["--horizon", HORIZON, "--threads", THREADS, "--quiet", "--out", folder / "ltv", *more]
    return measure(command)[0]


def parameters(folder: Path, model: str) -> dict:
    sql = f"SELECT parameter, value FROM '{folder}/ltv/ltv_parameters.parquet' WHERE model = '{model}'"
    return dict(duckdb.execute(sql).fetchall())


def same_digits(what: str, ours: dict, theirs: dict, relative: float = 1e-4):
    for name, wanted in theirs.items():
        if abs(ours[name] / wanted - 1) > relative:
            raise SystemExit(f"{what} {name} differs, so no time is worth telling: {ours[name]} and {wanted}")
    print(f"same {what} to {relative:g}: {', '.join(f'{name} {value:.6g}' for name, value in ours.items())}")


def main():
    parser = arguments(__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000, help="simulated customers [%(default)s]")
    python = Path.home() / ".cache/patronage-venv-lifetimes/bin/python"
    parser.add_argument("--lifetimes-python", type=Path, default=python, help="a Python with lifetimes [%(default)s]")
    args = parser.parse_args()
    folder = data(args, args.customers)
    costs = {name: [] for name in ("lifetimes", "ltv, BG/NBD", "ltv, ten models", "lifetimes, Pareto/NBD of a tenth",
                                   "ltv, Pareto/NBD of a tenth", "ltv, Pareto/NBD", "run, the tables of lifetime value")}  # fmt: skip
    steps, runs, loads = [], [], []
    for _ in range(args.repeat):
        loads.append(os.getloadavg()[0])
        cost, said = measure([args.lifetimes_python, HERE / "lifetimes_ltv.py", "all", folder / "transactions.csv"])
        costs["lifetimes"].append(cost)
        theirs = json.loads(said)
        steps.append(theirs["steps"])

        costs["ltv, BG/NBD"].append(ltv(args, folder, "summary.csv", "--models", "bg_nbd"))
        found, table = theirs["found"], f"'{folder}/ltv/customer_ltv.parquet'"
        counts = duckdb.execute(f"SELECT COUNT(*), SUM(frequency)::BIGINT, SUM(age)::BIGINT FROM {table}").fetchone()
        agree("customers, repeats, ages", {"lifetimes": [found["customers"], found["repeats"], found["ages"]], "ltv": list(counts)})
        same_digits("BG/NBD", parameters(folder, "bg_nbd"), found["bg_nbd"])
        same_digits("Gamma-Gamma", parameters(folder, "gamma_gamma"), found["gamma_gamma"])
        sums = duckdb.execute(f"SELECT SUM(expected_purchases), SUM(value_horizon)::DOUBLE FROM {table}").fetchone()
        same_digits("purchases", {"all": sums[0]}, {"all": found["purchases"]})
        same_digits("value", {"all": sums[1]}, {"all": found["value"]}, 1e-2)

        costs["ltv, ten models"].append(ltv(args, folder, "summary.csv"))
        cost, said = measure([args.lifetimes_python, HERE / "lifetimes_ltv.py", "pareto", folder / "summary-tenth.csv"])
        costs["lifetimes, Pareto/NBD of a tenth"].append(cost)
        theirs = json.loads(said)
        steps[-1] |= {"Pareto/NBD of a tenth": theirs["steps"]["Pareto/NBD"]}
        costs["ltv, Pareto/NBD of a tenth"].append(ltv(args, folder, "summary-tenth.csv", "--models", "pareto_nbd"))
        # Its search is Nelder and Mead's, which ends early.
        same_digits("Pareto/NBD of a tenth", parameters(folder, "pareto_nbd"), theirs["found"]["pareto_nbd"], 2e-3)
        costs["ltv, Pareto/NBD"].append(ltv(args, folder, "summary.csv", "--models", "pareto_nbd"))

        shutil.rmtree(folder / "out", ignore_errors=True)
        only = [part for table in ("customer_ltv", "ltv_models", "ltv_parameters", "ltv_calibration", "ltv_tracking", "ltv_totals")
                for part in ("--only", table)]  # fmt: skip
        command = [args.binary, "run", folder, "--threads", THREADS, "--quiet", "--format", "json", *only]
        cost, said = measure(command)
        costs["run, the tables of lifetime value"].append(cost)
        runs.append(json.loads((Path(json.loads(said)["folder"]) / "manifest.json").read_text())["wall_clock"])

    report(f"{args.customers:,} customers, load {min(loads):.1f} to {max(loads):.1f}", costs, ours="ltv, BG/NBD")
    print("\nsteps of lifetimes")
    for name in steps[0]:
        spent = median([Cost(step[name]["cpu_s"], step[name]["wall_s"], 0.0) for step in steps])
        print(f"{name:38} {spent.cpu_s:>8.2f} {spent.wall_s:>8.2f}")
    clock = sorted(runs, key=lambda clock: clock["seconds"])[len(runs) // 2]
    seconds = {name: cost["seconds"] for name, cost in clock["tables"].items()}
    ours = {name: spent for name, spent in seconds.items() if name.startswith(LIFETIME_TABLES)}
    print(f"\nrun: {clock['seconds']:.1f} s wall, ingest {clock['stages']['ingest']:.1f}, tables of lifetime value "
          f"{sum(ours.values()):.1f} of {sum(seconds.values()):.1f}")  # fmt: skip
    for name, spent in sorted(ours.items(), key=lambda item: -item[1])[:8]:
        print(f"  {name:36} {spent:>8.2f}")
    save("lifetime_value", args, costs, customers=args.customers, load=loads, steps=steps, wall_clock=clock)


if __name__ == "__main__":
    main()
