"""Draws the figures of docs/lifetime-value.md from runs.

    python docs/figures/draw.py SAMPLE CDNOW NAME=RUN...

SAMPLE is the output folder of a run on sample-data, CDNOW that of tests/pipelines/cdnow.toml with calibration_end, and each
NAME=RUN one of an export whose models are to be compared. Only DuckDB is needed. Of real exports nothing is drawn but sums
over customers; the three customers of history.svg are those of the made-up shop.
"""

import math
import sys
from pathlib import Path

import duckdb

HERE = Path(__file__).parent

# Readable on white and on black; a browser that prefers dark gets the second.
STYLE = """
text{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#57606a}
.h{fill:#24292f}.b{font-weight:600}.e{text-anchor:end}.m{text-anchor:middle}.s{font-size:11px}
.g{stroke:#d0d7de}.x{stroke:#8c959f}.l{stroke:#24292f;fill:none}.d{fill:#24292f}
.c1{stroke:#0969da;fill:none}.c2{stroke:#bc4c00;fill:none}.c3{stroke:#1a7f37;fill:none}
.f1{fill:#0969da}.f2{fill:#bc4c00}.f3{fill:#1a7f37}.f0{fill:#8c959f}
@media (prefers-color-scheme:dark){text{fill:#9198a1}.h{fill:#e6edf3}.g{stroke:#3d444d}.x{stroke:#6e7681}
.l{stroke:#e6edf3}.d{fill:#e6edf3}.c1{stroke:#58a6ff}.c2{stroke:#f0883e}.c3{stroke:#3fb950}
.f1{fill:#58a6ff}.f2{fill:#f0883e}.f3{fill:#3fb950}.f0{fill:#6e7681}}
"""


class Picture:
    """An SVG: shapes one after another."""

    def __init__(self, width, height, title):
        self.width, self.height, self.title = width, height, title
        self.shapes = []

    def line(self, x1, y1, x2, y2, kind="g", more=""):
        self.shapes.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}" {more}/>')

    def path(self, points, kind, more='stroke-width="1.8"'):
        steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.shapes.append(f'<path d="M{steps}" class="{kind}" {more}/>')

    def dot(self, x, y, radius, kind, more=""):
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" class="{kind}" {more}/>')

    def text(self, x, y, text, kind="", more=""):
        text = str(text).replace("&", "&amp;").replace("<", "&lt;")
        self.shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" {more}>{text}</text>')

    def save(self, name):
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-label="{self.title}">\n<title>{self.title}</title>\n<style>{STYLE}</style>\n'
        )
        (HERE / name).write_text(svg + "\n".join(self.shapes) + "\n</svg>\n", encoding="utf-8")


def rows(run, table, rest):
    return duckdb.sql(f"SELECT * FROM '{run}/tables/{table}.parquet' {rest}").fetchall()


def ask(sql):
    return duckdb.sql(sql).fetchall()


# --- what a history is ---


def history(sample):
    """Three customers of the made-up shop, from the first purchase to the last day read."""
    run = sample / "latest"
    table = f"'{run}/tables/customer_ltv.parquet'"
    shown = ["10000890", "10000239", "10000794"]
    picture = Picture(720, 250, "Three purchase histories: x, t_x and T")
    longest = 560.0
    left, right = 60, 520
    scale = (right - left) / longest
    for place, customer in enumerate(shown):
        [(x, t_x, age, alive, expected, model)] = ask(
            f"SELECT frequency, recency, age, p_alive, expected_purchases, model FROM {table} "
            f"WHERE customer_id = '{customer}'"
        )
        days = ask(
            f"SELECT DISTINCT order_day FROM '{sample}/cache/transactions/*/part-*.parquet' "
            f"WHERE customer_id = '{customer}' AND amount_e4 > 0 AND COALESCE(status, 'completed') = 'completed' "
            "AND COALESCE(line_type, 'sale') = 'sale' AND NOT COALESCE(is_test, FALSE) ORDER BY 1"
        )
        days = [day for (day,) in days]
        assert len(days) == x + 1 and days[-1] - days[0] == t_x, customer
        y = 60 + 66 * place
        end = right
        start = end - age * scale
        picture.line(start, y, end, y, "x", 'stroke-width="1.2"')
        for day in days:
            picture.dot(start + (day - days[0]) * scale, y, 4.5, "f1")
        last = start + t_x * scale
        if x:
            picture.line(start, y + 12, last, y + 12, "c1", 'stroke-width="1.5"')
            picture.text((start + last) / 2, y + 26, f"t_x = {t_x:.0f} days", "m s")
        picture.line(start, y - 12, end, y - 12, "x", 'stroke-width="1.5"')
        picture.text((start + end) / 2, y - 17, f"T = {age:.0f} days", "m s")
        picture.text(right + 18, y - 4, f"x = {x}", "h b")
        picture.text(right + 18, y + 12, f"P(alive) = {alive:.3f}".replace("1.000", "1"), "h")
        picture.text(right + 18, y + 28, f"{expected:.2f} expected in a year", "s")
    picture.line(right, 30, right, 218, "l", 'stroke-dasharray="4 3"')
    picture.text(right, 236, "last day read", "m s")
    picture.text(left - 40, 20, f"Three customers of the made-up shop ({model})", "h b")
    picture.save("history.svg")


