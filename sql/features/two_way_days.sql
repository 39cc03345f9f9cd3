-- two_way_days: one customer on one day on which we and they spoke.
-- Key: customer_id, day. Left out: contacts that went one way only, or that somebody gave up.
-- Two-way is what the customer began, a call that was answered or talked on, a chat, a visit, and what happens at a counter
-- or in a store (spec/definitions.md 3.5, part 6). Page views are not contacts.
SELECT
    customer_id,
    start_day AS day
FROM staged_interactions
WHERE customer_id IS NOT NULL
  AND NOT COALESCE(abandoned, FALSE)
  AND COALESCE(event, 'question') = 'question'
  AND (
      direction = 'in'
      OR channel IN ('chat', 'visit', 'counter', 'store')
      OR (channel = 'phone' AND (ts_answer_us IS NOT NULL OR talk_s_e4 > 0))
  )
GROUP BY customer_id, start_day
