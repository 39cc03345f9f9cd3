-- contact_waits: how many contacts of one cut in one period waited how long.
-- Key: cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour, wait_e4.
-- Left out: contacts that were not queued, short abandons, and waits that nobody knows.
-- Units: wait_e4 in ten-thousandths of a second; waits_so_far counts this wait and all shorter ones.
WITH waited AS (
    SELECT
        month_day,
        COALESCE(recent_day, 0) AS recent_key,
        site,
        queue,
        agent,
        channel,
        tier,
        CAST((half_hour - half_hour % 2) / 2 AS INTEGER) AS hour,
        wait_e4,
        n AS waits
    FROM centre_contacts
    WHERE queued = 1 AND is_short = 0 AND wait_e4 IS NOT NULL AND n > 0
),
placed AS (
    SELECT
        k.cut AS cut,
        c.month_day AS month_day,
        c.recent_key AS recent_key,
        CASE WHEN k.by_site THEN c.site ELSE 'all' END AS site,
        CASE WHEN k.by_queue THEN c.queue ELSE 'all' END AS queue,
        CASE WHEN k.by_agent THEN c.agent ELSE 'all' END AS agent,
        CASE WHEN k.by_channel THEN c.channel ELSE 'all' END AS channel,
        CASE WHEN k.by_tier THEN c.tier ELSE 'all' END AS tier,
        CASE
            WHEN NOT k.by_hour THEN 'all'
            WHEN c.hour < 10 THEN CONCAT('0', CAST(c.hour AS STRING))
            ELSE CAST(c.hour AS STRING)
        END AS hour,
        c.wait_e4 AS wait_e4,
        c.waits AS waits
    FROM waited AS c
    CROSS JOIN contact_cuts AS k
),
parts AS (
    SELECT
        cut,
        month_day,
        recent_key,
        site,
        queue,
        agent,
        channel,
        tier,
        hour,
        wait_e4,
        CAST(SUM(waits) AS BIGINT) AS waits
    FROM placed
    GROUP BY cut, month_day, recent_key, site, queue, agent, channel, tier, hour, wait_e4
),
periods_of AS (
    SELECT 'window' AS period_kind, 1 AS is_window, 0 AS is_month
    UNION ALL
    SELECT 'month' AS period_kind, 0 AS is_window, 1 AS is_month
    UNION ALL
    SELECT 'day' AS period_kind, 0 AS is_window, 0 AS is_month
),
dated AS (
    SELECT
        s.cut AS cut,
        o.period_kind AS period_kind,
        CAST(
            CASE WHEN o.is_window = 1 THEN p.window_day WHEN o.is_month = 1 THEN s.month_day ELSE s.recent_key END AS INTEGER
        ) AS period_start_day,
        s.site AS site,
        s.queue AS queue,
        s.agent AS agent,
        s.channel AS channel,
        s.tier AS tier,
        s.hour AS hour,
        s.wait_e4 AS wait_e4,
        s.waits AS waits
    FROM parts AS s
    CROSS JOIN periods_of AS o
    CROSS JOIN contact_centre_params AS p
    WHERE o.is_window = 1 OR o.is_month = 1 OR s.recent_key > 0
),
counted AS (
    SELECT
        cut,
        period_kind,
        period_start_day,
        site,
        queue,
        agent,
        channel,
        tier,
        hour,
        wait_e4,
        CAST(SUM(waits) AS BIGINT) AS waits
    FROM dated
    GROUP BY cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour, wait_e4
)
SELECT
    cut,
    period_kind,
    period_start_day,
    site,
    queue,
    agent,
    channel,
    tier,
    hour,
    wait_e4,
    waits,
    CAST(SUM(waits) OVER (
        PARTITION BY cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour
        ORDER BY wait_e4 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS BIGINT) AS waits_so_far
FROM counted
