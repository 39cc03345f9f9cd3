"""Pairs of products against what else counts them: `patronage affinity pairs` from Parquet with string ids to a table.

Data sets, made once in `--dir` by `patronage generate` with 20,000 products (`SHOPS`), of goods sold, without returns:

- A: a million baskets, 7.66 M lines; pairs within a basket.
- B: a million customers who differ much, 10 M lines in the order of time; pairs within a customer.
- A with huge baskets: A and 30 baskets of 5,000 products.
- growth: B with 1, 3, 10 and 30 M lines.

The peers (`affinity_peers.py`) find the 50 partners of each product with the highest counts and write product, partner and
count. Ours does more: it ranks by log-likelihood ratio, so every pair that came twice or more is tested, with q-values over
all possible pairs. It runs three times: `patronage` writes all columns of `affinity_ptp`, rule ids and tests among them;
`patronage, three columns` writes what the peers write, and so tests nothing; `patronage, by count` also ranks as they do. Before any time is told: the peers agree on the counts of each
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
from bench import HERE, RUNS, THREADS, Cost, RssSampler, agree, arguments, median, save

PRODUCTS, HUGE, HUGE_PRODUCTS = 20_000, 30, 5_000
PEERS = ("sparse_dot_topn", "rusket", "implicit", "scipy", "polars", "duckdb", "fastapriori")
# `fastapriori` holds all pairs with their measures: 12 GB on B.
LEAN_PEERS = PEERS[:-1]
OURS, THREE = "patronage", "patronage, three columns"
THREE_COLUMNS = ["--format", "parquet", "--columns", "product_a,product_b,n_ab"]
GB = 1 << 30


# The share of the product of rank r is as 1 / (r + offset). Lines of B are 10 a customer without postage, fees, returns and
# unknown customers.
SHOPS = {
    "A": ["--basket-mean", 6.9, "--popularity-exponent", 1, "--popularity-offset", 5],
    "B": ["--rate-shape", 0.5, "--popularity-exponent", 1, "--popularity-offset", 10],
}


def sold(args, shop: str, customers: int, *options) -> tuple[Path, str]:
    """A new shop's folder, and the goods it sold as SQL, in the order of time."""
    folder = args.dir / f"affinity-shop-{shop}"
    shutil.rmtree(folder, ignore_errors=True)
    command = [args.binary, "generate", folder, "--customers", customers, *options, *SHOPS[shop]]
    command += ["--products", PRODUCTS, "--layout", "single", "--quiet"]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return folder, f"""SELECT CustomerNo AS customer_id, InvoiceNo AS order_id, InvoiceDate AS sold_at, SKU AS product_id
        FROM read_csv('{folder}/transactions.csv', all_varchar = true)
        WHERE State = 'ok' AND RefundOf IS NULL AND SKU NOT IN ('POST', 'FEE')"""


def baskets(args, path: Path, number: int, huge: int = 0):
    """The first so many baskets, and huge ones of any products."""
    # Customers order seven times on average.
    folder, lines = sold(args, "A", max(1_000, number // 5))
    db = duckdb.connect()
    db.execute(f"""CREATE TABLE lines AS {lines};
        CREATE TABLE kept AS SELECT order_id FROM lines GROUP BY order_id ORDER BY min(sold_at), order_id LIMIT {number};
        CREATE TABLE products AS SELECT SKU AS product_id FROM read_csv('{folder}/products.csv') WHERE Category <> 'services'""")
    found = db.execute("SELECT count(*) FROM kept").fetchone()[0]
    if found < number:
        sys.exit(f"the shop has {found:,} baskets, {number:,} are wanted")
    db.execute(f"""COPY (
        SELECT order_id, product_id FROM lines WHERE order_id IN (FROM kept)
        UNION ALL
        SELECT 'HUGE-' || basket, product_id FROM range({huge}) AS baskets(basket), products
        QUALIFY row_number() OVER (PARTITION BY basket ORDER BY hash(basket, product_id)) <= {HUGE_PRODUCTS}
    ) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 1_048_576)""")
    shutil.rmtree(folder)


def customers(args, path: Path, number: int):
    """What customers buy, all over the file, and some of it again."""
    folder, lines = sold(args, "B", number, "--lines", number * 49 // 4)
    duckdb.execute(f"""COPY (SELECT customer_id, product_id FROM ({lines}) WHERE customer_id IS NOT NULL)
        TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 1_048_576)""")
    shutil.rmtree(folder)


def made(args, name: str, make, *options) -> Path:
    """A file of `--dir`, made once."""
    path = args.dir / f"affinity-{name}.parquet"
    if not path.exists():
        args.dir.mkdir(parents=True, exist_ok=True)
        print(f"making {path} ...", file=sys.stderr)
        unfinished = path.with_suffix(".unfinished")
        make(args, unfinished, *options)
        unfinished.rename(path)
    return path


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
    parser.add_argument("--only", nargs="+", choices=["A", "B", "huge", "growth"], help="parts to run [all]")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS, help="peers to run [all]")
    parser.add_argument("--growth", type=int, nargs="*", default=[1, 3, 10, 30], help="million lines [%(default)s]")
    parser.add_argument("--timeout", type=float, default=150, help="CPU seconds that a process may take [%(default)s]")
    args = parser.parse_args()
    n = args.units
    parts = args.only or ["A", "B", "huge", "growth"]
    kept = {"costs": {}, "data": {}, "load": {}, "failed": {}}
    if args.only and args.save and (RUNS / "affinity.json").exists():
        # The other parts stay as they were kept.
        before = json.loads((RUNS / "affinity.json").read_text())
        kept = {key: before[key] for key in kept}
        kept["costs"] = {name: [Cost(**cost) for cost in costs] for name, costs in kept["costs"].items()}
    both = {OURS: [], THREE: THREE_COLUMNS, "patronage, by count": [*THREE_COLUMNS, "--rank-by", "count"]}
    if "A" in parts:
        path = made(args, f"shop-a-{n}", baskets, n)
        compare(args, "A", path, "order_id", PEERS, both, "8GB", args.timeout, kept)
    if "B" in parts:
        path = made(args, f"shop-b-{n}", customers, n)
        compare(args, "B", path, "customer_id", LEAN_PEERS, both, "8GB", args.timeout, kept)
    if "growth" in parts:
        for millions in args.growth:
            path = made(args, f"shop-b-{millions * 100_000}", customers, millions * 100_000)
            compare(args, f"B, {millions} M lines", path, "customer_id", (), both, "8GB", args.timeout, kept)
    if "huge" in parts:
        path = made(args, f"shop-huge-{n}", baskets, n, HUGE)
        variants = {f"{OURS}, all baskets": ["--max-basket-products", 100_000], f"{OURS}, the default rule": []}
        variants[f"{THREE}, all baskets"] = [*variants[f"{OURS}, all baskets"], *THREE_COLUMNS]
        most = {f"{OURS}, the default rule": 500}
        compare(args, "A with huge baskets", path, "order_id", LEAN_PEERS, variants, "12GB", args.timeout, kept, most)


if __name__ == "__main__":
    main()
