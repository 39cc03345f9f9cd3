-- caller_points: one number or address from which somebody turned to us without a name.
-- Key: contact_point. Left out: page events, and contacts that we began.
-- Personal: read by the model of callers alone, and joined to what it found.
SELECT contact_point
FROM staged_interactions
WHERE customer_id IS NULL AND event IS NULL AND COALESCE(direction, 'in') = 'in' AND contact_point IS NOT NULL
GROUP BY contact_point
