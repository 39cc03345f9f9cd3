-- return_spells: how many spells of silence of one length ended with a purchase, and how many are still open.
-- Key: kind, stratum, t_days. Left out: regions, years and classes with fewer than 30 spells.
-- Units: t_days is the length of the spell; an open one is cut off at as_of (spec/definitions.md 3.7).
-- all_spells begins a spell with every purchase day, first_return only with the first.
WITH strata AS (
    SELECT 'all_spells' AS kind, 'all' AS stratum, t_days, events, censored FROM spell_counts
    UNION ALL
    SELECT 'all_spells' AS kind, class AS stratum, t_days, events, censored FROM spell_counts
    UNION ALL
    SELECT 'all_spells' AS kind, CONCAT('region=', region) AS stratum, t_days, events, censored
    FROM spell_counts
    WHERE region IS NOT NULL
    UNION ALL
    SELECT 'first_return' AS kind, 'all' AS stratum, t_days, events, censored FROM spell_counts WHERE class = 'purchase_days=1'
    UNION ALL
    SELECT 'first_return' AS kind, CONCAT('region=', region) AS stratum, t_days, events, censored
    FROM spell_counts
    WHERE class = 'purchase_days=1' AND region IS NOT NULL
    UNION ALL
    SELECT 'first_return' AS kind, CONCAT('first_year=', first_year) AS stratum, t_days, events, censored
    FROM spell_counts
    WHERE class = 'purchase_days=1' AND first_year IS NOT NULL
),
sizes AS (
    -- Each spell is one row of the counts; few of them say nothing.
    SELECT kind, stratum, CAST(SUM(events + censored) AS BIGINT) AS spells FROM strata GROUP BY kind, stratum
)
SELECT
    s.kind AS kind,
    s.stratum AS stratum,
    CAST(s.t_days AS INTEGER) AS t_days,
    CAST(SUM(s.events) AS BIGINT) AS events,
    CAST(SUM(s.censored) AS BIGINT) AS censored
FROM strata AS s
JOIN sizes AS z ON s.kind = z.kind AND s.stratum = z.stratum
WHERE s.stratum = 'all' OR z.spells >= 30
GROUP BY s.kind, s.stratum, s.t_days
