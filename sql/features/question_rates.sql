-- question_rates: how probably one question is answered on one channel.
-- Key: question_id, channel. The empty channel is for customers of whom no channel is known.
-- In millionths. Each rate is drawn to the one above it by as much as ten questions: channel to question to all questions.
WITH asked AS (
    SELECT
        a.question_id AS question_id,
        COALESCE(a.channel, '') AS channel,
        CAST(COUNT(*) AS BIGINT) AS asked,
        CAST(COUNT(a.value) AS BIGINT) AS answered
    FROM staged_answers AS a
    JOIN question_bank AS q ON a.question_id = q.question_id
    GROUP BY a.question_id, COALESCE(a.channel, '')
),
everything AS (
    SELECT
        CAST(SUM(asked) AS BIGINT) AS asked,
        CAST(SUM(answered) AS BIGINT) AS answered
    FROM asked
),
-- Without any answer yet, one question in two is answered.
mean AS (
    SELECT
        CAST(
            (
                (COALESCE(answered, 0) + 5) * 1000000
                - (COALESCE(answered, 0) + 5) * 1000000 % (COALESCE(asked, 0) + 10)
            ) / (COALESCE(asked, 0) + 10) AS BIGINT
        ) AS rate_e6
    FROM everything
),
by_question AS (
    SELECT
        question_id,
        CAST(SUM(asked) AS BIGINT) AS asked,
        CAST(SUM(answered) AS BIGINT) AS answered
    FROM asked
    GROUP BY question_id
),
question_mean AS (
    SELECT
        q.question_id AS question_id,
        COALESCE(b.asked, 0) + 10 AS tried,
        COALESCE(b.answered, 0) * 1000000 + 10 * m.rate_e6 AS reached
    FROM question_bank AS q
    CROSS JOIN mean AS m
    LEFT JOIN by_question AS b ON q.question_id = b.question_id
),
question_rate AS (
    SELECT
        question_id,
        CAST((reached - reached % tried) / tried AS BIGINT) AS rate_e6
    FROM question_mean
),
channels AS (
    SELECT channel FROM contact_pools WHERE measure = 'channel' GROUP BY channel
    UNION ALL
    SELECT '' AS channel FROM run_params
),
near AS (
    SELECT
        q.question_id AS question_id,
        c.channel AS channel,
        CASE WHEN c.channel = '' THEN 0 ELSE COALESCE(a.asked, 0) END + 10 AS tried,
        CASE WHEN c.channel = '' THEN 0 ELSE COALESCE(a.answered, 0) END * 1000000 + 10 * q.rate_e6 AS reached
    FROM question_rate AS q
    CROSS JOIN channels AS c
    LEFT JOIN asked AS a ON q.question_id = a.question_id AND c.channel = a.channel
)
SELECT
    question_id,
    channel,
    CAST((reached - reached % tried) / tried AS BIGINT) AS rate_e6
FROM near
