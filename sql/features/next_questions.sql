-- next_questions: the one question to put to one customer at the next contact.
-- Key: customer_id. Left out: who has an open complaint, objected to profiling or closed their account, and who was asked
-- everything.
-- What was answered is never asked again; what was asked in vain rests for [questions.<id>] rest_days.
WITH barred AS (
    SELECT
        a.customer_id AS customer_id,
        a.question_id AS question_id
    FROM answer_states AS a
    CROSS JOIN run_params AS p
    JOIN question_bank AS q ON a.question_id = q.question_id
    WHERE a.value IS NOT NULL OR a.asked_day > p.as_of_day - q.rest_days
),
barred_counts AS (
    SELECT customer_id, CAST(COUNT(*) AS BIGINT) AS questions FROM barred GROUP BY customer_id
),
askable AS (
    SELECT
        k.customer_id AS customer_id,
        k.segment AS segment,
        COALESCE(c.pref_channel, '') AS channel,
        COALESCE(b.questions, 0) + 1 AS places
    FROM customer_clocks AS k
    CROSS JOIN run_params AS p
    JOIN customer_preferences AS c ON k.customer_id = c.customer_id
    LEFT JOIN staged_customers AS m ON k.customer_id = m.customer_id
    LEFT JOIN customer_contacts AS t ON k.customer_id = t.customer_id
    LEFT JOIN barred_counts AS b ON k.customer_id = b.customer_id
    WHERE NOT k.profiling_opt_out
        AND COALESCE(m.closed_us, p.as_of_us) >= p.as_of_us
        AND COALESCE(t.open_complaints, 0) = 0
),
-- Of the best n + 1 questions, the n that are barred leave at least one; who has none barred looks at one row.
candidates AS (
    SELECT
        a.customer_id AS customer_id,
        r.question_id AS question_id,
        r.place AS place,
        r.rate_e6 AS rate_e6,
        r.entropy_e6 AS entropy_e6
    FROM askable AS a
    JOIN question_ranks AS r ON a.segment = r.segment AND a.channel = r.channel
    WHERE r.place <= a.places
),
free AS (
    SELECT
        c.customer_id AS customer_id,
        c.question_id AS question_id,
        c.place AS place,
        c.rate_e6 AS rate_e6,
        c.entropy_e6 AS entropy_e6
    FROM candidates AS c
    LEFT JOIN barred AS b ON c.customer_id = b.customer_id AND c.question_id = b.question_id
    WHERE b.customer_id IS NULL
),
first_free AS (SELECT customer_id, MIN(place) AS place FROM free GROUP BY customer_id)
SELECT
    f.customer_id AS customer_id,
    f.question_id AS question_id,
    CAST(f.rate_e6 AS DOUBLE) / CAST(1000000 AS DOUBLE) AS answer_rate,
    CAST(f.entropy_e6 AS DOUBLE) / CAST(1000000 AS DOUBLE) AS entropy
FROM free AS f
JOIN first_free AS p ON f.customer_id = p.customer_id AND f.place = p.place
