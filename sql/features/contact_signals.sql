-- contact_signals: what one hour of one weekday says about one customer on one channel.
-- Key: customer_id, channel, weekday, hour.
-- Weekday (1 is Monday) and hour are of the customer's own clock. Signs of the customer are contacts that they began, and
-- calls of ours that they answered; page views of one hour of one day are one sign. Trials are calls and messages of ours of
-- which it is known whether they reached the customer: they answered, clicked, replied, or opened it themselves. When somebody
-- opened a message is not known, so that it says nothing of the hour of a sign. The hour is -1 where it is not known: midnight
-- sharp by the clock of the business is a bare date. A contact stands for [inputs.interactions] count contacts.
-- Units: weighed contacts in ten-thousandths: one of age a counts 2^(-a / half-life), as contact_weights has it, so that sums
-- are exact (spec/definitions.md 3.11).
-- Left out: what is so old that it weighs nothing, and contacts without customer or channel.
WITH spoken AS (
    SELECT
        i.customer_id AS customer_id,
        i.channel AS channel,
        i.start_day AS day,
        i.ts_start_us AS us,
        COALESCE(i.event, 'question') <> 'question' AS is_page,
        COALESCE(i.direction = 'out', FALSE) AS is_ours,
        NOT COALESCE(i.abandoned, FALSE) AND (
            i.channel IN ('chat', 'visit', 'counter', 'store')
            OR i.ts_answer_us IS NOT NULL
            OR COALESCE(i.talk_s_e4, 0) > 0
        ) AS is_answered,
        COALESCE(i.abandoned, FALSE) OR i.channel = 'phone' AS fails,
        i.campaign_id IS NOT NULL OR COALESCE(i.lead, FALSE) AS is_sales,
        COALESCE(i.count, 1) AS contacts
    FROM staged_interactions AS i
    CROSS JOIN preference_params AS t
    WHERE i.customer_id IS NOT NULL
        AND i.channel IS NOT NULL
        AND (t.page_views OR COALESCE(i.event, 'question') = 'question')
),
events AS (
    SELECT
        customer_id,
        channel,
        day,
        us,
        is_page,
        CASE WHEN is_ours AND NOT is_answered THEN 0 ELSE contacts END AS signs,
        CASE WHEN is_ours AND (is_answered OR fails) THEN contacts ELSE 0 END AS trials,
        CASE WHEN is_ours AND is_answered THEN contacts ELSE 0 END AS reached,
        CAST(0 AS BIGINT) AS opened,
        CASE WHEN NOT (is_ours AND NOT is_answered) AND (is_ours OR is_sales) THEN contacts ELSE 0 END AS sales
    FROM spoken
    UNION ALL
    SELECT
        c.customer_id AS customer_id,
        COALESCE(c.channel, d.channel) AS channel,
        c.sent_day AS day,
        c.sent_us AS us,
        FALSE AS is_page,
        CAST(0 AS BIGINT) AS signs,
        CAST(1 AS BIGINT) AS trials,
        CAST(
            CASE
                WHEN c.clicked OR c.replied OR (c.opened AND NOT COALESCE(c.opened_machine, FALSE)) THEN 1
                ELSE 0
            END AS BIGINT
        ) AS reached,
        CAST(
            CASE
                WHEN c.clicked OR c.replied OR (c.opened AND NOT COALESCE(c.opened_machine, FALSE)) THEN 1
                ELSE 0
            END AS BIGINT
        ) AS opened,
        CAST(
            CASE
                WHEN c.clicked OR c.replied OR (c.opened AND NOT COALESCE(c.opened_machine, FALSE)) THEN 1
                ELSE 0
            END AS BIGINT
        ) AS sales
    FROM staged_contacts_sent AS c
    LEFT JOIN campaign_definitions AS d ON c.campaign_id = d.campaign_id
    WHERE COALESCE(c.arm, 'treat') NOT IN ('control', 'global_holdout', 'suppressed')
        AND COALESCE(c.delivered, TRUE)
        AND (c.opened IS NOT NULL OR c.clicked IS NOT NULL OR c.replied IS NOT NULL)
        AND COALESCE(c.channel, d.channel) IS NOT NULL
),
weighed AS (
    SELECT
        e.customer_id AS customer_id,
        e.channel AS channel,
        e.day AS day,
        e.us AS us,
        CAST((e.us - e.us % 86400000000) / 86400000000 AS INTEGER) AS utc_day,
        e.us = w.start_us AS is_date,
        w.weight_e4 AS weight_e4,
        e.is_page AS is_page,
        e.signs AS signs,
        e.trials AS trials,
        e.reached AS reached,
        e.opened AS opened,
        e.sales AS sales
    FROM events AS e
    JOIN contact_weights AS w ON e.day = w.day
),
local AS (
    SELECT
        w.customer_id AS customer_id,
        w.channel AS channel,
        w.day AS day,
        w.is_date AS is_date,
        w.weight_e4 AS weight_e4,
        w.is_page AS is_page,
        w.signs AS signs,
        w.trials AS trials,
        w.reached AS reached,
        w.opened AS opened,
        w.sales AS sales,
        w.us + CASE WHEN w.us < z.change_us THEN z.before_us ELSE z.after_us END AS local_us
    FROM weighed AS w
    JOIN customer_clocks AS c ON w.customer_id = c.customer_id
    JOIN zone_days AS z ON c.time_zone = z.time_zone AND w.utc_day = z.utc_day
),
timed AS (
    SELECT
        customer_id,
        channel,
        day,
        CAST(CAST(((local_us - local_us % 86400000000) / 86400000000 + 3) AS BIGINT) % 7 + 1 AS INTEGER) AS weekday,
        CASE
            WHEN is_date THEN -1
            ELSE CAST((local_us % 86400000000 - local_us % 3600000000) / 3600000000 AS INTEGER)
        END AS hour,
        weight_e4,
        is_page,
        signs,
        trials,
        reached,
        opened,
        sales
    FROM local
),
summed AS (
    SELECT
        customer_id,
        channel,
        weekday,
        hour,
        signs * weight_e4 AS signs_e4,
        trials * weight_e4 AS trials_e4,
        reached * weight_e4 AS reached_e4,
        opened * weight_e4 AS opened_e4,
        sales * weight_e4 AS sales_e4
    FROM timed
    WHERE NOT is_page
    UNION ALL
    SELECT
        customer_id,
        channel,
        weekday,
        hour,
        MAX(LEAST(signs, 1) * weight_e4) AS signs_e4,
        CAST(0 AS BIGINT) AS trials_e4,
        CAST(0 AS BIGINT) AS reached_e4,
        CAST(0 AS BIGINT) AS opened_e4,
        MAX(LEAST(sales, 1) * weight_e4) AS sales_e4
    FROM timed
    WHERE is_page
    GROUP BY customer_id, channel, day, weekday, hour
)
SELECT
    customer_id,
    channel,
    weekday,
    hour,
    CAST(SUM(signs_e4) AS BIGINT) AS signs_e4,
    CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
    CAST(SUM(reached_e4) AS BIGINT) AS reached_e4,
    CAST(SUM(opened_e4) AS BIGINT) AS opened_e4,
    CAST(SUM(sales_e4) AS BIGINT) AS sales_e4
FROM summed
GROUP BY customer_id, channel, weekday, hour
