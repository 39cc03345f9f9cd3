-- open_complaints: one customer whose newest complaint is not solved.
-- Key: customer_id. Left out: customers without a complaint, or whose newest one is solved.
WITH complaints AS (
    SELECT
        i.customer_id AS customer_id,
        i.start_day AS complaint_day,
        CASE WHEN COALESCE(i.resolved, FALSE) THEN 1 ELSE 0 END AS is_solved,
        0 - i.ts_start_us AS newest_first,
        COALESCE(i.interaction_id, '') AS interaction_id
    FROM staged_interactions AS i
    WHERE i.complaint AND i.customer_id IS NOT NULL
),
numbered AS (
    SELECT
        customer_id,
        complaint_day,
        is_solved,
        -- Of two at one instant, the open one.
        CAST(ROW_NUMBER() OVER (
            PARTITION BY customer_id ORDER BY newest_first, is_solved, interaction_id
        ) AS BIGINT) AS place
    FROM complaints
)
SELECT customer_id, complaint_day
FROM numbered
WHERE place = 1 AND is_solved = 0
