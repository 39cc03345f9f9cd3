-- affinity_ptp: one product and one that is bought with it (complement), or instead of it (substitute), the strongest first.
-- Key: product_a, product_b, level, granularity. Both directions are present, since confidence differs.
-- Units: n_* in baskets or customers, by level. Partners that cannot be offered at as_of rank after all that can, so that no
-- list is shorter for them.
SELECT
    r.level AS level,
    r.granularity AS granularity,
    'pair' AS direction,
    a.name AS product_a,
    b.name AS product_b,
    r.relation AS relation,
    r.rank AS rank,
    r.score AS score,
    r.score_name AS score_name,
    r.n_a AS n_a,
    r.n_b AS n_b,
    r.n_ab AS n_ab,
    r.n_total AS n_total,
    r.support AS support,
    r.confidence AS confidence,
    r.confidence_reverse AS confidence_reverse,
    r.lift AS lift,
    r.lift_lo AS lift_lo,
    r.leverage AS leverage,
    r.conviction AS conviction,
    r.conviction_infinite AS conviction_infinite,
    r.jaccard AS jaccard,
    r.cosine AS cosine,
    r.npmi AS npmi,
    r.llr AS llr,
    r.phi AS phi,
    r.kulczynski AS kulczynski,
    r.imbalance AS imbalance,
    r.certainty AS certainty,
    r.zhang AS zhang,
    r.p_value AS p_value,
    r.q_value AS q_value,
    r.backed_off AS backed_off,
    o.margin_e4 AS margin_b_e4,
    COALESCE(o.status, 'ok') = 'ok' AS related_eligible,
    CASE WHEN o.status <> 'ok' THEN o.status END AS suppressed_reason,
    r.rule_id AS rule_id
FROM affinity_pair_rows AS r
JOIN affinity_names AS a ON r.name_no_a = a.name_no
JOIN affinity_names AS b ON r.name_no_b = b.name_no
LEFT JOIN offered_products AS o ON b.product_no = o.product_no
