-- customer_complaints: one complaint of one customer, with its newest word.
-- Key: customer_id, complaint_key. Left out: complaints of unknown callers.
-- Contacts with one complaint_id are one complaint; without an id each contact is one. The newest contact tells whether it
-- is solved; one that does not say so leaves it open.
WITH said AS (
    SELECT
        customer_id,
        CASE
            WHEN complaint_id IS NOT NULL THEN complaint_id
            WHEN interaction_id IS NOT NULL THEN CONCAT('contact ', interaction_id)
            ELSE CONCAT('at ', CAST(ts_start_us AS STRING))
        END AS complaint_key,
        start_day,
        CASE WHEN resolved THEN 1 ELSE 0 END AS resolved,
        0 - ts_start_us AS newest_first
    FROM staged_interactions
    WHERE customer_id IS NOT NULL AND (complaint OR complaint_id IS NOT NULL)
),
ranked AS (
    SELECT
        customer_id,
        complaint_key,
        start_day,
        resolved,
        CAST(ROW_NUMBER() OVER (PARTITION BY customer_id, complaint_key ORDER BY newest_first, resolved) AS BIGINT) AS place
    FROM said
),
single AS (
    SELECT
        customer_id,
        complaint_key,
        MIN(start_day) AS first_day,
        MAX(CASE WHEN place = 1 THEN resolved END) AS resolved
    FROM ranked
    GROUP BY customer_id, complaint_key
),
ordered AS (
    SELECT
        customer_id,
        complaint_key,
        first_day,
        resolved,
        LAG(first_day) OVER (PARTITION BY customer_id ORDER BY first_day, complaint_key) AS before_day
    FROM single
)
SELECT
    customer_id,
    complaint_key,
    first_day,
    resolved = 0 AS is_open,
    COALESCE(first_day - before_day <= 30, FALSE) AS is_repeat
FROM ordered
