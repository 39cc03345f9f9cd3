"""One peer of `affinity.py`, as a process of its own: `affinity_peers.py NAME INPUT OUTPUT`. Reads Parquet with string ids,
numbers them (by pyarrow's dictionaries, which is what costs the peers least), finds the 50 best partners of each product and
writes them as three arrays: product, partner, score. What a user would write, and no more."""

import sys

import numpy as np

TOP = 50
MIN_COUNT = 2


def codes(path: str):
    """Numbers of baskets and products of each line, and the names of the products."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["basket_id", "product_id"])
    baskets, products = (table.column(name).combine_chunks().dictionary_encode() for name in table.column_names)
    names = products.dictionary.to_numpy(zero_copy_only=False)
    return baskets.indices.to_numpy(), products.indices.to_numpy(), len(baskets.dictionary), names


def matrix(path: str, dtype=np.float32):
    """Baskets by products, 0 or 1; and the names of the products."""
    import scipy.sparse as sp

    baskets, products, height, names = codes(path)
    rows = sp.coo_matrix((np.ones(len(baskets), dtype), (baskets, products)), shape=(height, len(names))).tocsr()
    rows.data[:] = 1
    return rows, names


def write(out: str, names, a, b, score):
    np.savez(out, names=names.astype("U"), a=np.asarray(a, np.int32), b=np.asarray(b, np.int32), score=np.asarray(score, np.float64))


def of_csr(result):
    """Rows of a sparse matrix as three arrays, without the diagonal."""
    a = np.repeat(np.arange(result.shape[0]), np.diff(result.indptr))
    keep = (a != result.indices) & (result.data != 0)
    return a[keep], result.indices[keep], result.data[keep]


def sparse_dot_topn(path: str, out: str):
    from sparse_dot_topn import sp_matmul_topn

    rows, names = matrix(path)
    # One more, for the product itself.
    write(out, names, *of_csr(sp_matmul_topn(rows.T.tocsr(), rows, top_n=TOP + 1, n_threads=2)))


def scipy(path: str, out: str):
    rows, names = matrix(path)
    together = (rows.T.tocsr() @ rows).tocsr()
    together.setdiag(0)
    together.eliminate_zeros()
    a, b, score = [], [], []
    for product in range(together.shape[0]):
        span = slice(together.indptr[product], together.indptr[product + 1])
        counts, partners = together.data[span], together.indices[span]
        if len(counts) > TOP:
            best = np.argpartition(counts, -TOP)[-TOP:]
            counts, partners = counts[best], partners[best]
        a.append(np.full(len(counts), product))
        b.append(partners)
        score.append(counts)
    write(out, names, np.concatenate(a), np.concatenate(b), np.concatenate(score))


def implicit(path: str, out: str):
    from implicit.nearest_neighbours import CosineRecommender

    rows, names = matrix(path, np.float64)
    model = CosineRecommender(K=TOP + 1, num_threads=2)
    model.fit(rows, show_progress=False)
    write(out, names, *of_csr(model.similarity.tocsr()))


def rusket(path: str, out: str):
    from rusket import ItemKNN

    rows, names = matrix(path)
    model = ItemKNN.from_transactions if False else ItemKNN(method="cosine", k=TOP)
    model.fit(rows)
    write(out, names, *of_csr(model.w_matrix if hasattr(model, "w_matrix") else model._w))


def fastapriori(path: str, out: str):
    import fastapriori as package

    raise NotImplementedError(package.__doc__)


def polars(path: str, out: str):
    import polars as pl

    lines = pl.scan_parquet(path).select("basket_id", pl.col("product_id")).unique()
    pairs = (
        lines.join(lines, on="basket_id", suffix="_b")
        .filter(pl.col("product_id") != pl.col("product_id_b"))
        .group_by("product_id", "product_id_b")
        .len("c")
        .filter(pl.col("c") >= MIN_COUNT)
        .filter(pl.col("c").rank("ordinal", descending=True).over("product_id") <= TOP)
    )
    pairs.sink_parquet(out + ".parquet")


def duckdb(path: str, out: str):
    import duckdb as package

    db = package.connect(config={"threads": 2})
    db.execute(f"""
        COPY (
            WITH lines AS (SELECT DISTINCT basket_id, product_id FROM read_parquet('{path}'))
            SELECT a.product_id, b.product_id AS product_id_b, count(*) AS c
            FROM lines a JOIN lines b ON a.basket_id = b.basket_id AND a.product_id <> b.product_id
            GROUP BY 1, 2 HAVING c >= {MIN_COUNT}
            QUALIFY row_number() OVER (PARTITION BY a.product_id ORDER BY c DESC, b.product_id) <= {TOP}
        ) TO '{out}.parquet'""")


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2], sys.argv[3])
