-- campaign_waves: one wave of a campaign that sent something: when, to how many, and for how long its customers are watched.
-- Key: campaign_id, wave. Left out: waves of which only controls are known.
-- Units: days, instants. window_days is the campaign's own ([campaign_response.campaigns]) or [campaign_response]
-- window_days. is_randomised says that it kept a control group; is_interim that for somebody the window is not over.
-- tier_period_no is the last period that was over when the wave began: tiers of later ones would know what the campaign did.
-- It is null when there is none.
WITH waves AS (
    SELECT
        campaign_id,
        wave,
        MIN(start_us) AS first_us,
        MIN(start_day) AS first_day,
        MAX(start_day) AS last_day,
        CAST(SUM(CASE WHEN arm = 'control' AND is_in_one_arm THEN 1 ELSE 0 END) AS BIGINT) AS controls,
        CAST(SUM(CASE WHEN arm <> 'control' AND is_in_one_arm THEN 1 ELSE 0 END) AS BIGINT) AS treated,
        CAST(COUNT(DISTINCT CASE WHEN NOT is_in_one_arm THEN unit_id END) AS BIGINT) AS units_in_two_arms
    FROM campaign_recipients
    GROUP BY campaign_id, wave
),
tiers AS (
    SELECT w.campaign_id AS campaign_id, w.wave AS wave, MAX(q.period_no) AS period_no
    FROM waves AS w
    CROSS JOIN periods AS q
    WHERE q.end_day <= w.first_day
    GROUP BY w.campaign_id, w.wave
)
SELECT
    w.campaign_id AS campaign_id,
    w.wave AS wave,
    w.first_us AS first_us,
    w.first_day AS first_day,
    w.last_day AS last_day,
    COALESCE(k.window_days, r.window_days) AS window_days,
    w.controls > 0 AS is_randomised,
    w.last_day + COALESCE(k.window_days, r.window_days) > p.as_of_day AS is_interim,
    w.units_in_two_arms AS units_in_two_arms,
    t.period_no AS tier_period_no
FROM waves AS w
CROSS JOIN run_params AS p
CROSS JOIN response_params AS r
LEFT JOIN response_campaigns AS k ON w.campaign_id = k.campaign_id
LEFT JOIN tiers AS t ON w.campaign_id = t.campaign_id AND w.wave = t.wave
WHERE w.treated > 0
