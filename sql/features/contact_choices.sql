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
tried AS (
    SELECT
        j.customer_id AS customer_id,
        j.channel AS channel,
        j.measure AS measure,
        g.slot AS slot,
        COALESCE(s.reached_e4, 0) * 1000000 + p.prior_trials * 10000 * g.rate_e6 AS reached,
        COALESCE(s.trials_e4, 0) + p.prior_trials * 10000 AS tried
    FROM judged AS j
    CROSS JOIN preference_params AS p
    JOIN contact_pools AS g ON j.segment = g.segment AND j.channel = g.channel AND j.measure = g.measure
    LEFT JOIN contact_slots AS s
        ON j.customer_id = s.customer_id AND j.channel = s.channel AND j.measure = s.measure AND g.slot = s.slot
    WHERE j.method = 'trials' AND g.is_allowed AND g.trials_e4 > 0
),
-- A score and its slot in one number, so that the largest is the best and of equal ones the earliest. A slot in which the
-- customer has no sign cannot beat the pool's best: those two are all that can win by signs.
scored AS (
    SELECT
        j.customer_id AS customer_id,
        j.channel AS channel,
        j.measure AS measure,
        (s.signs_e4 * 1000000 + p.prior_contacts * 10000 * g.share_e6) * 32 + 31 - g.slot AS score_slot
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
        p.prior_contacts * 10000 * g.share_e6 * 32 + 31 - g.slot AS score_slot
    FROM judged AS j
    CROSS JOIN preference_params AS p
    JOIN contact_pools AS g ON j.segment = g.segment AND j.channel = g.channel AND j.measure = g.measure
    WHERE j.method = 'signs' AND g.is_allowed AND g.share_place = 1
    UNION ALL
    SELECT customer_id, channel, measure, CAST((reached - reached % tried) / tried AS BIGINT) * 32 + 31 - slot AS score_slot
    FROM tried
    UNION ALL
    SELECT
        j.customer_id AS customer_id,
        j.channel AS channel,
        j.measure AS measure,
        CASE WHEN j.method = 'pool_signs' THEN g.share_e6 ELSE COALESCE(g.rate_e6, 0) END * 32 + 31 - g.slot AS score_slot
    FROM judged AS j
    JOIN contact_pools AS g ON j.segment = g.segment AND j.channel = g.channel AND j.measure = g.measure
    WHERE g.is_allowed
        AND (
            (j.method = 'pool_signs' AND g.share_place = 1)
            OR (j.method = 'pool_trials' AND g.rate_place = 1)
        )
),
best AS (
    SELECT
        customer_id,
        channel,
        measure,
        MAX(score_slot) AS score_slot
    FROM scored
    GROUP BY customer_id, channel, measure
),
chosen AS (
    SELECT
        customer_id,
        channel,
        measure,
        CAST(31 - score_slot % 32 AS INTEGER) AS slot,
        CAST((score_slot - score_slot % 32) / 32 AS BIGINT) AS score
    FROM best
),
measured AS (
    SELECT
        c.customer_id AS customer_id,
        c.channel AS channel,
        c.measure AS measure,
        c.slot AS slot,
        j.method AS method,
        g.basis AS basis,
        CASE WHEN j.method IN ('signs', 'pool_signs') THEN j.signs_e4 ELSE j.trials_e4 END AS contacts_e4,
        CASE WHEN j.method IN ('signs', 'pool_signs') THEN g.share_e6 ELSE g.rate_e6 END AS pool_e6,
        CAST(c.score AS DOUBLE) / CAST(
            CASE WHEN j.method = 'signs' THEN (j.signs_e4 + p.prior_contacts * 10000) * 1000000 ELSE 1000000 END AS DOUBLE
        ) AS probability
    FROM chosen AS c
    CROSS JOIN preference_params AS p
    JOIN judged AS j ON c.customer_id = j.customer_id AND c.channel = j.channel AND c.measure = j.measure
    JOIN contact_pools AS g
        ON j.segment = g.segment AND c.channel = g.channel AND c.measure = g.measure AND c.slot = g.slot
)
SELECT
    customer_id,
    channel,
    measure,
    slot,
    CASE WHEN method IN ('trials', 'pool_trials') THEN 'trials' ELSE 'signs' END AS method,
    CASE WHEN method IN ('trials', 'signs') THEN 'own' ELSE basis END AS source,
    contacts_e4,
    probability,
    CASE WHEN pool_e6 > 0 THEN probability / (CAST(pool_e6 AS DOUBLE) / CAST(1000000 AS DOUBLE)) END AS lift
FROM measured
