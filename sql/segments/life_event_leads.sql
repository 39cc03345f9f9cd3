-- life_event_leads: one event in the life of one customer, of which we were told, and what it may lead to.
-- Key: customer_id, life_event_code. Left out: events of unknown callers.
-- Units: days; freshness is 1 on the day on which we heard of it last, and half after [contact_centre]
-- life_event_half_life_days.
-- The offer is a category of products, by [contact_centre.life_events]. Status, the first that holds: profiling_opt_out,
-- no_offer, bought (from that category since we first heard of it), open_complaint (it comes first), stale (a quarter of its
-- freshness or less is left), else ready.
-- Who objected to profiling has a status and nothing else. Whether a campaign may use a lead is for consent and contact
-- rules to say.
WITH told AS (
    SELECT
        i.customer_id AS customer_id,
        i.life_event_code AS life_event_code,
        CAST(SUM(COALESCE(i.count, 1)) AS BIGINT) AS mentions,
        MIN(i.start_day) AS first_day,
        MAX(i.start_day) AS last_day
    FROM staged_interactions AS i
    WHERE i.customer_id IS NOT NULL AND i.life_event_code IS NOT NULL
    GROUP BY i.customer_id, i.life_event_code
),
offered AS (
    SELECT
        t.customer_id AS customer_id,
        t.life_event_code AS life_event_code,
        t.mentions AS mentions,
        t.first_day AS first_day,
        t.last_day AS last_day,
        o.category AS category
    FROM told AS t
    LEFT JOIN life_event_offers AS o ON t.life_event_code = o.life_event_code
),
bought AS (
    SELECT
        f.customer_id AS customer_id,
        f.life_event_code AS life_event_code,
        MIN(l.order_day) AS bought_day
    FROM offered AS f
    JOIN goods_lines AS l ON f.customer_id = l.customer_id
    JOIN product_categories AS c ON l.category_no = c.category_no
    WHERE l.is_sold
        AND l.order_day >= f.first_day
        AND (c.category = f.category OR SUBSTR(c.category, 1, LENGTH(f.category) + 1) = CONCAT(f.category, '/'))
    GROUP BY f.customer_id, f.life_event_code
)
SELECT
    f.customer_id AS customer_id,
    f.life_event_code AS life_event_code,
    f.mentions AS mentions,
    f.first_day AS first_day,
    f.last_day AS last_day,
    CAST(p.as_of_day - 1 - f.last_day AS INTEGER) AS age_days,
    CASE
        WHEN NOT COALESCE(s.profiling_opt_out, FALSE)
        THEN POWER(0.5, CAST(p.as_of_day - 1 - f.last_day AS DOUBLE) / CAST(c.life_event_half_life_days AS DOUBLE))
    END AS freshness,
    CASE WHEN NOT COALESCE(s.profiling_opt_out, FALSE) THEN f.category END AS category,
    CASE WHEN NOT COALESCE(s.profiling_opt_out, FALSE) THEN b.bought_day END AS bought_day,
    CASE
        WHEN COALESCE(s.profiling_opt_out, FALSE) THEN 'profiling_opt_out'
        WHEN f.category IS NULL THEN 'no_offer'
        WHEN b.bought_day IS NOT NULL THEN 'bought'
        WHEN COALESCE(k.open_complaints, 0) > 0 THEN 'open_complaint'
        WHEN p.as_of_day - 1 - f.last_day >= 2 * c.life_event_half_life_days THEN 'stale'
        ELSE 'ready'
    END AS status
FROM offered AS f
LEFT JOIN bought AS b ON f.customer_id = b.customer_id AND f.life_event_code = b.life_event_code
LEFT JOIN staged_customers AS s ON f.customer_id = s.customer_id
LEFT JOIN customer_contacts AS k ON f.customer_id = k.customer_id
CROSS JOIN contact_centre_params AS c
CROSS JOIN run_params AS p
