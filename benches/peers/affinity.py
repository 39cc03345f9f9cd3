"""Pairs of products against what else counts them: `patronage affinity pairs` from Parquet with string ids to a table.

Data sets, made once in `--dir`:

- A: a million baskets of 1 + Poisson(6.74) draws out of 20,000 products; pairs within a basket.
- B: a million customers, 10 M lines, a log-normal number for each, in the order of time; pairs within a customer.
- generated: `patronage generate` with a million customers, 20,000 products and 10 M lines; pairs within a customer.
- A with huge baskets: A and 30 baskets of 5,000 products.

A and B are made here by numpy and not by `patronage generate`: its baskets hold 2.5 products on average, which no option
changes, so that A has no counterpart, and its customers make 60 % of the pairs of B (`generated`).

The peers (`affinity_peers.py`) find the 50 partners of each product with the highest counts and write product, partner and
count. Ours does more: it ranks by log-likelihood ratio, so every pair that came twice or more is tested, with q-values over
all possible pairs, and writes all columns of `affinity_ptp`. Before any time is told: the peers agree on the counts of each
product's 50 best, and each count of ours is that of DuckDB, for products in a sample and for all pairs that both list.

    pip install duckdb polars pyarrow pandas scipy sparse_dot_topn implicit rusket fastapriori
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bench import HERE, THREADS, Cost, RssSampler, agree, arguments, median, save

PRODUCTS, HUGE, HUGE_PRODUCTS = 20_000, 30, 5_000
PEERS = ("sparse_dot_topn", "rusket", "implicit", "scipy", "polars", "duckdb", "fastapriori")
# `fastapriori` holds all pairs with their measures: 12 GB on B.
LEAN_PEERS = PEERS[:-1]
OURS = "patronage"
GB = 1 << 30


def popular(random, draws: int, offset: float):
    """Products of so many draws: the share of the product of rank r is as 1 / (r + offset); ids are in no order of rank."""
    shares = np.cumsum(1 / (np.arange(PRODUCTS) + 1 + offset))
    ids = np.random.default_rng(7).permutation(PRODUCTS).astype(np.int32)
    return ids[np.searchsorted(shares, random.random(draws) * shares[-1]).clip(max=PRODUCTS - 1)]


def distinct(units, products):
    """Lines in the order of units, each once."""
    key = np.unique(units.astype(np.int64) * PRODUCTS + products)
    return (key // PRODUCTS).astype(np.int32), (key % PRODUCTS).astype(np.int32)


def baskets(number: int, huge: int = 0, seed: int = 5):
    random = np.random.default_rng(seed)
    sizes = 1 + random.poisson(6.74, number)
    units, products = distinct(np.repeat(np.arange(number), sizes), popular(random, sizes.sum(), 5))
    more = [random.choice(PRODUCTS, HUGE_PRODUCTS, replace=False).astype(np.int32) for _ in range(huge)]
    of_more = np.repeat(np.arange(number, number + huge, dtype=np.int32), HUGE_PRODUCTS)
    return np.concatenate([units, of_more]), np.concatenate([products, *more])


def customers(number: int, seed: int = 6):
    """What customers buy, in the order of time: all over the file. A line in twelve is of a product bought before."""
    random = np.random.default_rng(seed)
    sizes = np.ceil(np.exp(random.normal(1.705, 0.965, number))).clip(max=1_000).astype(np.int32)
    units, products = np.repeat(np.arange(number, dtype=np.int32), sizes), popular(random, sizes.sum(), 10)
    again = random.integers(0, len(units), max(0, 10 * number - len(units)))
    order = random.permutation(len(units) + len(again))
    return np.concatenate([units, units[again]])[order], np.concatenate([products, products[again]])[order]


def write(path: Path, unit: str, prefix: str, units, products):
    """Parquet with string ids."""
    names = [np.char.add(prefix, np.char.zfill(np.arange(units.max() + 1).astype("U8"), 8)),
             np.char.add("SKU-", np.char.zfill(np.arange(PRODUCTS).astype("U5"), 5))]  # fmt: skip
    with pq.ParquetWriter(path, pa.schema([(unit, pa.string()), ("product_id", pa.string())])) as file:
        for start in range(0, len(units), 1 << 20):
            part = slice(start, start + (1 << 20))
            columns = [pa.array(name).take(pa.array(codes[part])) if index else pa.array(name[codes[part]])
                       for index, (name, codes) in enumerate(zip(names, (units, products), strict=True))]  # fmt: skip
            file.write_table(pa.table(columns, names=[unit, "product_id"]))


def made(args, name: str, unit: str, make) -> Path:
    """A file of `--dir`, made once."""
    path = args.dir / f"affinity-{name}.parquet"
    if not path.exists():
        args.dir.mkdir(parents=True, exist_ok=True)
        print(f"making {path} ...", file=sys.stderr)
        unfinished = path.with_suffix(".unfinished")
        made_here = make()
        if made_here is not None:
            write(unfinished, unit, "C" if unit == "customer_id" else "ORD-", *made_here)
        else:
            generated(args, unfinished)
        unfinished.rename(path)
    return path


def generated(args, path: Path):
    """What customers of `patronage generate` buy, as it is in its export, without returns and unknown customers."""
    folder = args.dir / "affinity-shop"
    if not folder.exists():
        command = [args.binary, "generate", folder, "--customers", args.units, "--lines", 10 * args.units, "--products", PRODUCTS]
        subprocess.run([str(part) for part in [*command, "--layout", "single", "--quiet"]], check=True, stdout=subprocess.DEVNULL)
    duckdb.execute(f"""COPY (
        SELECT CustomerNo AS customer_id, SKU AS product_id FROM read_csv('{folder}/transactions.csv', all_varchar = true)
        WHERE TRY_CAST(Qty AS DOUBLE) > 0 AND CustomerNo IS NOT NULL AND SKU IS NOT NULL
    ) TO '{path}' (FORMAT parquet)""")


def facts(path: Path, unit: str) -> dict:
    names = ("units", "lines", "distinct_lines", "pair_events", "largest", "products")
    found = duckdb.execute(f"""
        SELECT count(*), sum(lines)::BIGINT, sum(n)::BIGINT, sum(n * (n - 1) // 2)::BIGINT, max(n),
               (SELECT count(DISTINCT product_id) FROM '{path}')
        FROM (SELECT count(*) AS lines, count(DISTINCT product_id) AS n FROM '{path}' GROUP BY {unit})""").fetchone()
    return dict(zip(names, found, strict=True))


def attempt(command: list, timeout: float, memory: int) -> Cost | str:
    """The cost of a command, or in a word why there is none. Data of more than `memory` bytes fail."""
    limits = {name: str(THREADS) for name in ("RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS")}
    environment = os.environ | limits | {"OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=err, env=environment,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (memory, memory)))  # fmt: skip
        sampler = RssSampler(process.pid)
        sampler.start()
        pid = 0
        while not pid:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not pid:
                if time.perf_counter() - started > timeout:
                    process.kill()
                    _, _, usage = os.wait4(process.pid, 0)
                    process.returncode = -9
                    sampler.stop()
                    cpu_s = usage.ru_utime + usage.ru_stime
                    return f"no result in {timeout:.0f} s ({cpu_s:.0f} CPU s, {sampler.peak_mb:.0f} MB until then)"
                time.sleep(0.01)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.stop()
        if process.returncode != 0:
            err.seek(0)
            lines = err.read().decode(errors="replace").strip().splitlines() or [""]
            said = next((line for line in lines if "memory" in line.lower() or "Error" in line), lines[-1])
            return f"fails (exit {process.returncode}, {sampler.peak_mb:.0f} MB): {said[:160]}"
        return Cost(usage.ru_utime + usage.ru_stime, wall_s, sampler.peak_mb)


def ours(args, path: Path, unit: str, out: Path, *more) -> list:
    level = ["--level", "customer", "--customer", unit] if unit == "customer_id" else ["--level", "basket", "--basket", unit]
    command = [args.binary, "affinity", "pairs", path, *level, "--product", "product_id", "--min-count", 2, "--top-k", 50]
    return [*command, "--threads", THREADS, "--out", out, "--quiet", *more]


def check(name: str, path: Path, unit: str, found: dict, most_products: int | None):
    """Ends the comparison unless peers and ours have counted the same."""
    db = duckdb.connect()
    best = "SELECT product, list(count ORDER BY count DESC) AS counts FROM '{}' GROUP BY product"
    # The 50 best counts of each product: equal counts may stand in any order, and the last of them be any.
    sums = {peer: list(db.execute(f"SELECT count(*), sum(hash(product, counts))::VARCHAR FROM ({best.format(file)})").fetchone())
            for peer, file in found.items() if peer in PEERS}  # fmt: skip
    if sums:
        agree(f"50 best counts of each product of {name} ({', '.join(sums)})", sums)
    for label, folder in found.items():
        if label in PEERS:
            continue
        kept = f"'{path}'"
        if most_products and "default" in label:
            small = f"SELECT {unit} FROM '{path}' GROUP BY 1 HAVING count(DISTINCT product_id) <= 500"
            kept = f"(SELECT * FROM '{path}' WHERE {unit} IN ({small}))"
        table = f"'{folder}/affinity_ptp.parquet'"
        db.execute(f"""CREATE OR REPLACE TABLE lines AS SELECT DISTINCT {unit} AS u, product_id AS p FROM {kept};
            CREATE OR REPLACE TABLE sampled AS
                SELECT DISTINCT p FROM lines WHERE hash(p) % 100 = 0""")
        wrong, compared = db.execute(f"""
            WITH counted AS (
                SELECT a.p AS a, b.p AS b, count(*) AS c FROM lines a JOIN lines b ON a.u = b.u AND a.p <> b.p
                WHERE a.p IN (FROM sampled) GROUP BY 1, 2)
            SELECT count(*) FILTER (n_ab IS DISTINCT FROM c), count(*)
            FROM {table} LEFT JOIN counted ON a = product_a AND b = product_b WHERE product_a IN (FROM sampled)""").fetchone()
        singles = db.execute(f"""
            WITH counted AS (SELECT p, count(*) AS n FROM lines GROUP BY p)
            SELECT count(*) FROM {table} LEFT JOIN counted ON p = product_a
            WHERE n_a IS DISTINCT FROM n OR n_total <> (SELECT count(DISTINCT u) FROM lines)""").fetchone()[0]
        if wrong or singles or not compared:
            sys.exit(f"{name}: {wrong} of {compared} counts of `{label}` differ, {singles} rows with other totals")
        both = 0
        if "duckdb" in found and "default" not in label:
            both, wrong = db.execute(f"""SELECT count(*), count(*) FILTER (n_ab <> count)
                FROM {table} JOIN '{found["duckdb"]}' ON product = product_a AND partner = product_b""").fetchone()
            if wrong or not both:
                sys.exit(f"{name}: {wrong} of {both} counts of `{label}` are not those of DuckDB")
        print(f"same counts of `{label}`: {compared:,} pairs of sampled products, {both:,} pairs listed by DuckDB too")


def compare(args, name: str, path: Path, unit: str, peers: tuple, variants: dict, memory: str, timeout: float, kept: dict):
    """All sides over one file; what was found is compared, and then told."""
    work = args.dir / "affinity-out"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    load, costs, failed, found = [os.getloadavg()[0]], {}, {}, {}
    sides = {label: ours(args, path, unit, work / f"{index}", *more) for index, (label, more) in enumerate(variants.items())}
    limits = dict.fromkeys(sides, 12 * GB)
    outputs = {label: work / f"{index}" for index, label in enumerate(variants)}
    for peer in peers:
        outputs[peer] = work / f"{peer}.parquet"
        sides[peer] = [args.python, HERE / "affinity_peers.py", peer, path, unit, outputs[peer], memory]
        limits[peer] = 12 * GB
    for _ in range(args.repeat):
        for label, command in sides.items():
            if label in failed:
                continue
            if label in variants:
                shutil.rmtree(outputs[label], ignore_errors=True)
            cost = attempt(command, timeout, limits[label])
            load.append(os.getloadavg()[0])
            print(f"  {name}, {label}: {cost}", file=sys.stderr)
            if isinstance(cost, str):
                failed[label] = cost
                costs.pop(label, None)
                found.pop(label, None)
            else:
                costs.setdefault(label, []).append(cost)
                found[label] = outputs[label]
    what = facts(path, unit)
    base = next((median(costs[label]) for label in variants if label in costs), None)
    if base is None:
        sys.exit(f"{name}: {failed}")
    check(name, path, unit, found, HUGE_PRODUCTS if len(variants) > 1 else None)
    figures = ", ".join(f"{number:,} {word.replace('_', ' ')}" for word, number in what.items())
    print(f"\n{name}: {figures}; load {min(load):.1f} to {max(load):.1f}")
    print(f"{'':34} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'CPU ratio':>10} {'memory ratio':>13}")
    for label, runs in costs.items():
        cost = median(runs)
        print(f"{label:34} {cost.cpu_s:>8.2f} {cost.wall_s:>8.2f} {cost.rss_mb:>8.0f} "
              f"{cost.cpu_s / base.cpu_s:>10.2f} {cost.rss_mb / base.rss_mb:>13.2f}")  # fmt: skip
    for label, why in failed.items():
        print(f"{label:34} {why}")
    print(flush=True)
    kept["costs"] |= {f"{name}: {label}": runs for label, runs in costs.items()}
    kept["data"][name] = what
    kept["load"][name] = load
    kept["failed"] |= {f"{name}: {label}": why for label, why in failed.items()}
    # After each, as the last may take long.
    save("affinity", args, kept["costs"], **{key: value for key, value in kept.items() if key != "costs"})
    shutil.rmtree(work)


def main():
    parser = arguments(__doc__, repeat=1)
    parser.add_argument("--units", type=int, default=1_000_000, help="baskets of A, customers of B [%(default)s]")
    parser.add_argument("--python", default=sys.executable, help="a Python with the peers [%(default)s]")
    parser.add_argument("--only", nargs="+", choices=["A", "B", "generated", "huge", "growth"], help="parts to run [all]")
    parser.add_argument("--growth", type=int, nargs="*", default=[1, 3, 10, 30], help="million lines [%(default)s]")
    parser.add_argument("--timeout", type=float, default=150, help="seconds that a process may take [%(default)s]")
    args = parser.parse_args()
    n = args.units
    parts = args.only or ["A", "B", "generated", "huge", "growth"]
    kept = {"costs": {}, "data": {}, "load": {}, "failed": {}}
    if "A" in parts:
        path = made(args, f"a-{n}", "order_id", lambda: baskets(n))
        compare(args, "A", path, "order_id", PEERS, {OURS: []}, "8GB", args.timeout, kept)
    if "B" in parts:
        path = made(args, f"b-{n}", "customer_id", lambda: customers(n))
        compare(args, "B", path, "customer_id", LEAN_PEERS, {OURS: []}, "8GB", args.timeout, kept)
    if "growth" in parts:
        for millions in args.growth:
            path = made(args, f"b-{millions * 100_000}", "customer_id", lambda lines=millions: customers(lines * 100_000))
            compare(args, f"B, {millions} M lines", path, "customer_id", (), {OURS: []}, "8GB", args.timeout, kept)
    if "huge" in parts:
        path = made(args, f"huge-{n}", "order_id", lambda: baskets(n, HUGE))
        variants = {f"{OURS}, all baskets": ["--max-basket-products", 100_000], f"{OURS}, the default rule": []}
        compare(args, "A with huge baskets", path, "order_id", LEAN_PEERS, variants, "12GB", args.timeout, kept)
    if "generated" in parts:
        path = made(args, f"generated-{n}", "customer_id", lambda: None)
        compare(args, "generated", path, "customer_id", LEAN_PEERS, {OURS: []}, "8GB", args.timeout, kept)


if __name__ == "__main__":
    main()
