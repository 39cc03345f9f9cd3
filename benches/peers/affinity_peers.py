"""One peer of `affinity.py`, in a process of its own: `affinity_peers.py NAME INPUT UNIT OUTPUT [MEMORY]`.

Reads Parquet with string ids, finds the 50 best partners of each product by the number of common units (baskets, or
customers), and writes `product`, `partner`, `count` with string ids as Parquet. Counts below 2 are left out. The column UNIT
has the basket or customer. What a user would write, and no more; two threads where that can be said.
"""

import sys

import numpy as np

TOP, LEAST, THREADS = 50, 2, 2


def codes(path: str, unit: str):
    """Numbers of units and products of each line, how many units, and the names of the products."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=[unit, "product_id"])
    units, products = (table.column(name).combine_chunks().dictionary_encode() for name in table.column_names)
    del table
    return units.indices.to_numpy(), products.indices.to_numpy(), len(units.dictionary), products.dictionary


def matrix(path: str, unit: str, dtype=np.float32):
    """Units by products, 0 or 1; and the names of the products."""
    import scipy.sparse as sp

    units, products, height, names = codes(path, unit)
    # Lines that are there twice are summed; they count once.
    rows = sp.coo_matrix((np.ones(len(units), dtype), (units, products)), shape=(height, len(names))).tocsr()
    rows.data[:] = 1
    return rows, names


def write(out: str, names, product, partner, count):
    import pyarrow as pa
    import pyarrow.parquet as pq

    keep = (product != partner) & (count >= LEAST)
    named = [names.take(pa.array(codes[keep])) for codes in (product, partner)]
    counts = pa.array(np.rint(count[keep]).astype(np.int64))
    pq.write_table(pa.table([*named, counts], names=["product", "partner", "count"]), out)


def of_csr(result):
    """Rows of a sparse matrix as three arrays."""
    return np.repeat(np.arange(result.shape[0]), np.diff(result.indptr)), result.indices, result.data


def sparse_dot_topn(path: str, unit: str, out: str, _memory: str):
    from sparse_dot_topn import sp_matmul_topn

    rows, names = matrix(path, unit)
    # One more, for the product itself.
    write(out, names, *of_csr(sp_matmul_topn(rows.T.tocsr(), rows, top_n=TOP + 1, n_threads=THREADS)))


def scipy(path: str, unit: str, out: str, _memory: str):
    rows, names = matrix(path, unit, np.int32)
    together = (rows.T.tocsr() @ rows).tocsr()
    together.setdiag(0)
    found = []
    for product in range(together.shape[0]):
        span = slice(together.indptr[product], together.indptr[product + 1])
        counts, partners = together.data[span], together.indices[span]
        if len(counts) > TOP:
            best = np.argpartition(counts, -TOP)[-TOP:]
            counts, partners = counts[best], partners[best]
        found.append((np.full(len(counts), product), partners, counts))
    write(out, names, *(np.concatenate(part) for part in zip(*found, strict=True)))


def implicit(path: str, unit: str, out: str, _memory: str):
    # The plain counts: cosine and BM25 weigh the same matrix first.
    from implicit.nearest_neighbours import ItemItemRecommender

    rows, names = matrix(path, unit, np.float64)
    model = ItemItemRecommender(K=TOP + 1, num_threads=THREADS)
    model.fit(rows, show_progress=False)
    write(out, names, *of_csr(model.similarity.tocsr()))


def rusket(path: str, unit: str, out: str, _memory: str):
    import scipy.sparse as sp
    from rusket import ItemKNN

    rows, names = matrix(path, unit)
    model = ItemKNN(method="count", k=TOP)
    model.fit(rows)
    write(out, names, *of_csr(sp.csr_matrix((model.w_data, model.w_indices, model.w_indptr), shape=(len(names),) * 2)))


def fastapriori(path: str, unit: str, out: str, _memory: str):
    import pandas
    from fastapriori import find_associations

    lines = pandas.read_parquet(path, columns=[unit, "product_id"]).drop_duplicates()
    height = lines[unit].nunique()
    pairs = find_associations(lines, unit, "product_id", min_support=LEAST / height)
    a, b, count = (name for name in pairs.columns[:3])
    best = pairs.sort_values(count, ascending=False, kind="stable").groupby(a, sort=False).head(TOP)
    best = best[[a, b, count]].set_axis(["product", "partner", "count"], axis=1)
    best.astype({"count": "int64"}).to_parquet(out, index=False)


def polars(path: str, unit: str, out: str, _memory: str):
    import polars as pl

    # Numbers in place of strings: what costs it least.
    lines = pl.scan_parquet(path).select(unit, "product_id").unique().collect(engine="streaming")
    products = lines.select(pl.col("product_id").unique()).with_row_index("p")
    units = lines.select(pl.col(unit).unique()).with_row_index("u")
    lines = lines.lazy().join(products.lazy(), on="product_id").join(units.lazy(), on=unit).select("u", "p")
    lines = lines.collect(engine="streaming").lazy()
    del units
    pairs = (
        lines.join(lines, on="u", suffix="_b")
        .filter(pl.col("p") < pl.col("p_b"))
        .group_by("p", "p_b")
        .agg(pl.len().alias("count"))
        .filter(pl.col("count") >= LEAST)
        .collect(engine="streaming")
    )
    mirrored = pairs.select(pl.col("p_b").alias("p"), pl.col("p").alias("p_b"), "count")
    (
        pl.concat([pairs, mirrored])
        .lazy()
        .filter(pl.col("count").rank("ordinal", descending=True).over("p") <= TOP)
        .join(products.lazy(), on="p")
        .join(products.lazy(), left_on="p_b", right_on="p", suffix="_b")
        .select(product="product_id", partner="product_id_b", count=pl.col("count").cast(pl.Int64))
        .sink_parquet(out)
    )


def duckdb(path: str, unit: str, out: str, memory: str):
    import duckdb as package

    db = package.connect(config={"threads": THREADS, "memory_limit": memory})
    db.execute(f"""
        CREATE TABLE products AS
            SELECT product_id, (row_number() OVER ())::INTEGER AS p FROM (SELECT DISTINCT product_id FROM '{path}');
        CREATE TABLE units AS
            SELECT {unit}, (row_number() OVER ())::INTEGER AS u FROM (SELECT DISTINCT {unit} FROM '{path}');
        CREATE TABLE lines AS SELECT DISTINCT u, p FROM '{path}' JOIN products USING (product_id) JOIN units USING ({unit});
        DROP TABLE units;
        COPY (
            WITH pairs AS (
                SELECT a.p AS a, b.p AS b, count(*) AS c FROM lines a JOIN lines b ON a.u = b.u AND a.p < b.p
                GROUP BY 1, 2 HAVING c >= {LEAST}),
            mirrored AS (SELECT a, b, c FROM pairs UNION ALL SELECT b, a, c FROM pairs),
            best AS (FROM mirrored QUALIFY row_number() OVER (PARTITION BY a ORDER BY c DESC) <= {TOP})
            SELECT x.product_id AS product, y.product_id AS partner, c AS count
            FROM best JOIN products x ON x.p = a JOIN products y ON y.p = b
        ) TO '{out}'""")


if __name__ == "__main__":
    name, path, unit, out = sys.argv[1:5]
    globals()[name](path, unit, out, sys.argv[5] if len(sys.argv) > 5 else "8GB")
