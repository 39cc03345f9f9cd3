-- contact_choices: the best hour, weekday or part of the day of one customer on one channel.
-- Key: customer_id, channel, measure. Left out: who has no sign and no trial on the channel, and who objected to profiling.
-- method trials: so many of the customer's trials reached them, drawn to the pool's rate by prior_trials trials; from
-- min_contacts weighed trials on, where the pool tried at least two slots. method signs: the share of the slot among the
-- customer's signs, drawn to the pool's share by prior_contacts signs; from min_contacts weighed signs on. Otherwise the
-- best slot of the pool (spec/definitions.md 3.11). Only slots in which we may contact somebody; of equal ones the earliest.
WITH totals AS (
    SELECT
        s.customer_id AS customer_id,
        s.channel AS channel,
        s.measure AS measure,
        c.segment AS segment,
        CAST(SUM(s.signs_e4) AS BIGINT) AS signs_e4,
        CAST(SUM(s.trials_e4) AS BIGINT) AS trials_e4
    FROM contact_slots AS s
    JOIN customer_clocks AS c ON s.customer_id = c.customer_id
    WHERE s.measure <> 'channel' AND NOT c.profiling_opt_out
    GROUP BY s.customer_id, s.channel, s.measure, c.segment
),
pools AS (
    SELECT
        segment,
        channel,
        measure,
        MAX(tried_slots) AS tried_slots,
        MAX(pool_signs_e4) AS pool_signs_e4
    FROM contact_pools
    WHERE measure <> 'channel'
    GROUP BY segment, channel, measure
),
judged AS (
    SELECT
        t.customer_id AS customer_id,
        t.channel AS channel,
        t.measure AS measure,
        t.segment AS segment,
        t.signs_e4 AS signs_e4,
        t.trials_e4 AS trials_e4,
        CASE
            WHEN t.trials_e4 >= p.min_contacts * 10000 AND l.tried_slots >= 2 THEN 'trials'
            WHEN t.signs_e4 >= p.min_contacts * 10000 THEN 'signs'
            WHEN l.pool_signs_e4 > 0 THEN 'pool_signs'
            ELSE 'pool_trials'
        END AS method
    FROM totals AS t
    CROSS JOIN preference_params AS p
    JOIN pools AS l ON t.segment = l.segment AND t.channel = l.channel AND t.measure = l.measure
),
-- A slot that the customer has no sign in cannot beat the pool's best: those two are all that can win.
by_signs AS (
    SELECT
        j.customer_id AS customer_id,
        j.channel AS channel,
        j.measure AS measure,
        j.method AS method,
        s.slot AS slot,
        j.signs_e4 AS contacts_e4,
        s.signs_e4 * 1000000 + p.prior_contacts * 10000 * g.share_e6 AS score,
        (j.signs_e4 + p.prior_contacts * 10000) * 1000000 AS scale,
        g.share_e6 AS pool_e6,
        g.basis AS basis
    FROM judged AS j
    CROSS JOIN preference_params AS p
    JOIN contact_slots AS s ON j.customer_id = s.customer_id AND j.channel = s.channel AND j.measure = s.measure
    JOIN contact_pools AS g
        ON j.segment = g.segment AND j.channel = g.channel AND j.measure = g.measure AND s.slot = g.slot
    WHERE j.method = 'signs' AND g.is_allowed
    UNION ALL
    SELECT
        j.customer_id AS customer_id,
        j.channel AS channel,
        j.measure AS measure,
        j.method AS method,
        g.slot AS slot,
        j.signs_e4 AS contacts_e4,
        p.prior_contacts * 10000 * g.share_e6 AS score,
        (j.signs_e4 + p.prior_contacts * 10000) * 1000000 AS scale,
        g.share_e6 AS pool_e6,
        g.basis AS basis
    FROM judged AS j
    CROSS JOIN preference_params AS p
    JOIN contact_pools AS g ON j.segment = g.segment AND j.channel = g.channel AND j.measure = g.measure
    WHERE j.method = 'signs' AND g.is_allowed AND g.share_place = 1
),
by_trials AS (
    SELECT
        j.customer_id AS customer_id,
        j.channel AS channel,
        j.measure AS measure,
        j.method AS method,
        g.slot AS slot,
        j.trials_e4 AS contacts_e4,
        COALESCE(s.reached_e4, 0) * 1000000 + p.prior_trials * 10000 * g.rate_e6 AS reached,
        COALESCE(s.trials_e4, 0) + p.prior_trials * 10000 AS tried,
        g.rate_e6 AS pool_e6,
        g.basis AS basis
    FROM judged AS j
    CROSS JOIN preference_params AS p
    JOIN contact_pools AS g ON j.segment = g.segment AND j.channel = g.channel AND j.measure = g.measure
    LEFT JOIN contact_slots AS s
        ON j.customer_id = s.customer_id AND j.channel = s.channel AND j.measure = s.measure AND g.slot = s.slot
    WHERE j.method = 'trials' AND g.is_allowed AND g.trials_e4 > 0
),
by_pool AS (
    SELECT
        j.customer_id AS customer_id,
        j.channel AS channel,
        j.measure AS measure,
        j.method AS method,
        g.slot AS slot,
        CASE WHEN j.method = 'pool_signs' THEN j.signs_e4 ELSE j.trials_e4 END AS contacts_e4,
        CASE WHEN j.method = 'pool_signs' THEN g.share_e6 ELSE COALESCE(g.rate_e6, 0) END AS score,
        g.basis AS basis
    FROM judged AS j
    JOIN contact_pools AS g ON j.segment = g.segment AND j.channel = g.channel AND j.measure = g.measure
    WHERE g.is_allowed
        AND (
            (j.method = 'pool_signs' AND g.share_place = 1)
            OR (j.method = 'pool_trials' AND g.rate_place = 1)
        )
),
candidates AS (
    SELECT
        customer_id, channel, measure, method, slot, contacts_e4, score, scale, pool_e6, basis, 0 - score AS best_first
    FROM by_signs
    UNION ALL
    SELECT
        customer_id,
        channel,
        measure,
        method,
        slot,
        contacts_e4,
        CAST((reached - reached % tried) / tried AS BIGINT) AS score,
        CAST(1000000 AS BIGINT) AS scale,
        pool_e6,
        basis,
        0 - CAST((reached - reached % tried) / tried AS BIGINT) AS best_first
    FROM by_trials
    UNION ALL
    SELECT
        customer_id,
        channel,
        measure,
        method,
        slot,
        contacts_e4,
        score,
        CAST(1000000 AS BIGINT) AS scale,
        score AS pool_e6,
        basis,
        0 - score AS best_first
    FROM by_pool
),
ranked AS (
    SELECT
        customer_id,
        channel,
        measure,
        method,
        slot,
        contacts_e4,
        score,
        scale,
        pool_e6,
        basis,
        CAST(
            ROW_NUMBER() OVER (PARTITION BY customer_id, channel, measure ORDER BY best_first, slot) AS BIGINT
        ) AS place
    FROM candidates
)
SELECT
    customer_id,
    channel,
    measure,
    slot,
    CASE
        WHEN method = 'trials' OR method = 'pool_trials' THEN 'trials'
        ELSE 'signs'
    END AS method,
    CASE WHEN method IN ('trials', 'signs') THEN 'own' ELSE basis END AS source,
    contacts_e4,
    CAST(score AS DOUBLE) / CAST(scale AS DOUBLE) AS probability,
    CASE
        WHEN pool_e6 > 0
        THEN CAST(score AS DOUBLE) / CAST(scale AS DOUBLE) / (CAST(pool_e6 AS DOUBLE) / CAST(1000000 AS DOUBLE))
    END AS lift
FROM ranked
WHERE place = 1
