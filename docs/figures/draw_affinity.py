"""Draws the figures of docs/affinity.md.

    python docs/figures/draw_affinity.py PAIRS EVALUATION...

PAIRS is the file of all pairs of Groceries (spec/affinity.md 2.2: columns a, b, c, na, nb, n, lift, llr, q_greater_bh), and
each NAME=EVALUATION a file of nDCG by method (columns method, mode, ndcg). Only DuckDB is needed.
"""

import math
import sys

from draw import Picture, ask


def box(picture, x, y, width, height, kind, more=""):
    picture.shapes.append(
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="{kind}" {more}/>'
    )


def what_a_pair_is(pairs):
    """All baskets as an area: those with milk to the left, those with vegetables below."""
    ((both, milk, vegetables, baskets),) = ask(
        f"SELECT c, nb, na, n FROM '{pairs}' WHERE a = 'other vegetables' AND b = 'whole milk'"
    )
    picture = Picture(720, 300, "Baskets with whole milk and with other vegetables, seen and by chance")
    left, top, width, height = 60, 46, 400, 210
    edge = left + width * milk / baskets
    with_milk, without = both / milk, (vegetables - both) / (baskets - milk)
    bottom = top + height
    box(picture, left, top, width, height, "f0", 'opacity="0.18"')
    box(picture, left, bottom - height * with_milk, edge - left, height * with_milk, "f1", 'opacity="0.85"')
    box(picture, edge, bottom - height * without, left + width - edge, height * without, "f1", 'opacity="0.4"')
    picture.line(edge, top, edge, bottom, "l")
    chance = bottom - height * vegetables / baskets
    picture.line(left - 8, chance, left + width + 8, chance, "c2", 'stroke-width="1.8" stroke-dasharray="5 4"')
    picture.text((left + edge) / 2, top - 24, "with milk", "h m b")
    picture.text((left + edge) / 2, top - 8, f"{milk:,}", "m s")
    picture.text((edge + left + width) / 2, top - 24, "without milk", "h m b")
    picture.text((edge + left + width) / 2, top - 8, f"{baskets - milk:,}", "m s")
    picture.text(left - 12, bottom, "0 %", "e s")
    picture.text(left - 12, top + 8, "100 %", "e s")
    picture.text(left, bottom + 22, "width: share of all baskets; height: share of these that have vegetables too", "s")
    say = left + width + 26
    picture.text(say, chance + 4, f"chance: {vegetables / baskets:.1%} of any baskets", "h")
    picture.text(say, chance + 20, f"have vegetables ({vegetables:,} of {baskets:,}),", "")
    picture.text(say, chance + 36, f"so {milk * vegetables / baskets:.0f} of those with milk", "")
    picture.text(say, top + 14, f"seen: {both} baskets have both,", "h b")
    picture.text(say, top + 30, f"{with_milk:.1%} of those with milk", "")
    picture.text(say, top + 54, f"lift = {both} / {milk * vegetables / baskets:.0f} = {with_milk / vegetables * baskets:.2f}", "h b")
    picture.text((left + edge) / 2, bottom - height * with_milk - 6, f"{with_milk:.1%}", "h m b")
    picture.text((edge + left + width) / 2, chance - 6, f"{without:.1%}", "h m b")
    picture.save("affinity_pair.svg")


