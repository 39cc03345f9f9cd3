-- session_questions: what one session's person asked in it or close to it without getting an answer.
-- Key: session_no. Left out: sessions that are not selected, and those without an unanswered question.
-- Close is up to [sessions] question_minutes before the session begins or after it ends, on any channel.
WITH sought AS (
    SELECT session_no, visitor_id, customer_id, start_us, end_us
    FROM sessions
    WHERE is_selected
),
linked AS (
    SELECT s.session_no AS session_no, c.ts_us AS ts_us, c.channel AS channel
    FROM sought AS s
    JOIN unanswered_contacts AS c ON s.customer_id = c.customer_id
    CROSS JOIN run_params AS p
    WHERE c.ts_us >= s.start_us - p.session_question_us AND c.ts_us <= s.end_us + p.session_question_us
    UNION ALL
    SELECT s.session_no AS session_no, c.ts_us AS ts_us, c.channel AS channel
    FROM sought AS s
    JOIN unanswered_contacts AS c ON s.visitor_id = c.visitor_id
    CROSS JOIN run_params AS p
    WHERE c.ts_us >= s.start_us - p.session_question_us AND c.ts_us <= s.end_us + p.session_question_us
),
sums AS (
    SELECT session_no, CAST(COUNT(*) AS BIGINT) AS questions, MAX(ts_us) AS question_us
    FROM linked
    GROUP BY session_no
),
newest AS (
    SELECT l.session_no AS session_no, MIN(l.channel) AS question_channel
    FROM linked AS l
    JOIN sums AS n ON l.session_no = n.session_no AND l.ts_us = n.question_us
    GROUP BY l.session_no
)
SELECT
    n.session_no AS session_no,
    n.questions AS questions,
    n.question_us AS question_us,
    c.question_channel AS question_channel
FROM sums AS n
JOIN newest AS c ON n.session_no = c.session_no
