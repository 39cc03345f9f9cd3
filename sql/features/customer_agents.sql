-- customer_agents: one customer and the agent who answered most of their calls of the last 365 days.
-- Key: customer_id. Of two agents with as many calls, the one who answered last. Left out: customers without an answered call.
WITH answered AS (
    SELECT
        i.customer_id AS customer_id,
        i.agent_id AS agent_id,
        CAST(SUM(COALESCE(i.count, 1)) AS BIGINT) AS calls,
        MAX(i.ts_start_us) AS last_us
    FROM staged_interactions AS i
    CROSS JOIN run_params AS p
    WHERE i.channel = 'phone'
        AND i.customer_id IS NOT NULL
        AND i.agent_id IS NOT NULL
        AND COALESCE(i.abandoned, FALSE) = FALSE
        AND i.start_day >= p.as_of_day - 365
    GROUP BY i.customer_id, i.agent_id
),
ordered AS (
    SELECT customer_id, agent_id, calls, 0 - calls AS most_first, 0 - last_us AS newest_first
    FROM answered
),
numbered AS (
    SELECT
        customer_id,
        agent_id,
        calls,
        CAST(ROW_NUMBER() OVER (
            PARTITION BY customer_id ORDER BY most_first, newest_first, agent_id
        ) AS BIGINT) AS place
    FROM ordered
)
SELECT customer_id, agent_id, calls
FROM numbered
WHERE place = 1