def why_lift_does_not_rank(pairs):
    """The hundred best pairs by lift and by log-likelihood ratio, by how many baskets they rest on."""
    picture = Picture(720, 380, "The hundred best pairs by lift and by log-likelihood ratio: baskets with both, and lift")
    left, right, top, bottom = 60, 690, 50, 330

    def place(count, lift):
        x = left + 14 + (right - left - 28) * math.log10(count) / 3
        y = bottom - 8 - (bottom - top - 16) * math.log10(lift) / math.log10(300)
        return x, y

    for lift in (1, 2, 5, 10, 20, 50, 100, 200):
        y = place(1, lift)[1]
        picture.line(left, y, right, y)
        picture.text(left - 8, y + 4, lift, "e s")
    for count in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        picture.text(place(count, 1)[0], bottom + 18, count, "m s")
    picture.line(left, bottom, right, bottom, "x")
    picture.text(left, top - 14, "lift", "s")
    picture.text(right, bottom + 38, "baskets with both (both scales are logarithmic)", "e s")

    columns = "a, b, c, lift, q_greater_bh"
    by_lift = ask(f"SELECT {columns} FROM '{pairs}' ORDER BY lift DESC, a, b LIMIT 100")
    by_evidence = ask(f"SELECT {columns} FROM '{pairs}' WHERE lift > 1 ORDER BY llr DESC, a, b LIMIT 100")
    # Pairs of one basket lie on one another: they are spread a little to the sides, in order.
    for at, (_, _, count, lift, q) in enumerate(by_lift):
        x, y = place(count, lift)
        x += (at * 7 % 13 - 6) * 1.5 if count <= 2 else 0
        picture.dot(x, y, 3.4, "f2" if q <= 0.05 else "c2", "" if q <= 0.05 else 'stroke-width="1.2"')
    for _, _, count, lift, _ in by_evidence:
        picture.dot(*place(count, lift), 3.4, "f1", 'opacity="0.8"')
    kept = sum(q <= 0.05 for *_, q in by_lift)
    say = 300
    picture.dot(say, 62, 3.4, "c2", 'stroke-width="1.2"')
    picture.text(say + 12, 66, f"best hundred by lift: chance would do as well ({100 - kept})", "h")
    picture.dot(say, 82, 3.4, "f2")
    picture.text(say + 12, 86, f"best hundred by lift: more than chance, q at most 0.05 ({kept})", "h")
    picture.dot(say, 102, 3.4, "f1")
    picture.text(say + 12, 106, "best hundred by log-likelihood ratio: all are more than chance", "h")

    def note(a, b, dx, dy, kind=""):
        ((count, lift),) = ask(f"SELECT c, lift FROM '{pairs}' WHERE (a, b) IN (('{a}', '{b}'), ('{b}', '{a}'))")
        x, y = place(count, lift)
        picture.text(x + dx, y + dy, f"{a}, {b}", "s " + kind)

    note("cocoa drinks", "preservation products", 14, 4)
    note("Instant food products", "hamburger meat", 8, -4)
    note("other vegetables", "whole milk", 34, 17, "e")
    picture.save("affinity_lift.svg")


SHOWN = [
    ("cust: lift", "lift", "f2"),
    ("cust: lift minc5", "lift, from 5 customers", "f2"),
    ("popularity", "popularity", "f0"),
    ("cust: jaccard", "Jaccard", "f1"),
    ("cust: LLR", "log-likelihood ratio", "f1"),
    ("EASE lam=500", "EASE", "f3"),
]


def what_finds_the_next_purchase(evaluations):
    picture = Picture(720, 44 + 20 * len(SHOWN) + 36, "nDCG of new products by method, popularity is 1")
    width = 230
    for column, evaluation in enumerate(evaluations):
        name, path = evaluation.split("=", 1)
        start = 170 + column * (width + 60)
        found = dict(
            ask(f"SELECT trim(regexp_replace(method, '[(].*', '')), ndcg FROM '{path}' WHERE mode = 'new'")
        )
        unit = found["popularity"]
        scale = width / 3
        picture.text(start, 22, name, "h b")
        for at, (method, label, kind) in enumerate(SHOWN):
            y = 44 + 20 * at
            ratio = found[method] / unit
            if column == 0:
                picture.text(start - 12, y + 9, label, "h e")
            box(picture, start, y, ratio * scale, 12, kind)
            # Not across the line of popularity.
            end = scale if 0.7 < ratio < 1 else ratio * scale
            picture.text(start + end + 6, y + 10, f"{ratio:.2f}", "h s")
        picture.line(start + scale, 34, start + scale, 44 + 20 * len(SHOWN), "x", 'stroke-dasharray="3 3"')
        picture.text(start + scale, 44 + 20 * len(SHOWN) + 14, "popularity = 1", "m s")
    picture.save("affinity_ranking.svg")


def main():
    pairs, *evaluations = sys.argv[1:]
    what_a_pair_is(pairs)
    why_lift_does_not_rank(pairs)
    what_finds_the_next_purchase(evaluations)


if __name__ == "__main__":
    main()
