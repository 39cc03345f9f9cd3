-- tier_cuts: the smallest value of each tier in the base period, the oldest one in which anybody bought.
-- Key: tier. The fixed tiers of all periods are cut here, so that a general decline shows.
-- Units: money in ten-thousandths.
WITH base AS (
    SELECT MIN(period_no) AS period_no FROM period_tiers WHERE value_e4 > 0
)
SELECT
    t.actual_tier AS tier,
    MIN(t.value_e4) AS smallest_e4
FROM period_tiers AS t
JOIN base AS b ON t.period_no = b.period_no
WHERE t.value_e4 > 0
GROUP BY t.actual_tier
