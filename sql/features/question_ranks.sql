-- question_ranks: one question for the customers of one segment who are best reached on one channel, the best first.
-- Key: segment, channel, question_id. Left out: questions that are not for the channel.
-- The score is the probability of an answer times what the answer tells (spec/definitions.md 3.19): the entropy of the
-- answers of the segment, of everybody where the segment gave fewer than thirty, and of the possible answers where those
-- are fewer too; and times [questions.<id>] weight. What somebody answers more or less often than others moves all of their
-- questions alike, and so not the order. Rates in millionths, entropy in millionths of a nat.
WITH segments AS (SELECT segment FROM customer_clocks GROUP BY segment),
informed AS (
    SELECT
        g.segment AS segment,
        q.question_id AS question_id,
        q.question_no AS question_no,
        q.weight_e3 AS weight_e3,
        CASE
            WHEN s.answers >= 30 THEN s.entropy_e6
            WHEN e.answers >= 30 THEN e.entropy_e6
            ELSE q.prior_entropy_e6
        END AS entropy_e6
    FROM question_bank AS q
    CROSS JOIN segments AS g
    LEFT JOIN (
        SELECT segment, question_id, answers, entropy_e6 FROM answer_entropies WHERE scope = 'segment'
    ) AS s ON g.segment = s.segment AND q.question_id = s.question_id
    LEFT JOIN (
        SELECT question_id, answers, entropy_e6 FROM answer_entropies WHERE scope = 'everybody'
    ) AS e ON q.question_id = e.question_id
),
restricted AS (SELECT question_id FROM question_channels GROUP BY question_id),
scored AS (
    SELECT
        i.segment AS segment,
        r.channel AS channel,
        i.question_id AS question_id,
        i.question_no AS question_no,
        r.rate_e6 AS rate_e6,
        i.entropy_e6 AS entropy_e6,
        0 - r.rate_e6 * i.weight_e3 * CAST((i.entropy_e6 - i.entropy_e6 % 1000) / 1000 AS BIGINT) AS best_first
    FROM informed AS i
    JOIN question_rates AS r ON i.question_id = r.question_id
    LEFT JOIN restricted AS t ON i.question_id = t.question_id
    LEFT JOIN question_channels AS h ON i.question_id = h.question_id AND r.channel = h.channel
    WHERE t.question_id IS NULL OR h.question_id IS NOT NULL
)
SELECT
    segment,
    channel,
    question_id,
    CAST(
        ROW_NUMBER() OVER (PARTITION BY segment, channel ORDER BY best_first, question_no) AS BIGINT
    ) AS place,
    rate_e6,
    entropy_e6
FROM scored
