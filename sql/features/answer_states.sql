-- answer_states: one question that was put to one customer.
-- Key: customer_id, question_id. Left out: questions that the pipeline file does not list.
-- A row of the answers export without a value says that the question was asked. The newest answer counts; of two at one
-- instant the first in the alphabet.
WITH newest AS (
    SELECT
        customer_id,
        question_id,
        MAX(CASE WHEN value IS NOT NULL THEN ts_us END) AS answered_us,
        MAX(answer_day) AS asked_day,
        CAST(COUNT(*) AS BIGINT) AS times
    FROM staged_answers
    GROUP BY customer_id, question_id
),
answers AS (
    SELECT
        a.customer_id AS customer_id,
        a.question_id AS question_id,
        MIN(a.value) AS value
    FROM staged_answers AS a
    JOIN newest AS n ON a.customer_id = n.customer_id AND a.question_id = n.question_id AND a.ts_us = n.answered_us
    WHERE a.value IS NOT NULL
    GROUP BY a.customer_id, a.question_id
)
SELECT
    n.customer_id AS customer_id,
    n.question_id AS question_id,
    a.value AS value,
    n.asked_day AS asked_day,
    n.times AS times,
    k.segment AS segment
FROM newest AS n
JOIN question_bank AS q ON n.question_id = q.question_id
JOIN customer_clocks AS k ON n.customer_id = k.customer_id
LEFT JOIN answers AS a ON n.customer_id = a.customer_id AND n.question_id = a.question_id
