-- contact_pools: what the contacts of one segment on one channel say of one hour, weekday or part of the day.
-- Key: segment, channel, measure, slot. Slots that nobody used are left out.
-- A segment with fewer weighed contacts than [preferences] min_pool on the channel has the figures of everybody: basis says
-- whose they are. Units: weighed contacts in ten-thousandths, shares and rates in millionths. share is of the pool's signs.
-- rate is how many of its trials reached somebody, drawn to the rate of all its hours by as much as prior_trials trials, so
-- that one lucky call at midnight does not win. places count slots in which we may contact somebody, the best first and of
-- equal ones the earliest. The measure channel compares channels: all of its rows have slot 0, and share is the channel's.
WITH segments AS (SELECT segment FROM customer_clocks GROUP BY segment),
own AS (
    SELECT
        c.segment AS segment,
        s.channel AS channel,
        s.measure AS measure,
        s.slot AS slot,
        CAST(SUM(s.signs_e4) AS BIGINT) AS signs_e4,
        CAST(SUM(s.trials_e4) AS BIGINT) AS trials_e4,
        CAST(SUM(s.reached_e4) AS BIGINT) AS reached_e4
    FROM contact_slots AS s
    JOIN customer_clocks AS c ON s.customer_id = c.customer_id
    GROUP BY c.segment, s.channel, s.measure, s.slot
),
own_sums AS (
    -- Channels are compared with each other, so that their sum goes over all of them.
    SELECT
        segment,
        CASE WHEN measure = 'channel' THEN '' ELSE channel END AS pool,
        measure,
        CAST(SUM(signs_e4 + trials_e4) AS BIGINT) AS contacts_e4
    FROM own
    GROUP BY segment, CASE WHEN measure = 'channel' THEN '' ELSE channel END, measure
),
everybody AS (
    SELECT
        channel,
        CASE WHEN measure = 'channel' THEN '' ELSE channel END AS pool,
        measure,
        slot,
        CAST(SUM(signs_e4) AS BIGINT) AS signs_e4,
        CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
        CAST(SUM(reached_e4) AS BIGINT) AS reached_e4
    FROM own
    GROUP BY channel, CASE WHEN measure = 'channel' THEN '' ELSE channel END, measure, slot
),
grid AS (
    SELECT
        g.segment AS segment,
        e.channel AS channel,
        e.pool AS pool,
        e.measure AS measure,
        e.slot AS slot,
        e.signs_e4 AS signs_e4,
        e.trials_e4 AS trials_e4,
        e.reached_e4 AS reached_e4
    FROM everybody AS e
    CROSS JOIN segments AS g
),
based AS (
    SELECT
        g.segment AS segment,
        g.channel AS channel,
        g.pool AS pool,
        g.measure AS measure,
        g.slot AS slot,
        COALESCE(k.contacts_e4, 0) >= t.min_pool * 10000 AND g.segment <> '' AS is_own,
        CASE
            WHEN COALESCE(k.contacts_e4, 0) >= t.min_pool * 10000 THEN COALESCE(o.signs_e4, 0)
            ELSE g.signs_e4
        END AS signs_e4,
        CASE
            WHEN COALESCE(k.contacts_e4, 0) >= t.min_pool * 10000 THEN COALESCE(o.trials_e4, 0)
            ELSE g.trials_e4
        END AS trials_e4,
        CASE
            WHEN COALESCE(k.contacts_e4, 0) >= t.min_pool * 10000 THEN COALESCE(o.reached_e4, 0)
            ELSE g.reached_e4
        END AS reached_e4
    FROM grid AS g
    CROSS JOIN preference_params AS t
    LEFT JOIN own AS o
        ON g.segment = o.segment AND g.channel = o.channel AND g.measure = o.measure AND g.slot = o.slot
    LEFT JOIN own_sums AS k ON g.segment = k.segment AND g.pool = k.pool AND g.measure = k.measure
),
sums AS (
    SELECT
        segment,
        pool,
        measure,
        CAST(SUM(signs_e4) AS BIGINT) AS signs_e4,
        CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
        CAST(SUM(reached_e4) AS BIGINT) AS reached_e4
    FROM based
    GROUP BY segment, pool, measure
),
-- Long division, three decimals at a time: no intermediate result is too large to be exact.
first_digits AS (
    SELECT
        b.segment AS segment,
        b.channel AS channel,
        b.measure AS measure,
        b.slot AS slot,
        b.is_own AS is_own,
        b.signs_e4 AS signs_e4,
        b.trials_e4 AS trials_e4,
        b.reached_e4 AS reached_e4,
        GREATEST(s.signs_e4, 1) AS all_e4,
        CAST(
            (b.signs_e4 * 1000 - (b.signs_e4 * 1000) % GREATEST(s.signs_e4, 1)) / GREATEST(s.signs_e4, 1) AS BIGINT
        ) AS share_e3,
        CAST(
            (s.reached_e4 * 1000 - (s.reached_e4 * 1000) % GREATEST(s.trials_e4, 1)) / GREATEST(s.trials_e4, 1) AS BIGINT
        ) AS mean_e3,
        s.trials_e4 > 0 AS is_tried
    FROM based AS b
    JOIN sums AS s ON b.segment = s.segment AND b.measure = s.measure
    WHERE s.pool = b.pool
),
drawn AS (
    SELECT
        f.segment AS segment,
        f.channel AS channel,
        f.measure AS measure,
        f.slot AS slot,
        f.is_own AS is_own,
        f.signs_e4 AS signs_e4,
        f.trials_e4 AS trials_e4,
        f.share_e3 * 1000 + CAST(
            (f.signs_e4 * 1000 % f.all_e4 * 1000 - f.signs_e4 * 1000 % f.all_e4 * 1000 % f.all_e4) / f.all_e4 AS BIGINT
        ) AS share_e6,
        f.reached_e4 + t.prior_trials * f.mean_e3 * 10 AS near_e4,
        f.trials_e4 + t.prior_trials * 10000 AS tried_e4,
        f.is_tried AS is_tried
    FROM first_digits AS f
    CROSS JOIN preference_params AS t
),
rated AS (
    SELECT
        d.segment AS segment,
        d.channel AS channel,
        d.measure AS measure,
        d.slot AS slot,
        CASE WHEN d.is_own THEN 'segment' ELSE 'everybody' END AS basis,
        d.signs_e4 AS signs_e4,
        d.trials_e4 AS trials_e4,
        d.share_e6 AS share_e6,
        CAST(
            CASE
                WHEN d.trials_e4 > 0 THEN (d.near_e4 * 1000 - d.near_e4 * 1000 % d.tried_e4) / d.tried_e4 * 1000
                    + (d.near_e4 * 1000 % d.tried_e4 * 1000 - d.near_e4 * 1000 % d.tried_e4 * 1000 % d.tried_e4)
                    / d.tried_e4
            END AS BIGINT
        ) AS rate_e6,
        COALESCE(a.is_allowed, d.measure IN ('weekday', 'channel')) AS is_allowed
    FROM drawn AS d
    LEFT JOIN allowed_slots AS a ON d.channel = a.channel AND d.measure = a.measure AND d.slot = a.slot
),
keyed AS (
    SELECT
        segment,
        channel,
        CASE WHEN measure = 'channel' THEN '' ELSE channel END AS pool,
        measure,
        slot,
        basis,
        signs_e4,
        trials_e4,
        share_e6,
        rate_e6,
        is_allowed,
        CASE WHEN is_allowed THEN 0 ELSE 1 END AS allowed_first,
        CASE WHEN trials_e4 > 0 THEN 0 ELSE 1 END AS tried_first,
        0 - share_e6 AS most_first,
        0 - COALESCE(rate_e6, 0) AS best_first,
        CASE WHEN trials_e4 > 0 AND is_allowed THEN 1 ELSE 0 END AS tried
    FROM rated
),
placed AS (
    SELECT
        segment,
        channel,
        pool,
        measure,
        slot,
        basis,
        signs_e4,
        trials_e4,
        share_e6,
        rate_e6,
        is_allowed,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY segment, pool, measure ORDER BY allowed_first, most_first, slot, channel
            ) AS INTEGER
        ) AS share_place,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY segment, pool, measure ORDER BY allowed_first, tried_first, best_first, slot, channel
            ) AS INTEGER
        ) AS rate_place,
        CAST(SUM(tried) OVER (PARTITION BY segment, pool, measure) AS BIGINT) AS tried_slots,
        CAST(SUM(signs_e4) OVER (PARTITION BY segment, pool, measure) AS BIGINT) AS pool_signs_e4
    FROM keyed
)
SELECT
    segment,
    channel,
    measure,
    slot,
    basis,
    signs_e4,
    trials_e4,
    share_e6,
    rate_e6,
    is_allowed,
    share_place,
    rate_place,
    tried_slots,
    pool_signs_e4
FROM placed
