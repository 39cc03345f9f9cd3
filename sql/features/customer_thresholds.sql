-- customer_thresholds: after how many silent days one customer is overdue, and after how many gone.
-- Key: customer_id. Left out: prospects, who have no purchase day.
-- Units: ten-thousandths of a day. threshold_e4 is tau of spec/definitions.md 3.5: with n gaps, own quantile q and pooled
-- window Q, exp(w ln q + (1 - w) ln Q), w = n / (n + prior_gaps); rounded once, and from then on a whole number.
-- [attrition] window may put one window for everybody in its place. lost_e4 is 3.6's lost window: the longer of twice the
-- threshold and the error-balanced window.
WITH gapped AS (
    SELECT
        s.customer_id AS customer_id,
        s.purchase_days AS purchase_days,
        s.recency_days AS recency_days,
        COALESCE(r.gaps, 0) AS gaps,
        r.gap_quantile_e4 AS own_e4,
        r.last_gap_days AS last_gap_days,
        w.pool_days AS pool_days,
        COALESCE(w.error_days, 0) AS error_days,
        CASE WHEN p.window_method = 'own_rhythm' AND r.gaps IS NOT NULL THEN NULL ELSE w.pool_days END AS common_days,
        CASE WHEN p.window_method = 'own_rhythm' AND r.gaps IS NOT NULL THEN 'own_rhythm' ELSE w.pool_source END AS method,
        p.prior_gaps AS prior_gaps
    FROM customer_summary AS s
    LEFT JOIN customer_rhythm AS r ON s.customer_id = r.customer_id
    CROSS JOIN silence_windows AS w
    CROSS JOIN run_params AS p
    WHERE s.purchase_days > 0
),
rounded AS (
    SELECT
        customer_id,
        purchase_days,
        recency_days,
        gaps,
        last_gap_days,
        error_days,
        method,
        CAST(
            CASE
                WHEN common_days IS NOT NULL THEN CAST(common_days AS DOUBLE) * 10000.0
                ELSE FLOOR(
                    EXP(
                        (
                            CAST(gaps AS DOUBLE) * LN(CAST(own_e4 AS DOUBLE) / 10000.0)
                            + CAST(prior_gaps AS DOUBLE) * LN(CAST(pool_days AS DOUBLE))
                        ) / CAST(gaps + prior_gaps AS DOUBLE)
                    ) * 10000.0 + 0.5
                )
            END AS BIGINT
        ) AS threshold_e4
    FROM gapped
)
SELECT
    r.customer_id AS customer_id,
    r.purchase_days AS purchase_days,
    CASE
        WHEN r.purchase_days = 1 THEN 'purchase_days=1'
        WHEN r.purchase_days = 2 THEN 'purchase_days=2'
        WHEN r.purchase_days <= 5 THEN 'purchase_days=3-5'
        ELSE 'purchase_days=6+'
    END AS class,
    r.recency_days AS recency_days,
    r.last_gap_days AS last_gap_days,
    r.method AS method,
    r.threshold_e4 AS threshold_e4,
    GREATEST(2 * r.threshold_e4, CAST(r.error_days AS BIGINT) * 10000) AS lost_e4,
    CAST(
        (CAST(r.recency_days AS BIGINT) * 100000000 - (CAST(r.recency_days AS BIGINT) * 100000000) % r.threshold_e4)
            / r.threshold_e4 AS BIGINT
    ) AS overdue_e4
FROM rounded AS r
