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
all possible pairs. It runs twice: `patronage` writes all columns of `affinity_ptp`, rule ids and tests among them;
`patronage, three columns` writes what the peers write. Before any time is told: the peers agree on the counts of each
product's 50 best, and each count of ours is that of DuckDB, for products in a sample and for all pairs that both list.

    pip install duckdb polars pyarrow pandas scipy sparse_dot_topn implicit rusket fastapriori
"""

import json
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
from bench import HERE, RUNS, THREADS, Cost, RssSampler, agree, arguments, median, save

PRODUCTS, HUGE, HUGE_PRODUCTS = 20_000, 30, 5_000
PEERS = ("sparse_dot_topn", "rusket", "implicit", "scipy", "polars", "duckdb", "fastapriori")
# `fastapriori` holds all pairs with their measures: 12 GB on B.
LEAN_PEERS = PEERS[:-1]
OURS, THREE = "patronage", "patronage, three columns"
THREE_COLUMNS = ["--format", "parquet", "--columns", "product_a,product_b,n_ab"]
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
    names = [pa.array(name) for name in names]
    with pq.ParquetWriter(path, pa.schema([(unit, pa.string()), ("product_id", pa.string())])) as file:
        for start in range(0, len(units), 1 << 20):
            part = slice(start, start + (1 << 20))
            columns = [name.take(pa.array(codes[part])) for name, codes in zip(names, (units, products), strict=True)]
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
        command = [args.binary, "generate", folder, "--customers", args.units, "--lines", 10 * args.units]
        command += ["--products", PRODUCTS, "--layout", "single", "--quiet"]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
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


def cpu_seconds(pid: int) -> float:
    """What a process has taken so far. Limits are in CPU seconds: a busy machine must not make a peer fail."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def attempt(command: list, timeout: float, memory: int, said: Path | str = os.devnull) -> Cost | str:
    """The cost of a command, or why there is none. Data of more than `memory` bytes fail. `said` gets its stdout."""
    limits = {name: str(THREADS) for name in ("RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS")}
    environment = os.environ | limits | {"OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as err, open(said, "wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], stdout=out, stderr=err, env=environment,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (memory, memory)))  # fmt: skip
        sampler = RssSampler(process.pid)
        sampler.start()
        pid = 0
        while not pid:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not pid:
                if cpu_seconds(process.pid) > timeout:
                    process.kill()
                    _, _, usage = os.wait4(process.pid, 0)
                    process.returncode = -9
                    sampler.stop()
                    cpu_s = usage.ru_utime + usage.ru_stime
                    return f"no result in {cpu_s:.0f} CPU s ({sampler.peak_mb:.0f} MB until then)"
                time.sleep(0.02)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.stop()
        if process.returncode != 0:
            err.seek(0)
            lines = err.read().decode(errors="replace").strip().splitlines() or [""]
            why = next((line for line in lines if "memory" in line.lower() or "Error" in line), lines[-1])
            return f"fails (exit {process.returncode}, {sampler.peak_mb:.0f} MB): {why[:160]}"
        return Cost(usage.ru_utime + usage.ru_stime, wall_s, sampler.peak_mb)


def ours(args, path: Path, unit: str, out: Path, *more) -> list:
    out = [] if "--columns" in more else ["--out", out]
    level = ["--level", "customer", "--customer", unit] if unit == "customer_id" else ["--level", "basket", "--basket", unit]
    command = [args.binary, "affinity", "pairs", path, *level, "--product", "product_id", "--min-count", 2, "--top-k", 50]
    return [*command, "--threads", THREADS, "--quiet", *out, *more]


