-- populations: how many customers are in one tier, value group, service level, RFM segment or named segment.
-- Key: kind, name. The population gate compares it with the previous run.
SELECT 'tier' AS kind, CAST(actual_tier AS STRING) AS name, CAST(COUNT(*) AS BIGINT) AS customers
FROM customers
GROUP BY actual_tier
UNION ALL
SELECT 'value_group' AS kind, value_group AS name, CAST(COUNT(*) AS BIGINT) AS customers
FROM customers
GROUP BY value_group
UNION ALL
SELECT 'service_level' AS kind, service_level AS name, CAST(COUNT(*) AS BIGINT) AS customers
FROM customers
GROUP BY service_level
UNION ALL
SELECT 'rfm_segment' AS kind, rfm_segment AS name, CAST(COUNT(*) AS BIGINT) AS customers
FROM customers
GROUP BY rfm_segment
UNION ALL
SELECT 'segment' AS kind, segment_id AS name, size AS customers
FROM segments
