-- campaign_suppressions: one reason why one campaign does not contact customers, and how many it concerns.
-- Key: campaign_id, suppression_reason.
SELECT
    campaign_id,
    suppression_reason,
    CAST(COUNT(*) AS BIGINT) AS customers
FROM campaign_targets
WHERE arm = 'suppressed'
GROUP BY campaign_id, suppression_reason
