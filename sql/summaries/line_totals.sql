-- line_totals: the staged transaction lines by what became of them, so that the money adds up.
-- Key: class, identified. Every staged line is in exactly one row.
-- Units: money in ten-thousandths.
-- Classes: goods (counted), not_goods (postage, fees, adjustments), cancelled, pending, test.
WITH lines AS (
    SELECT
        CASE
            WHEN COALESCE(t.is_test, FALSE) THEN 'test'
            WHEN COALESCE(t.status, 'completed') = 'pending' THEN 'pending'
            WHEN COALESCE(t.line_type, 'sale') NOT IN ('sale', 'refund', 'discount') THEN 'not_goods'
            WHEN COALESCE(t.status, 'completed') IN ('cancelled', 'voided') THEN 'cancelled'
            ELSE 'goods'
        END AS class,
        t.customer_id IS NOT NULL AS identified,
        t.amount_e4 AS amount_e4
    FROM staged_transactions AS t
)
SELECT
    class,
    identified,
    CAST(COUNT(*) AS BIGINT) AS lines,
    CAST(SUM(amount_e4) AS BIGINT) AS amount_e4,
    CAST(SUM(CASE WHEN amount_e4 < 0 THEN 1 ELSE 0 END) AS BIGINT) AS negative_lines,
    CAST(SUM(CASE WHEN amount_e4 < 0 THEN amount_e4 ELSE 0 END) AS BIGINT) AS negative_amount_e4
FROM lines
GROUP BY class, identified
