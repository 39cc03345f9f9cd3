-- visit_days: one day on which one customer came by of their own accord: to the site, the app or the shop.
-- Key: customer_id, day. Left out: calls and letters, contacts that we began, and rows that stand for no contact at all.
SELECT customer_id, start_day AS day, CAST(SUM(COALESCE(count, 1)) AS BIGINT) AS visits
FROM staged_interactions
WHERE customer_id IS NOT NULL
    AND COALESCE(direction, 'in') = 'in'
    AND (event IS NOT NULL OR channel IN ('web', 'app', 'store', 'counter', 'visit'))
    AND COALESCE(count, 1) > 0
GROUP BY customer_id, start_day
