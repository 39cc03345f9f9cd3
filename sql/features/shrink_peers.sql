-- shrink_peers: the median ratio of this window's value to that of the window before, in one group of peers.
-- Key: peer_group. Peers share region and kind of customer. Left out: groups with fewer than [attrition] min_cases of
-- comparable customers, who fall back to the group `all`.
-- Units: ratio_e4 in ten-thousandths; a negative value now counts as none.
WITH ratios AS (
    SELECT
        w.customer_id AS customer_id,
        CONCAT(COALESCE(c.region, '-'), '/', COALESCE(c.customer_type, '-')) AS peer_group,
        CASE
            WHEN w.value_now_e4 <= 0 THEN 0
            ELSE CAST((w.value_now_e4 * 10000 - (w.value_now_e4 * 10000) % w.value_prev_e4) / w.value_prev_e4 AS BIGINT)
        END AS ratio_e4
    FROM shrink_windows AS w
    LEFT JOIN staged_customers AS c ON w.customer_id = c.customer_id
    WHERE w.status = 'ok'
),
grouped AS (
    SELECT peer_group, customer_id, ratio_e4 FROM ratios
    UNION ALL
    SELECT 'all' AS peer_group, customer_id, ratio_e4 FROM ratios
),
ranked AS (
    SELECT
        peer_group,
        ratio_e4,
        CAST(ROW_NUMBER() OVER (PARTITION BY peer_group ORDER BY ratio_e4, customer_id) AS BIGINT) - 1 AS position,
        CAST(COUNT(*) OVER (PARTITION BY peer_group) AS BIGINT) AS peers
    FROM grouped
),
middles AS (
    -- The two middle ones, which are one and the same when their number is odd.
    SELECT
        peer_group,
        MAX(peers) AS peers,
        CAST(MIN(ratio_e4) + MAX(ratio_e4) AS BIGINT) AS double_e4
    FROM ranked
    WHERE position * 2 >= peers - 2 AND position * 2 <= peers
    GROUP BY peer_group
)
SELECT
    m.peer_group AS peer_group,
    m.peers AS peers,
    CAST((m.double_e4 - m.double_e4 % 2) / 2 AS BIGINT) AS ratio_e4
FROM middles AS m
CROSS JOIN run_params AS p
WHERE m.peers >= p.min_cases