def check(name: str, path: Path, unit: str, found: dict, most: dict):
    """Ends the comparison unless peers and ours have counted the same. `most`: the largest units that ours kept."""
    db = duckdb.connect()
    best = "SELECT product, list(count ORDER BY count DESC) AS counts FROM '{}' GROUP BY product"
    # The 50 best counts of each product: equal counts may stand in any order, and the last of them be any.
    whole = "SELECT count(*), sum(hash(product, counts))::VARCHAR FROM ({})"
    lists = {peer: whole.format(best.format(file)) for peer, file in found.items() if peer in PEERS}
    sums = {peer: list(db.execute(sql).fetchone()) for peer, sql in lists.items()}
    if sums:
        agree(f"50 best counts of each product of {name} ({', '.join(sums)})", sums)
    for label, folder in found.items():
        if label in PEERS:
            continue
        kept = f"'{path}'"
        if label in most:
            small = f"SELECT {unit} FROM '{path}' GROUP BY 1 HAVING count(DISTINCT product_id) <= {most[label]}"
            kept = f"(SELECT * FROM '{path}' WHERE {unit} IN ({small}))"
        full = folder.is_dir()
        table = f"read_parquet('{folder}{'/affinity_ptp.parquet' if full else ''}')"
        db.execute(f"""CREATE OR REPLACE TABLE lines AS SELECT DISTINCT {unit} AS u, product_id AS p FROM {kept};
            CREATE OR REPLACE TABLE sampled AS
                SELECT DISTINCT p FROM lines WHERE hash(p) % 100 = 0""")
        wrong, compared = db.execute(f"""
            WITH counted AS (
                SELECT a.p AS a, b.p AS b, count(*) AS c FROM lines a JOIN lines b ON a.u = b.u AND a.p <> b.p
                WHERE a.p IN (FROM sampled) GROUP BY 1, 2)
            SELECT count(*) FILTER (n_ab IS DISTINCT FROM c), count(*)
            FROM {table} LEFT JOIN counted ON a = product_a AND b = product_b
            WHERE product_a IN (FROM sampled)""").fetchone()
        singles = db.execute(f"""
            WITH counted AS (SELECT p, count(*) AS n FROM lines GROUP BY p)
            SELECT count(*) FROM {table} LEFT JOIN counted ON p = product_a
            WHERE n_a IS DISTINCT FROM n OR n_total <> (SELECT count(DISTINCT u) FROM lines)""").fetchone()[0] if full else 0
        if wrong or singles or not compared:
            sys.exit(f"{name}: {wrong} of {compared} counts of `{label}` differ, {singles} rows with other totals")
        both = 0
        if "duckdb" in found and label not in most:
            both, wrong = db.execute(f"""SELECT count(*), count(*) FILTER (n_ab <> count)
                FROM {table} JOIN read_parquet('{found["duckdb"]}') ON product = product_a AND partner = product_b""").fetchone()
            if wrong or not both:
                sys.exit(f"{name}: {wrong} of {both} counts of `{label}` are not those of DuckDB")
        print(f"same counts of `{label}`: {compared:,} pairs of sampled products, {both:,} pairs listed by DuckDB too")


def compare(args, name: str, path: Path, unit: str, peers: tuple, variants: dict, memory: str, timeout, kept, most=None):
    """All sides over one file; what was found is compared, and then told."""
    work = args.dir / "affinity-out"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    load, costs, failed, found = [os.getloadavg()[0]], {}, {}, {}
    sides = {label: ours(args, path, unit, work / f"{index}", *more) for index, (label, more) in enumerate(variants.items())}
    outputs = {label: work / f"{index}" for index, label in enumerate(variants)}
    for peer in (peer for peer in peers if peer in args.peers):
        outputs[peer] = work / f"{peer}.parquet"
        sides[peer] = [args.python, HERE / "affinity_peers.py", peer, path, unit, outputs[peer], memory]
    for _ in range(args.repeat):
        for label, command in sides.items():
            if label in failed:
                continue
            said = outputs[label] if "--columns" in command else os.devnull
            if outputs[label].is_dir():
                shutil.rmtree(outputs[label])
            cost = attempt(command, timeout, 12 * GB, said)
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
    check(name, path, unit, found, most or {})
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
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS, help="peers to run [all]")
    parser.add_argument("--growth", type=int, nargs="*", default=[1, 3, 10, 30], help="million lines [%(default)s]")
    parser.add_argument("--timeout", type=float, default=150, help="CPU seconds that a process may take [%(default)s]")
    args = parser.parse_args()
    n = args.units
    parts = args.only or ["A", "B", "generated", "huge", "growth"]
    kept = {"costs": {}, "data": {}, "load": {}, "failed": {}}
    if args.only and args.save and (RUNS / "affinity.json").exists():
        # The other parts stay as they were kept.
        before = json.loads((RUNS / "affinity.json").read_text())
        kept = {key: before[key] for key in kept}
        kept["costs"] = {name: [Cost(**cost) for cost in costs] for name, costs in kept["costs"].items()}
    both = {OURS: [], THREE: THREE_COLUMNS}
    if "A" in parts:
        path = made(args, f"a-{n}", "order_id", lambda: baskets(n))
        compare(args, "A", path, "order_id", PEERS, both, "8GB", args.timeout, kept)
    if "B" in parts:
        path = made(args, f"b-{n}", "customer_id", lambda: customers(n))
        compare(args, "B", path, "customer_id", LEAN_PEERS, both, "8GB", args.timeout, kept)
    if "growth" in parts:
        for millions in args.growth:
            path = made(args, f"b-{millions * 100_000}", "customer_id", lambda lines=millions: customers(lines * 100_000))
            compare(args, f"B, {millions} M lines", path, "customer_id", (), both, "8GB", args.timeout, kept)
    if "huge" in parts:
        path = made(args, f"huge-{n}", "order_id", lambda: baskets(n, HUGE))
        variants = {f"{OURS}, all baskets": ["--max-basket-products", 100_000], f"{OURS}, the default rule": []}
        variants[f"{THREE}, all baskets"] = [*variants[f"{OURS}, all baskets"], *THREE_COLUMNS]
        most = {f"{OURS}, the default rule": 500}
        compare(args, "A with huge baskets", path, "order_id", LEAN_PEERS, variants, "12GB", args.timeout, kept, most)
    if "generated" in parts:
        path = made(args, f"generated-{n}", "customer_id", lambda: None)
        compare(args, "generated", path, "customer_id", LEAN_PEERS, both, "8GB", args.timeout, kept)


if __name__ == "__main__":
    main()
