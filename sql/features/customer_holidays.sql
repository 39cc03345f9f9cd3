-- customer_holidays: one day on which there is a holiday where customers of one region live.
-- Key: region, day. A holiday of a region holds in all regions below it, one without a region everywhere; the region of
-- customers who have none is empty here. Of two holidays on one day the first in the alphabet.
WITH named AS (
    SELECT
        p.region AS region,
        h.date_day AS day,
        h.name AS name
    FROM staged_holidays AS h
    JOIN region_paths AS q ON h.region = q.region
    JOIN region_paths AS p ON q.ancestor = p.ancestor
    WHERE q.is_itself
    UNION ALL
    SELECT
        p.region AS region,
        h.date_day AS day,
        h.name AS name
    FROM staged_holidays AS h
    CROSS JOIN regions_in_use AS p
    WHERE h.region IS NULL
    UNION ALL
    SELECT '' AS region, date_day AS day, name FROM staged_holidays WHERE region IS NULL
)
SELECT region, day, MIN(name) AS name FROM named GROUP BY region, day
