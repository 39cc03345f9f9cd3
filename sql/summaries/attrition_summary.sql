-- attrition_summary: how many customers something about leaving is true of.
-- Key: measure.
-- Prospects, closed customers and those who may not be profiled are in no figure.
-- overdue_without_contact: of those who are overdue, with how many we had not spoken in the 90 days before their threshold
-- passed (spec/definitions.md 3.5, part 6). Of those found shrinking, at most the share [attrition] false_discovery_rate is
-- expected to be there by chance.
WITH spoken AS (
    SELECT
        t.customer_id AS customer_id,
        CAST(
            SUM(
                CASE
                    WHEN d.day <= c.last_order_day + (t.threshold_e4 - t.threshold_e4 % 10000) / 10000
                        AND d.day > c.last_order_day + (t.threshold_e4 - t.threshold_e4 % 10000) / 10000 - 90
                    THEN 1 ELSE 0
                END
            ) AS BIGINT
        ) AS days
    FROM customer_thresholds AS t
    JOIN customer_summary AS c ON t.customer_id = c.customer_id
    JOIN two_way_days AS d ON t.customer_id = d.customer_id
    WHERE t.overdue_e4 > 10000
    GROUP BY t.customer_id
),
counted AS (
    SELECT
        CAST(COUNT(*) AS BIGINT) AS buyers,
        CAST(SUM(CASE WHEN a.overdue_e4 > 10000 THEN 1 ELSE 0 END) AS BIGINT) AS overdue,
        CAST(SUM(CASE WHEN a.overdue_e4 > 10000 AND COALESCE(s.days, 0) = 0 THEN 1 ELSE 0 END) AS BIGINT) AS unspoken,
        CAST(SUM(CASE WHEN a.contact_status = 'no_interactions' THEN 1 ELSE 0 END) AS BIGINT) AS without_input,
        CAST(SUM(CASE WHEN a.shrink_status IN ('ok', 'too_few_orders') THEN 1 ELSE 0 END) AS BIGINT) AS compared,
        CAST(SUM(CASE WHEN a.shrink_status = 'ok' THEN 1 ELSE 0 END) AS BIGINT) AS tested,
        CAST(SUM(CASE WHEN a.is_shrinking THEN 1 ELSE 0 END) AS BIGINT) AS shrinking
    FROM attrition_signals AS a
    LEFT JOIN spoken AS s ON a.customer_id = s.customer_id
    WHERE a.status NOT IN ('profiling_opt_out', 'closed', 'prospect')
),
bands AS (
    SELECT CONCAT('band_', band) AS measure, CAST(COUNT(*) AS BIGINT) AS customers
    FROM attrition_judgements
    WHERE status NOT IN ('profiling_opt_out', 'closed', 'prospect')
    GROUP BY band
),
measures AS (
    SELECT 'overdue' AS measure, overdue AS customers, buyers AS base, 'ok' AS status FROM counted
    UNION ALL
    SELECT
        'overdue_without_contact' AS measure,
        CASE WHEN without_input = 0 THEN unspoken END AS customers,
        overdue AS base,
        CASE WHEN without_input = 0 THEN 'ok' ELSE 'no_interactions' END AS status
    FROM counted
    UNION ALL
    SELECT 'compared' AS measure, compared AS customers, buyers AS base, 'ok' AS status FROM counted
    UNION ALL
    SELECT 'tested' AS measure, tested AS customers, compared AS base, 'ok' AS status FROM counted
    UNION ALL
    SELECT 'shrinking' AS measure, shrinking AS customers, tested AS base, 'ok' AS status FROM counted
    UNION ALL
    SELECT b.measure AS measure, b.customers AS customers, c.buyers AS base, 'ok' AS status
    FROM bands AS b
    CROSS JOIN counted AS c
)
SELECT
    measure,
    CAST(customers AS BIGINT) AS customers,
    CAST(COALESCE(base, 0) AS BIGINT) AS base,
    CASE WHEN base > 0 THEN CAST(customers AS DOUBLE) / CAST(base AS DOUBLE) END AS share,
    status
FROM measures