# --- expected and actual purchases by week ---


def tracking(cdnow):
    picture = Picture(720, 470, "CDNOW: repeat purchases by week, actual and expected, with the holdout")
    models = [("bg_nbd", "c1", "f1"), ("mbg_nbd", "c2", "f2"), ("pareto_nbd", "c3", "f3")]
    series = {
        model: ask(
            "SELECT period_end, actual_incremental, expected_incremental, actual_cumulative, expected_cumulative "
            f"FROM '{cdnow}/latest/tables/ltv_tracking.parquet' WHERE stratum = 'all' AND model = '{model}' ORDER BY 1"
        )
        for model, _, _ in models
    }
    weeks = series["bg_nbd"]
    border = next(place for place, row in enumerate(weeks) if str(row[0]) >= "1997-10-01")
    left, right = 64, 700

    def x(place):
        return left + (right - left) * (place + 1) / len(weeks)

    def panel(top, bottom, most, step, unit, actual, expected, title):
        def y(value):
            return bottom - (bottom - top) * value / most

        for value in range(0, most + 1, step):
            picture.line(left, y(value), right, y(value))
            picture.text(left - 6, y(value) + 4, f"{value:,}", "e s")
        picture.text(left, top - 10, title, "h b")
        picture.path([(x(place), y(row[actual])) for place, row in enumerate(weeks)], "l", 'stroke-width="1.3"')
        for model, kind, _ in models:
            points = [(x(place), y(row[expected])) for place, row in enumerate(series[model])]
            picture.path(points, kind)
        picture.line(x(border - 1), top, x(border - 1), bottom, "x", 'stroke-dasharray="4 3"')
        picture.text(x(border - 1) + 6, top + 12, "holdout", "s")
        picture.text(x(border - 1) - 6, top + 12, "fitted to these", "e s")

    panel(50, 220, 1_250, 250, "", 1, 2, "Repeat purchases in the week")
    panel(270, 430, 48_000, 12_000, "", 3, 4, "Repeat purchases so far")
    for place, (name, kind) in enumerate([("actual", "d"), *[(model, fill) for model, _, fill in models]]):
        at = 330 + 92 * place
        picture.shapes.append(f'<rect x="{at}" y="14" width="14" height="3" class="{kind}"/>')
        picture.text(at + 19, 19, name, "s")
    for place in range(0, len(weeks), 13):
        picture.text(x(place), 450, str(weeks[place][0])[:7], "m s")
    picture.text(20, 19, "CDNOW, 23,570 customers", "h b")
    picture.save("tracking.svg")


# --- calibration by decile ---


