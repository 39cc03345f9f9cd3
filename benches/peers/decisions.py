"""What the decision tables cost against the ingest of the same run: `patronage run` over a generated shop, nothing cached.

Every table's seconds, its share of all tables, and rows; then the sum over the decision tables (below) against the
ingest's seconds of the same run, as a ratio. Seconds of a table are wall seconds. With two threads the run makes one
table at a time, so that they add up; with more, others are made beside it and the sum is an upper bound.

There is no peer: nobody else makes these tables. The bound is the house's own: together less than the ingest.
"""

import json
import shutil
from pathlib import Path

from bench import THREADS, arguments, measure, report, save, shop

# Tables that were there before the decision tables: all others count as decision tables.
MAIN_JOB = {
    "affinity_ptp", "basket_products", "campaign_candidates", "campaign_targets", "customer_categories", "customer_days",
    "customer_orders", "customer_rhythm", "customer_service", "customer_summary", "customer_tiers", "customers",
    "data_quality", "line_totals", "order_lines", "orders", "period_tiers", "period_values", "populations",
    "product_counts", "product_pairs", "rfm_edges", "rfm_scores", "rfm_values", "routing", "segment_members",
    "segment_membership", "segment_membership_delta", "segments", "service_levels", "tier_cuts", "tier_migration",
    "tier_moves", "value_tiers",
}  # fmt: skip


# Tables of lifetime value, which came later and are counted for themselves.
LIFETIME = ("ltv_", "history_scores", "purchase_histories", "purchase_weeks", "purchase_models", "purchase_parameters", "acquisitions",
            "gap_logarithms", "opportunity_", "clv_tiers", "customer_ltv", "contract_")  # fmt: skip


def main():
    parser = arguments(__doc__, repeat=1)
    parser.add_argument("--lines", type=int, default=2_000_000, help="transaction lines to aim at [%(default)s]")
    parser.add_argument("--pipeline", type=Path, help="a folder with a patronage.toml, instead of a generated shop")
    args = parser.parse_args()
    pipeline = args.pipeline or shop(args, args.lines)
    runs, costs = [], []
    for _ in range(args.repeat):
        shutil.rmtree(pipeline / "out", ignore_errors=True)
        command = [args.binary, "run", pipeline, "--threads", THREADS, "--format", "json", "--quiet"]
        cost, said = measure(command)
        costs.append(cost)
        runs.append(json.loads((Path(json.loads(said)["folder"]) / "manifest.json").read_text()))

    # The run of the middle by its whole time, so that all figures are of one run.
    order = sorted(range(len(runs)), key=lambda index: runs[index]["wall_clock"]["seconds"])
    manifest = runs[order[len(order) // 2]]
    rows = {table["name"]: table["rows"] for table in manifest["tables"]}
    clock = manifest["wall_clock"]
    seconds = {name: cost["seconds"] for name, cost in clock["tables"].items()}
    total, ingest = sum(seconds.values()), clock["stages"]["ingest"]
    lifetime = {name: spent for name, spent in seconds.items() if name.startswith(LIFETIME)}
    decisions = {name: spent for name, spent in seconds.items() if name not in MAIN_JOB and name not in lifetime}

    print(f"{'table':32} {'rows':>10} {'seconds':>8} {'share':>7}")
    for name, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        mark = "*" if name in decisions else " "
        print(f"{name:30} {mark} {rows.get(name, 0):>10} {spent:>8.2f} {spent / total:>7.1%}")
    spent = sum(decisions.values())
    print(f"\n* decision tables: {spent:.2f} s, {spent / total:.0%} of all tables; ingest {ingest:.2f} s")
    print(f"tables of lifetime value: {sum(lifetime.values()):.2f} s")
    print(f"decision tables over ingest: {spent / ingest:.2f} (below 1: they cost less)")
    report("whole run, nothing cached", {"patronage": costs})
    save("decisions", args, {"patronage": costs}, lines=args.lines, rows=rows, wall_clock=clock, decision_tables=sorted(decisions))


if __name__ == "__main__":
    main()
