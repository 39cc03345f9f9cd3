-- rule_cells: what came of one rule and version in one arm, one week and one tier.
-- Key: none. rule_id, rule_version, arm, week_no and tier identify a row; tier is null where it is not known.
-- Units: money in ten-thousandths. shown counts what was shown, accepted what was taken of it; in the control arm both are of
-- whatever was shown instead.
SELECT
    rule_id,
    rule_version,
    arm,
    week_no,
    tier,
    CAST(COUNT(*) AS BIGINT) AS matched,
    CAST(SUM(CASE WHEN is_shown THEN 1 ELSE 0 END) AS BIGINT) AS shown,
    CAST(SUM(CASE WHEN is_accepted AND (is_shown OR arm = 'control') THEN 1 ELSE 0 END) AS BIGINT) AS accepted,
    CAST(SUM(CASE WHEN is_followed_by_complaint THEN 1 ELSE 0 END) AS BIGINT) AS complaints,
    CAST(SUM(revenue_e4) AS BIGINT) AS revenue_e4,
    CAST(SUM(margin_e4) AS BIGINT) AS margin_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost
FROM rule_events
GROUP BY rule_id, rule_version, arm, week_no, tier
