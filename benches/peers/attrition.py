"""The model of attrition, from exports to scores with reasons, against pandas with LightGBM and scikit-learn.

Both sides read the CSV exports of a generated shop, go back to four earlier days, learn from three of them, judge out of time
and out of sample on the latest, calibrate, score today's customers and explain each score. Ours (`patronage run --only`, nothing
cached) makes the features by the same SQL as every night, with exact ingest, and fits scorecard, trees and three baselines; the
peer (`sklearn_attrition.py`) makes about as many features in pandas and fits LightGBM and a logistic regression.

Compared before any time is printed: eligible customers and leavers at each of the four days, and who is scored today. Quality
is printed beside the times: out-of-time AUC and log loss of both.

    pip install pandas pyarrow lightgbm scikit-learn duckdb
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
from bench import HERE, THREADS, agree, alternate, arguments, measure, report, save

TABLES = ["attrition_grades", "attrition_scores", "attrition_reasons", "attrition_model", "attrition_calibration"]
CHECKED = ["attrition_labels", "attrition_snapshots"]


def shop(args) -> Path:
    folder = args.dir / f"attrition-{args.customers}"
    if not folder.exists():
        args.dir.mkdir(parents=True, exist_ok=True)
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [args.binary, "generate", unfinished, "--customers", args.customers, "--lines", 10 * args.customers]
        # Customers who differ much in how often they buy can be told apart: else no model is used, and nothing is scored.
        command += ["--rate-shape", "0.5"]
        subprocess.run([str(part) for part in [*command, "--layout", "single", "--quiet"]], check=True, stdout=subprocess.DEVNULL)
        unfinished.rename(folder)
    return folder


def ours(args, folder: Path, tables: list):
    shutil.rmtree(folder / "out", ignore_errors=True)
    only = [part for table in tables for part in ("--only", table)]
    cost, said = measure([args.binary, "run", folder, *only, "--threads", THREADS, "--format", "json", "--quiet"])
    return cost, Path(json.loads(said)["folder"]) / "tables"


def main():
    parser = arguments(__doc__, repeat=1)
    parser.add_argument("--customers", type=int, default=1_000_000, help="customers of the shop [%(default)s]")
    parser.add_argument("--python", default=sys.executable, help="a Python with the peer's libraries [%(default)s]")
    args = parser.parse_args()
    folder = shop(args)

    _, tables = ours(args, folder, TABLES + CHECKED)
    found = duckdb.execute(f"""
        SELECT list(rows ORDER BY origin_no), list(leavers ORDER BY origin_no) FROM (
            SELECT origin_no, count(*) AS rows, count(*) FILTER (has_left) AS leavers
            FROM '{tables}/attrition_snapshots.parquet' JOIN '{tables}/attrition_labels.parquet' USING (origin_no, customer_id)
            WHERE recency_days < 180 GROUP BY origin_no)""").fetchone()
    today = duckdb.execute(f"SELECT count(score) FROM '{tables}/attrition_scores.parquet'").fetchone()[0]
    grades = duckdb.execute(f"SELECT model, auc, log_loss, grade FROM '{tables}/attrition_grades.parquet'").fetchall()
    mine = {"eligible": found[0], "left": found[1], "today": today}

    theirs = {}

    def peer():
        cost, said = measure([args.python, HERE / "sklearn_attrition.py", folder, args.dir / "attrition-peer"])
        theirs.update(json.loads(said))
        return cost

    costs = alternate({"patronage": lambda: ours(args, folder, TABLES)[0], "pandas, LightGBM, scikit-learn": peer}, args.repeat)
    agree("customers", {"patronage": mine, "peer": {key: theirs[key] for key in mine}})
    for model, auc, loss, grade in grades:
        print(f"ours, {model}: AUC {auc:.4f}, log loss {loss:.4f}, grade {grade}" if auc else f"ours, {model}: not judged")
    for model, figures in theirs["figures"].items():
        print(f"peer, {model}: AUC {figures['auc']:.4f}, log loss {figures['log_loss']:.4f}")
    report(f"attrition of {args.customers:,} customers", costs)
    save("attrition", args, costs, customers=mine, grades=grades, peer=theirs["figures"])


if __name__ == "__main__":
    main()
