-- contact_wait_quantiles: the middle wait of one cut in one period, and those that one in ten and one in twenty exceed.
-- Key: cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour. Left out: cuts in which nobody waited.
-- Units: millionths of a second. R type 7 (spec/definitions.md 3.0), in whole numbers: the rank (n - 1) q lies
-- between two waits, and its fraction, in hundredths, weighs them.
WITH sizes AS (
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
        CAST(SUM(waits) AS BIGINT) AS n
    FROM contact_waits
    GROUP BY cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour
),
ranked AS (
    SELECT
        w.cut AS cut,
        w.period_kind AS period_kind,
        w.period_start_day AS period_start_day,
        w.site AS site,
        w.queue AS queue,
        w.agent AS agent,
        w.channel AS channel,
        w.tier AS tier,
        w.hour AS hour,
        w.wait_e4 AS wait_e4,
        w.waits_so_far - w.waits AS before_n,
        w.waits_so_far AS so_far_n,
        -- Zero-based ranks of the two waits on either side.
        CAST((50 * (s.n - 1) - 50 * (s.n - 1) % 100) / 100 AS BIGINT) AS rank_50,
        CAST((90 * (s.n - 1) - 90 * (s.n - 1) % 100) / 100 AS BIGINT) AS rank_90,
        CAST((95 * (s.n - 1) - 95 * (s.n - 1) % 100) / 100 AS BIGINT) AS rank_95,
        50 * (s.n - 1) % 100 AS part_50,
        90 * (s.n - 1) % 100 AS part_90,
        95 * (s.n - 1) % 100 AS part_95,
        s.n AS n
    FROM contact_waits AS w
    JOIN sizes AS s
        ON w.cut = s.cut
        AND w.period_kind = s.period_kind
        AND w.period_start_day = s.period_start_day
        AND w.site = s.site
        AND w.queue = s.queue
        AND w.agent = s.agent
        AND w.channel = s.channel
        AND w.tier = s.tier
        AND w.hour = s.hour
),
found AS (
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
        MAX(part_50) AS part_50,
        MAX(CASE WHEN rank_50 >= before_n AND rank_50 < so_far_n THEN wait_e4 END) AS low_50_e4,
        MAX(CASE WHEN LEAST(rank_50 + 1, n - 1) >= before_n AND LEAST(rank_50 + 1, n - 1) < so_far_n THEN wait_e4 END)
            AS high_50_e4,
        MAX(part_90) AS part_90,
        MAX(CASE WHEN rank_90 >= before_n AND rank_90 < so_far_n THEN wait_e4 END) AS low_90_e4,
        MAX(CASE WHEN LEAST(rank_90 + 1, n - 1) >= before_n AND LEAST(rank_90 + 1, n - 1) < so_far_n THEN wait_e4 END)
            AS high_90_e4,
        MAX(part_95) AS part_95,
        MAX(CASE WHEN rank_95 >= before_n AND rank_95 < so_far_n THEN wait_e4 END) AS low_95_e4,
        MAX(CASE WHEN LEAST(rank_95 + 1, n - 1) >= before_n AND LEAST(rank_95 + 1, n - 1) < so_far_n THEN wait_e4 END)
            AS high_95_e4
    FROM ranked
    GROUP BY cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour
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
    100 * low_50_e4 + part_50 * (high_50_e4 - low_50_e4) AS wait_p50_e6,
    100 * low_90_e4 + part_90 * (high_90_e4 - low_90_e4) AS wait_p90_e6,
    100 * low_95_e4 + part_95 * (high_95_e4 - low_95_e4) AS wait_p95_e6
FROM found
