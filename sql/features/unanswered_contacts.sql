-- unanswered_contacts: one question or call that we left without an answer when it was asked.
-- Key: none. Left out: contacts of people who are neither known nor a visitor.
-- A contact is unanswered when the caller gave up; when the answer came later than [sessions] question_minutes; or when
-- there is none, nobody talked, and the export says that it was not solved. An export that tells neither answers nor
-- solutions has only those who gave up.
SELECT
    i.customer_id AS customer_id,
    CASE WHEN i.customer_id IS NULL THEN i.visitor_id END AS visitor_id,
    i.ts_start_us AS ts_us,
    i.channel AS channel
FROM staged_interactions AS i
CROSS JOIN run_params AS p
WHERE COALESCE(i.event, 'question') = 'question'
  AND COALESCE(i.direction, 'in') = 'in'
  AND (i.customer_id IS NOT NULL OR i.visitor_id IS NOT NULL)
  AND (
      COALESCE(i.abandoned, FALSE)
      OR COALESCE(i.ts_answer_us - i.ts_start_us > p.session_question_us, FALSE)
      OR (i.ts_answer_us IS NULL AND COALESCE(i.talk_s_e4, 0) = 0 AND NOT COALESCE(i.resolved, TRUE))
  )
