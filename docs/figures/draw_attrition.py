"""Draws the figures of docs/attrition.md from backtests.

    python docs/figures/draw_attrition.py NAME=BACKTEST...

Each BACKTEST is a folder that `patronage backtest` wrote. Only DuckDB is needed. Nothing is drawn but sums over customers.
"""

import sys

from draw import Picture, ask

KINDS = {"scorecard": ("f1", "c1"), "trees": ("f3", "c3"), "rfm_cell": ("f0", "x"), "recency": ("f2", "c2")}
NAMES = {"scorecard": "scorecard", "trees": "trees", "rfm_cell": "rate of the RFM cell", "recency": "silence alone"}


def box(picture, x, y, width, height, kind):
    picture.shapes.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="{kind}"/>')


def calibration(backtests):
    """What the scorecard promised on the last night, and what came, a panel for each export."""
    size, gap, left, top = 196, 44, 46, 54
    picture = Picture(left + len(backtests) * (size + gap), top + size + 62, "Promised and seen, by tenths of the customers")
    for column, (name, folder) in enumerate(backtests):
        x0 = left + column * (size + gap)

        def place(promised, seen):
            return x0 + size * promised, top + size * (1 - seen)

        bins = ask(
            f"SELECT mean_score, rate, lo, hi, rows FROM '{folder}/attrition_backtest_bins.parquet' WHERE stratum = 'all' "
            f"AND model = 'scorecard' AND as_of = (SELECT max(as_of) FROM '{folder}/attrition_backtest_bins.parquet')"
        )
        ((night,),) = ask(f"SELECT strftime(max(as_of), '%Y-%m-%d') FROM '{folder}/attrition_backtest_bins.parquet'")
        for share in (0, 0.25, 0.5, 0.75, 1):
            picture.line(*place(0, share), *place(1, share))
            picture.text(x0 - 6, place(0, share)[1] + 4, f"{share:.0%}", "e s")
            picture.text(place(share, 0)[0], top + size + 16, f"{share:.0%}", "m s")
        picture.line(*place(0, 0), *place(1, 1), "x", 'stroke-dasharray="4 4"')
        for promised, seen, low, high, _ in bins:
            picture.line(*place(promised, low), *place(promised, high), "c1", 'stroke-width="2"')
            picture.dot(*place(promised, seen), 3.6, "f1")
        picture.text(x0, top - 30, name, "h b")
        picture.text(x0, top - 14, f"{sum(row[4] for row in bins):,} customers, {night}", "s")
        picture.text(x0 + size / 2, top + size + 34, "promised", "m s")
    picture.text(left, top + size + 54, "dot: share that left, with its 95 % interval; on the dashed line promises hold", "s")
    picture.save("attrition_calibration.svg")


def nights(backtests):
    """Area under the ROC curve with its interval, by night and model."""
    panels = []
    for name, folder in backtests:
        found = ask(
            f"SELECT strftime(as_of, '%Y-%m-%d'), model, auc, auc_lo, auc_hi FROM '{folder}/attrition_backtest.parquet' "
            "WHERE stratum = 'all' AND auc IS NOT NULL ORDER BY as_of, model"
        )
        panels.append((name, found))
    height, left, right, top = 150, 60, 700, 62
    picture = Picture(720, top + len(panels) * (height + 62), "How well each tells leavers from stayers, night by night")
    for at, model in enumerate(KINDS):
        picture.dot(left + at * 160, 20, 4, KINDS[model][0])
        picture.text(left + at * 160 + 10, 24, NAMES[model], "h")
    for panel, (name, found) in enumerate(panels):
        y0 = top + panel * (height + 62)
        low = min(row[3] for row in found if row[1] in KINDS) // 0.05 * 0.05
        high = -(-max(row[4] for row in found if row[1] in KINDS) // 0.05) * 0.05

        def y(value):
            return y0 + height * (high - value) / (high - low)

        steps = round((high - low) / 0.05)
        for step in range(steps + 1):
            value = low + 0.05 * step
            picture.line(left, y(value), right, y(value))
            if steps < 8 or step % 2 == 0:
                picture.text(left - 8, y(value) + 4, f"{value:.2f}", "e s")
        picture.text(left, y0 - 12, f"{name}: area under the ROC curve, 0.5 is chance", "h b")
        days = sorted({row[0] for row in found})
        for place, day in enumerate(days):
            x = left + (right - left) * (place + 0.5) / len(days)
            picture.text(x, y0 + height + 18, day, "m s")
            for at, model in enumerate(KINDS):
                for _, _, auc, auc_low, auc_high in [row for row in found if row[0] == day and row[1] == model]:
                    shift = x + (at - 1.5) * 13
                    picture.line(shift, y(auc_low), shift, y(auc_high), KINDS[model][1], 'stroke-width="2"')
                    picture.dot(shift, y(auc), 3.6, KINDS[model][0])
    picture.save("attrition_nights.svg")


def main():
    backtests = [argument.split("=", 1) for argument in sys.argv[1:]]
    calibration(backtests)
    nights(backtests)


if __name__ == "__main__":
    main()
