-- contact_signals: what one hour of one day says about one customer on one channel.
-- Key: customer_id, channel, day, weekday, hour, is_page.
-- Weekday (1 is Monday) and hour are of the customer's own clock, the day is of the business. Signs of the customer are
-- contacts that they began, and calls of ours that they answered; page views of one hour are one sign. Trials are calls and
-- messages of ours of which it is known whether they reached the customer: they answered, clicked, replied, or opened it
-- themselves. When somebody opened a message is not known, so that it says nothing of the hour of a sign. A contact stands
-- for [inputs.interactions] count contacts. Left out: what is so old that it weighs nothing, and contacts without customer
-- or channel.
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
        e.is_page AS is_page,
        e.signs AS signs,
        e.trials AS trials,
        e.reached AS reached,
        e.opened AS opened,
        e.sales AS sales
    FROM events AS e
    CROSS JOIN run_params AS p
    CROSS JOIN (SELECT MAX(age_days) AS age_days FROM contact_weights) AS o
    WHERE e.day >= p.as_of_day - 1 - o.age_days
),
local AS (
    SELECT
        w.customer_id AS customer_id,
        w.channel AS channel,
        w.day AS day,
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
        is_page,
        CAST(((local_us - local_us % 86400000000) / 86400000000 + 3) AS BIGINT) % 7 + 1 AS weekday,
        CAST((local_us % 86400000000 - local_us % 3600000000) / 3600000000 AS BIGINT) AS hour,
        signs,
        trials,
        reached,
        opened,
        sales
    FROM local
),
hours AS (
    SELECT
        customer_id,
        channel,
        day,
        weekday,
        hour,
        is_page,
        CAST(SUM(signs) AS BIGINT) AS signs,
        CAST(SUM(trials) AS BIGINT) AS trials,
        CAST(SUM(reached) AS BIGINT) AS reached,
        CAST(SUM(opened) AS BIGINT) AS opened,
        CAST(SUM(sales) AS BIGINT) AS sales
    FROM timed
    GROUP BY customer_id, channel, day, weekday, hour, is_page
)
SELECT
    customer_id,
    channel,
    day,
    CAST(weekday AS INTEGER) AS weekday,
    CAST(hour AS INTEGER) AS hour,
    is_page,
    CASE WHEN is_page THEN LEAST(signs, 1) ELSE signs END AS signs,
    trials,
    reached,
    opened,
    CASE WHEN is_page THEN LEAST(sales, 1) ELSE sales END AS sales
FROM hours
