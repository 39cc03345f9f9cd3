-- complaint_cases: one complaint, whoever made it, from its first contact to its newest.
-- Key: case_no. What customer_complaints has, with the complaints of unknown callers, who are told apart by complaint_id.
-- The reason is that of the first contact that names one; the newest contact tells whether it is solved, and one
-- that does not say so leaves it open. promise_due_day is the earliest day by which an open complaint was promised something.
WITH said AS (
    SELECT
        customer_id,
        CASE WHEN customer_id IS NULL THEN 1 ELSE 0 END AS is_unidentified,
        CASE
            WHEN complaint_id IS NOT NULL THEN complaint_id
            WHEN interaction_id IS NOT NULL THEN CONCAT('contact ', interaction_id)
            ELSE CONCAT('at ', CAST(ts_start_us AS STRING))
        END AS complaint_key,
        start_day,
        ts_start_us,
        COALESCE(reason_code, 'unknown') AS reason,
        CASE WHEN reason_code IS NULL THEN 1 ELSE 0 END AS lacks_reason,
        promise_due_day,
        CASE WHEN resolved THEN 1 ELSE 0 END AS resolved,
        0 - ts_start_us AS newest_first
    FROM staged_interactions
    WHERE complaint OR complaint_id IS NOT NULL
),
ranked AS (
    SELECT
        customer_id,
        is_unidentified,
        complaint_key,
        start_day,
        reason,
        promise_due_day,
        resolved,
        CAST(ROW_NUMBER() OVER (
            PARTITION BY is_unidentified, customer_id, complaint_key ORDER BY newest_first, resolved, reason
        ) AS BIGINT) AS newest_place,
        CAST(ROW_NUMBER() OVER (
            PARTITION BY is_unidentified, customer_id, complaint_key ORDER BY lacks_reason, ts_start_us, reason
        ) AS BIGINT) AS reason_place
    FROM said
),
cases AS (
    SELECT
        customer_id,
        is_unidentified,
        complaint_key,
        CAST(COUNT(*) AS BIGINT) AS contacts,
        MIN(start_day) AS first_day,
        MAX(start_day) AS last_day,
        MAX(CASE WHEN reason_place = 1 THEN reason END) AS reason,
        MIN(promise_due_day) AS promise_due_day,
        MAX(CASE WHEN newest_place = 1 THEN resolved END) AS resolved
    FROM ranked
    GROUP BY customer_id, is_unidentified, complaint_key
)
SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY is_unidentified, customer_id, complaint_key) AS BIGINT) AS case_no,
    customer_id,
    complaint_key,
    reason,
    contacts,
    first_day,
    last_day,
    resolved = 0 AS is_open,
    CASE WHEN resolved = 0 THEN promise_due_day END AS promise_due_day
FROM cases
