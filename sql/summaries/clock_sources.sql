-- clock_sources: how many customers have their clock from one source.
-- Key: zone_source, is_zone_wrong. The zones sum to all known customers.
-- A wrong zone is a name in the customers export that no time-zone database knows; such customers have the clock of their
-- region or of the business, and are counted here.
SELECT
    zone_source,
    is_zone_wrong,
    CAST(COUNT(*) AS BIGINT) AS customers
FROM customer_clocks
GROUP BY zone_source, is_zone_wrong
