-- answer_counts: how many customers of one segment, and of all, gave one answer to one question.
-- Key: scope, segment, question_id, value. The scope is segment or everybody; everybody's segment is empty.
SELECT
    'segment' AS scope,
    segment,
    question_id,
    value,
    CAST(COUNT(*) AS BIGINT) AS customers
FROM answer_states
WHERE value IS NOT NULL
GROUP BY segment, question_id, value
UNION ALL
SELECT
    'everybody' AS scope,
    '' AS segment,
    question_id,
    value,
    CAST(COUNT(*) AS BIGINT) AS customers
FROM answer_states
WHERE value IS NOT NULL
GROUP BY question_id, value
