-- agent_comparison: one measure of one agent, beside what colleagues reach with the same mix of contacts.
-- Key: agent, metric.
-- Units: handling in seconds, satisfaction in points of its scale, all others shares from 0 to 1. handling is talk, hold and
-- wrap-up; solved_first, came_back (within [contact_centre] repeat_days) and lead are shares of contacts.
-- expected is what colleagues have in the same cells of [contact_centre] agent_mix, weighted by the agent's contacts;
-- difference is observed less expected, adjusted the centre's mean and the difference. lo and hi are 95 % of the difference,
-- from the spread of everybody's contacts within the cells, the agent's and the colleagues': of agents who are all alike, one
-- in twenty is outside by chance.
-- Left out: contacts without an agent. contacts_alone are contacts in cells where colleagues have fewer than
-- [contact_centre] min_cases: nobody is there to compare with.
WITH answered AS (
    SELECT
        c.agent AS agent,
        CASE WHEN p.mix_queue THEN c.queue ELSE 'all' END AS queue,
        CASE WHEN p.mix_channel THEN c.channel ELSE 'all' END AS channel,
        CASE WHEN p.mix_tier THEN c.tier ELSE 'all' END AS tier,
        CASE WHEN p.mix_reason THEN c.reason ELSE 'all' END AS reason,
        c.n AS n,
        CAST((c.handle_e4 - c.handle_e4 % 1000) / 1000 AS BIGINT) AS handle_tenths,
        -- Shares in thousandths, so that squares lose nothing that matters when they become whole numbers.
        CASE
            WHEN c.resolved IS NULL OR c.is_leg = 1 THEN NULL
            WHEN c.resolved = 1 AND c.is_transferred = 0 AND COALESCE(c.is_repeat, 0) = 0 THEN 1000
            ELSE 0
        END AS solved_first,
        1000 * c.is_followed AS came_back,
        CASE
            WHEN c.satisfaction_e4 >= 0 THEN CAST((c.satisfaction_e4 - c.satisfaction_e4 % 100) / 100 AS BIGINT)
        END AS satisfaction_hundredths,
        CASE WHEN COALESCE(c.complaint, 0) = 0 THEN 1000 * c.lead END AS lead
    FROM centre_contacts AS c
    CROSS JOIN contact_centre_params AS p
    WHERE c.answered = 1 AND c.is_in = 1 AND c.agent <> 'unknown' AND c.n > 0
),
measured AS (
    SELECT 'handling' AS metric, 10 AS unit, agent, queue, channel, tier, reason, n, handle_tenths AS x FROM answered
    UNION ALL
    SELECT 'solved_first' AS metric, 1000 AS unit, agent, queue, channel, tier, reason, n, CAST(solved_first AS BIGINT) AS x
    FROM answered
    UNION ALL
    SELECT 'came_back' AS metric, 1000 AS unit, agent, queue, channel, tier, reason, n, CAST(came_back AS BIGINT) AS x
    FROM answered
    UNION ALL
    SELECT 'satisfaction' AS metric, 100 AS unit, agent, queue, channel, tier, reason, n, satisfaction_hundredths AS x
    FROM answered
    UNION ALL
    SELECT 'lead' AS metric, 1000 AS unit, agent, queue, channel, tier, reason, n, CAST(lead AS BIGINT) AS x FROM answered
),
own AS (
    SELECT
        metric,
        unit,
        agent,
        queue,
        channel,
        tier,
        reason,
        CAST(SUM(n) AS BIGINT) AS n,
        CAST(SUM(n * x) AS BIGINT) AS s,
        CAST(SUM(n * x * x) AS BIGINT) AS q
    FROM measured
    WHERE x IS NOT NULL
    GROUP BY metric, unit, agent, queue, channel, tier, reason
),
everybody AS (
    SELECT
        metric,
        queue,
        channel,
        tier,
        reason,
        CAST(SUM(n) AS BIGINT) AS n,
        CAST(SUM(s) AS BIGINT) AS s,
        CAST(SUM(q) AS BIGINT) AS q
    FROM own
    GROUP BY metric, queue, channel, tier, reason
),
cells AS (
    SELECT
        o.metric AS metric,
        o.unit AS unit,
        o.agent AS agent,
        o.n AS n,
        o.s AS s,
        CASE WHEN e.n - o.n >= p.min_cases THEN 1 ELSE 0 END AS is_compared,
        -- Colleagues' mean in millionths.
        CASE
            WHEN e.n - o.n >= p.min_cases
            THEN CAST(((e.s - o.s) * 1000000 - (e.s - o.s) * 1000000 % (e.n - o.n)) / (e.n - o.n) AS BIGINT)
            ELSE 0
        END AS others_e6,
        -- Variance of the agent's sum less what is expected: the cell's variance, as often as there are contacts of the agent,
        -- and again for what colleagues' mean is uncertain by.
        CASE
            WHEN e.n - o.n >= p.min_cases
            THEN CAST(FLOOR(
                (CAST(e.q AS DOUBLE) - CAST(e.s AS DOUBLE) * CAST(e.s AS DOUBLE) / CAST(e.n AS DOUBLE))
                / CAST(NULLIF(e.n - 1, 0) AS DOUBLE) * CAST(o.n AS DOUBLE)
                * CAST(e.n AS DOUBLE) / CAST(NULLIF(e.n - o.n, 0) AS DOUBLE)
            ) AS BIGINT)
            ELSE 0
        END AS variance
    FROM own AS o
    JOIN everybody AS e
        ON o.metric = e.metric AND o.queue = e.queue AND o.channel = e.channel AND o.tier = e.tier AND o.reason = e.reason
    CROSS JOIN contact_centre_params AS p
),
agents AS (
    SELECT
        metric,
        unit,
        agent,
        CAST(SUM(n * is_compared) AS BIGINT) AS n,
        CAST(SUM(n * (1 - is_compared)) AS BIGINT) AS alone,
        CAST(SUM(s * is_compared) AS BIGINT) AS s,
        CAST(SUM(n * others_e6) AS BIGINT) AS expected_e6,
        CAST(SUM(GREATEST(variance, 0)) AS BIGINT) AS variance
    FROM cells
    GROUP BY metric, unit, agent
),
centre AS (
    SELECT metric, CAST(SUM(n) AS BIGINT) AS n, CAST(SUM(s) AS BIGINT) AS s FROM everybody GROUP BY metric
),
compared AS (
    SELECT
        a.agent AS agent,
        a.metric AS metric,
        a.n AS n,
        a.alone AS alone,
        CASE WHEN a.n > 0 THEN CAST(a.s AS DOUBLE) / CAST(a.n * a.unit AS DOUBLE) END AS observed,
        CASE WHEN a.n > 0 THEN CAST(a.expected_e6 AS DOUBLE) / CAST(a.n * a.unit AS DOUBLE) / 1000000.0 END AS expected,
        CASE
            WHEN a.n > 0 THEN CAST(a.s * 1000000 - a.expected_e6 AS DOUBLE) / CAST(a.n * a.unit AS DOUBLE) / 1000000.0
        END AS difference,
        CASE
            WHEN a.n >= p.min_cases
            THEN 1.959963984540054 * SQRT(CAST(a.variance AS DOUBLE)) / CAST(a.n * a.unit AS DOUBLE)
        END AS reach,
        CAST(c.s AS DOUBLE) / CAST(c.n * a.unit AS DOUBLE) AS centre,
        a.unit = 1000 AS is_share
    FROM agents AS a
    JOIN centre AS c ON a.metric = c.metric
    CROSS JOIN contact_centre_params AS p
)
SELECT
    agent,
    metric,
    n AS contacts,
    alone AS contacts_alone,
    observed,
    expected,
    difference,
    difference - reach AS lo,
    difference + reach AS hi,
    CASE WHEN is_share THEN LEAST(1.0, GREATEST(0.0, centre + difference)) ELSE GREATEST(0.0, centre + difference) END
        AS adjusted,
    centre,
    CASE
        WHEN reach IS NULL THEN 'too_few'
        WHEN difference - reach > 0 THEN 'above'
        WHEN difference + reach < 0 THEN 'below'
        ELSE 'as_expected'
    END AS verdict
FROM compared
