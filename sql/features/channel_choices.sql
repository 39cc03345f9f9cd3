-- channel_choices: one channel on which one customer may be reached best, the best first.
-- Key: customer_id, channel. Left out: who objected to profiling. Who gave no sign has the best channel of their segment.
-- By the rule for hours (spec/definitions.md 3.11), with channels for hours: the share of the channel among the customer's
-- signs, drawn to the pool's share by prior_contacts signs. With fewer than min_contacts weighed signs in all, the best
-- channel of the pool comes first. Of equal channels the first in the alphabet.
WITH totals AS (
    SELECT
        s.customer_id AS customer_id,
        CAST(SUM(s.signs_e4) AS BIGINT) AS signs_e4
    FROM contact_slots AS s
    WHERE s.measure = 'channel'
    GROUP BY s.customer_id
),
judged AS (
    SELECT
        c.customer_id AS customer_id,
        c.segment AS segment,
        COALESCE(t.signs_e4, 0) AS signs_e4,
        COALESCE(t.signs_e4, 0) >= p.min_contacts * 10000 AS is_own
    FROM customer_clocks AS c
    CROSS JOIN preference_params AS p
    LEFT JOIN totals AS t ON c.customer_id = t.customer_id
    WHERE NOT c.profiling_opt_out
),
candidates AS (
    SELECT
        j.customer_id AS customer_id,
        s.channel AS channel,
        g.basis AS basis,
        j.is_own AS is_own,
        j.signs_e4 AS all_signs_e4,
        s.signs_e4 AS signs_e4,
        s.sales_e4 AS sales_e4,
        s.signs_e4 * 1000000 + p.prior_contacts * 10000 * g.share_e6 AS score,
        (j.signs_e4 + p.prior_contacts * 10000) * 1000000 AS scale,
        g.share_e6 AS pool_e6,
        g.share_place AS share_place
    FROM judged AS j
    CROSS JOIN preference_params AS p
    JOIN contact_slots AS s ON j.customer_id = s.customer_id
    JOIN contact_pools AS g ON j.segment = g.segment AND s.channel = g.channel
    WHERE s.measure = 'channel' AND g.measure = 'channel'
    UNION ALL
    SELECT
        j.customer_id AS customer_id,
        g.channel AS channel,
        g.basis AS basis,
        j.is_own AS is_own,
        j.signs_e4 AS all_signs_e4,
        CAST(0 AS BIGINT) AS signs_e4,
        CAST(0 AS BIGINT) AS sales_e4,
        p.prior_contacts * 10000 * g.share_e6 AS score,
        (j.signs_e4 + p.prior_contacts * 10000) * 1000000 AS scale,
        g.share_e6 AS pool_e6,
        g.share_place AS share_place
    FROM judged AS j
    CROSS JOIN preference_params AS p
    JOIN contact_pools AS g ON j.segment = g.segment
    WHERE g.measure = 'channel' AND g.share_place = 1 AND g.pool_signs_e4 > 0
),
-- The pool's best channel may be one of the customer's: its row with the signs is the one to keep.
single AS (
    SELECT
        customer_id,
        channel,
        MAX(basis) AS basis,
        MAX(CASE WHEN is_own THEN 1 ELSE 0 END) AS is_own,
        MAX(all_signs_e4) AS all_signs_e4,
        MAX(signs_e4) AS signs_e4,
        MAX(sales_e4) AS sales_e4,
        MAX(score) AS score,
        MAX(scale) AS scale,
        MAX(pool_e6) AS pool_e6,
        MAX(share_place) AS share_place
    FROM candidates
    GROUP BY customer_id, channel
),
keyed AS (
    SELECT
        customer_id,
        channel,
        basis,
        is_own,
        all_signs_e4,
        signs_e4,
        sales_e4,
        score,
        scale,
        pool_e6,
        CASE WHEN is_own = 0 AND share_place = 1 THEN 0 ELSE 1 END AS pool_first,
        0 - score AS best_first
    FROM single
)
SELECT
    customer_id,
    channel,
    CAST(
        ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY pool_first, best_first, channel) AS INTEGER
    ) AS place,
    CASE WHEN is_own = 1 THEN 'own' ELSE basis END AS source,
    all_signs_e4,
    signs_e4,
    sales_e4,
    CAST(score AS DOUBLE) / CAST(scale AS DOUBLE) AS probability,
    CASE
        WHEN pool_e6 > 0
        THEN CAST(score AS DOUBLE) / CAST(scale AS DOUBLE) / (CAST(pool_e6 AS DOUBLE) / CAST(1000000 AS DOUBLE))
    END AS lift
FROM keyed