def calibration(cdnow):
    """Actual by expected purchases of each decile; the interval is of chance alone, if the model is right."""
    picture = Picture(720, 300, "CDNOW: actual by expected purchases in the holdout, by decile, three models")
    models = [("bg_nbd", "c1", "f1"), ("mbg_nbd", "c2", "f2"), ("pareto_nbd", "c3", "f3")]
    width, gap, left, top, bottom = 200, 26, 46, 78, 250
    low, high = math.log(0.75), math.log(2.3)

    def y(ratio):
        return bottom - (bottom - top) * (math.log(ratio) - low) / (high - low)

    for place, (model, stroke, fill) in enumerate(models):
        start = left + place * (width + gap)
        for ratio in (0.8, 1, 1.25, 1.5, 2):
            picture.line(start, y(ratio), start + width, y(ratio), "l" if ratio == 1 else "g")
            if place == 0:
                picture.text(start - 6, y(ratio) + 4, f"{ratio:g}", "e s")
        bins = ask(
            "SELECT bin, predicted, actual, lo, hi FROM "
            f"'{cdnow}/latest/tables/ltv_calibration.parquet' WHERE stratum = 'all' AND model = '{model}' "
            "AND \"by\" = 'decile' ORDER BY bin"
        )
        for decile, predicted, actual, lo, hi in bins:
            x = start + width * (decile - 0.5) / 10
            picture.line(x, y(lo / predicted), x, y(hi / predicted), stroke, 'stroke-width="7" stroke-opacity="0.35"')
            picture.dot(x, y(actual / predicted), 3.6, fill)
            picture.text(x, bottom + 16, decile, "m s")
        picture.text(start, top - 16, model, "h b")
        ends = f"expected: {bins[0][1]:.2f} to {bins[-1][1]:.2f} a customer"
        picture.text(start + width / 2, bottom + 36, ends, "m s")
    picture.text(12, 154, "actual / expected", "m s", 'transform="rotate(-90 12 154)"')
    picture.text(20, 19, "CDNOW, purchases in the holdout of 39 weeks, by decile of the expectation", "h b")
    picture.text(20, 36, "Dot: actual by expected. Bar: 80 % of what chance alone would give if the model were right.", "s")
    picture.save("calibration.svg")


# --- P(alive) ---


def p_alive(model, p, x, t_x, age):
    """As src/models/lifetime_value has it, for a picture."""
    if model == "bg_nbd":
        if x == 0:
            return 1.0
        odds = p["a"] / (p["b"] + x - 1) * ((p["alpha"] + age) / (p["alpha"] + t_x)) ** (p["r"] + x)
        return 1 / (1 + odds)
    if model == "mbg_nbd":
        odds = p["a"] / (p["b"] + x) * ((p["alpha"] + age) / (p["alpha"] + t_x)) ** (p["r"] + x)
        return 1 / (1 + odds)
    steps = 400
    width = (age - t_x) / steps
    k = p["r"] + x

    def density(y):
        return ((p["alpha"] + age) / (p["alpha"] + y)) ** k * ((p["beta"] + age) / (p["beta"] + y)) ** p["s"] / (p["beta"] + y)

    total = sum(density(t_x + width * (step + 0.5)) for step in range(steps)) * width
    return 1 / (1 + p["s"] * total)


def alive(cdnow):
    picture = Picture(720, 330, "P(alive) by repeat purchases and recency, three models")
    models = ["bg_nbd", "mbg_nbd", "pareto_nbd"]
    age, most = 39.0, 12
    width, gap, left, top, bottom = 196, 30, 46, 56, 264
    columns = 20
    high = (bottom - top) / (most + 1)
    wide = width / columns
    for place, model in enumerate(models):
        start = left + place * (width + gap)
        p = dict(
            ask(
                "SELECT parameter, value FROM "
                f"'{cdnow}/latest/tables/ltv_parameters.parquet' WHERE stratum = 'all' AND model = '{model}'"
            )
        )
        picture.text(start, top - 12, model, "h b")
        shades = {}
        for x in range(most + 1):
            for column in range(columns if x else 1):
                t_x = age * (column + 0.5) / columns if x else 0.0
                value = p_alive(model, p, x, t_x, age)
                at_x, at_y = start + wide * column, bottom - high * (x + 1) + 0.5
                across = (wide if x else width) - 0.5
                cell = f"M{at_x:.1f} {at_y:.1f}h{across:.1f}v{high - 1:.1f}h{-across:.1f}z"
                shades.setdefault(round(20 * value), []).append(cell)
            if place == 0 and x % 2 == 0:
                picture.text(start - 6, bottom - high * (x + 0.5) + 4, x, "e s")
        # The more alive, the less transparent.
        for shade, cells in sorted(shades.items()):
            picture.shapes.append(f'<path d="{"".join(cells)}" class="f1" fill-opacity="{0.06 + 0.047 * shade:.2f}"/>')
        once = p_alive(model, p, 0, 0.0, age)
        ink = 'style="fill:#fff"' if once > 0.6 else ""
        kind = "m s b" if ink else "m s b h"
        picture.text(start + width / 2, bottom - high / 2 + 4, f"bought once: {once:.2f}".replace("1.00", "1"), kind, ink)
        for weeks in (0, 13, 26, 39):
            picture.text(start + width * weeks / age, bottom + 16, weeks, "m s")
        picture.text(start + width / 2, bottom + 34, "t_x, weeks (T = 39)", "m s")
    picture.text(14, 160, "repeat purchases, x", "m s", 'transform="rotate(-90 14 160)"')
    for step in range(5):
        at = 480 + 46 * step
        picture.shapes.append(
            f'<rect x="{at}" y="10" width="14" height="12" class="f1" fill-opacity="{0.06 + 0.94 * step / 4:.2f}"/>'
        )
        picture.text(at + 17, 20, f"{step / 4:g}", "s")
    picture.text(20, 19, "P(alive) at the parameters of CDNOW, by x and t_x", "h b")
    picture.save("p_alive.svg")


