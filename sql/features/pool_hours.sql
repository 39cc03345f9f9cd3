-- pool_hours: the best hour, weekday and part of the day of one segment on one channel.
-- Key: segment, channel.
-- By signs where the pool has any, by trials otherwise; null where no slot is one in which we may contact somebody.
WITH best AS (
    SELECT
        segment,
        channel,
        measure,
        slot,
        basis
    FROM contact_pools
    WHERE measure <> 'channel'
        AND is_allowed
        AND ((pool_signs_e4 > 0 AND share_place = 1) OR (pool_signs_e4 = 0 AND rate_place = 1))
)
SELECT
    segment,
    channel,
    MAX(CASE WHEN measure = 'hour' THEN slot END) AS hour,
    MAX(CASE WHEN measure = 'weekday' THEN slot END) AS weekday,
    MAX(CASE WHEN measure = 'daypart' THEN slot END) AS daypart,
    MAX(CASE WHEN measure = 'hour' THEN basis END) AS basis
FROM best
GROUP BY segment, channel