# --- deviance by model ---


def deviance(exports):
    order = ["nbd", "bg_nbd", "mbg_nbd", "pareto_nbd", "bg_cnbd_2", "mbg_cnbd_2", "bg_cnbd_3", "mbg_cnbd_3", "bg_cnbd_4", "mbg_cnbd_4"]
    height = 76 + 20 * len(order) + 40
    picture = Picture(720, height, "Deviance in the holdout as a share of the baseline's, by model and export")
    left, top = 96, 70
    gap = 22
    width = (712 - left - gap * (len(exports) - 1)) / len(exports)
    bottom = top + 20 * len(order)
    for place, model in enumerate(order):
        picture.text(left - 10, top + 20 * place + 14, model, "e s")
    for place, (name, run) in enumerate(exports):
        start = left + place * (width + gap)
        found = {
            model: (deviance / baseline, grade, chosen)
            for model, deviance, baseline, grade, chosen in ask(
                "SELECT model, holdout_deviance, baseline_deviance, grade, chosen FROM "
                f"'{run}/latest/tables/ltv_models.parquet' WHERE stratum = 'all' AND holdout_deviance IS NOT NULL"
            )
        }
        low = min([1.0, *[ratio for ratio, _, _ in found.values()]])
        high = max([1.0, *[ratio for ratio, _, _ in found.values()]])
        pad = 0.06 * (high - low)
        low, high = low - pad, high + pad

        def x(ratio, start=start, low=low, high=high):
            return start + width * (ratio - low) / (high - low)

        picture.text(start, top - 26, name, "h b")
        for row in range(len(order)):
            picture.line(start, top + 20 * row + 10, start + width, top + 20 * row + 10)
        picture.line(x(1.0), top, x(1.0), bottom, "x", 'stroke-dasharray="3 3"')
        picture.text(x(1.0), top - 8, "baseline", "m s" if x(1.0) < start + width - 20 else "e s")
        best = min(ratio for ratio, _, _ in found.values())
        for row, model in enumerate(order):
            ratio, grade, chosen = found[model]
            kind = {"A": "f3", "B": "f1", "C": "f2"}[grade]
            y = top + 20 * row + 10
            if chosen:
                picture.dot(x(ratio), y, 8.5, "l", 'stroke-width="1.4"')
            picture.text(x(ratio), y + 4, grade, f"m b {kind}")
        picture.text(x(best), bottom + 16, f"{best:.3f}", "m s")
    for place, (grade, kind) in enumerate([("A", "f3"), ("B", "f1"), ("C", "f2")]):
        picture.text(536 + 24 * place, 19, grade, f"m b {kind}")
    picture.text(600, 19, "grade", "s")
    picture.dot(648, 15, 7, "l", 'stroke-width="1.4"')
    picture.text(660, 19, "chosen", "s")
    picture.text(20, 19, "Deviance in the holdouts by the baseline's: left is better", "h b")
    picture.save("deviance.svg")


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sample, cdnow = Path(sys.argv[1]), Path(sys.argv[2])
    exports = [(name, Path(run)) for name, run in (argument.split("=", 1) for argument in sys.argv[3:])]
    history(sample)
    tracking(cdnow)
    calibration(cdnow)
    alive(cdnow)
    deviance(exports)


if __name__ == "__main__":
    main()
