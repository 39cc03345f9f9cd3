-- session_abandonment: how many sessions of one period reached one stage, and what became of them.
-- Key: period_start_day, stage. stage all is the sum of the others.
-- Units: money in ten-thousandths of the reporting currency. Periods are [sessions] period_days long, counted back from
-- as_of; the oldest may have begun before the export. The rate is that of sessions whose end is known: abandoned over
-- abandoned and ordered. Value at risk is the last cart value of abandoned sessions that were not recovered late;
-- valued counts those of them whose cart value an event tells. events_left_out are those that name neither a visitor,
-- nor a customer, nor a web session: they are in no session, and only in the row of all stages.
WITH known AS (
    SELECT
        CAST(p.as_of_day - 1 - s.start_day AS BIGINT) AS age_days,
        s.stage AS stage,
        CASE WHEN s.is_selected THEN 1 ELSE 0 END AS selected,
        CASE WHEN v.outcome = 'unidentified' THEN 1 ELSE 0 END AS unidentified,
        CASE WHEN v.outcome = 'open' THEN 1 ELSE 0 END AS open_yet,
        CASE WHEN v.outcome = 'ordered' THEN 1 ELSE 0 END AS ordered,
        CASE WHEN v.outcome = 'abandoned' THEN 1 ELSE 0 END AS abandoned,
        CASE WHEN r.recovered_late THEN 1 ELSE 0 END AS recovered_late,
        CASE WHEN v.outcome = 'abandoned' AND q.questions > 0 THEN 1 ELSE 0 END AS questioned,
        CASE WHEN v.outcome = 'abandoned' AND NOT COALESCE(r.recovered_late, FALSE) THEN s.cart_value_e4 END AS risk_e4,
        CAST(p.session_period_days AS BIGINT) AS period_days
    FROM sessions AS s
    LEFT JOIN session_verdicts AS v ON s.session_no = v.session_no
    LEFT JOIN session_recoveries AS r ON s.session_no = r.session_no
    LEFT JOIN session_questions AS q ON s.session_no = q.session_no
    CROSS JOIN run_params AS p
),
cells AS (
    SELECT
        age_days - age_days % period_days AS age_days,
        stage,
        CAST(COUNT(*) AS BIGINT) AS sessions,
        CAST(SUM(selected) AS BIGINT) AS selected,
        CAST(SUM(unidentified) AS BIGINT) AS unidentified,
        CAST(SUM(open_yet) AS BIGINT) AS open_yet,
        CAST(SUM(ordered) AS BIGINT) AS ordered,
        CAST(SUM(abandoned) AS BIGINT) AS abandoned,
        CAST(SUM(recovered_late) AS BIGINT) AS recovered_late,
        CAST(SUM(questioned) AS BIGINT) AS questioned,
        CAST(COUNT(risk_e4) AS BIGINT) AS valued,
        CAST(SUM(COALESCE(risk_e4, 0)) AS BIGINT) AS value_at_risk_e4,
        CAST(0 AS BIGINT) AS events_left_out
    FROM known
    GROUP BY age_days - age_days % period_days, stage
),
strays AS (
    SELECT
        CAST(p.as_of_day - 1 - i.start_day AS BIGINT) AS age_days,
        CAST(p.session_period_days AS BIGINT) AS period_days,
        COALESCE(i.count, 1) AS events
    FROM staged_interactions AS i
    CROSS JOIN run_params AS p
    WHERE i.channel IN ('web', 'app') AND i.visitor_id IS NULL AND i.customer_id IS NULL AND i.session_id IS NULL
),
rows_of AS (
    SELECT
        age_days,
        stage,
        sessions,
        selected,
        unidentified,
        open_yet,
        ordered,
        abandoned,
        recovered_late,
        questioned,
        valued,
        value_at_risk_e4,
        events_left_out
    FROM cells
    UNION ALL
    SELECT
        age_days,
        'all' AS stage,
        sessions,
        selected,
        unidentified,
        open_yet,
        ordered,
        abandoned,
        recovered_late,
        questioned,
        valued,
        value_at_risk_e4,
        events_left_out
    FROM cells
    UNION ALL
    SELECT
        age_days - age_days % period_days AS age_days,
        'all' AS stage,
        CAST(0 AS BIGINT) AS sessions,
        CAST(0 AS BIGINT) AS selected,
        CAST(0 AS BIGINT) AS unidentified,
        CAST(0 AS BIGINT) AS open_yet,
        CAST(0 AS BIGINT) AS ordered,
        CAST(0 AS BIGINT) AS abandoned,
        CAST(0 AS BIGINT) AS recovered_late,
        CAST(0 AS BIGINT) AS questioned,
        CAST(0 AS BIGINT) AS valued,
        CAST(0 AS BIGINT) AS value_at_risk_e4,
        events AS events_left_out
    FROM strays
),
sums AS (
    SELECT
        age_days,
        stage,
        CAST(SUM(sessions) AS BIGINT) AS sessions,
        CAST(SUM(selected) AS BIGINT) AS selected,
        CAST(SUM(unidentified) AS BIGINT) AS unidentified,
        CAST(SUM(open_yet) AS BIGINT) AS open_yet,
        CAST(SUM(ordered) AS BIGINT) AS ordered,
        CAST(SUM(abandoned) AS BIGINT) AS abandoned,
        CAST(SUM(recovered_late) AS BIGINT) AS recovered_late,
        CAST(SUM(questioned) AS BIGINT) AS questioned,
        CAST(SUM(valued) AS BIGINT) AS valued,
        CAST(SUM(value_at_risk_e4) AS BIGINT) AS value_at_risk_e4,
        CAST(SUM(events_left_out) AS BIGINT) AS events_left_out
    FROM rows_of
    GROUP BY age_days, stage
)
SELECT
    CAST(p.as_of_day - s.age_days - p.session_period_days AS INTEGER) AS period_start_day,
    CAST(p.as_of_day - s.age_days AS INTEGER) AS period_end_day,
    s.stage AS stage,
    s.sessions AS sessions,
    s.selected AS selected,
    s.unidentified AS unidentified,
    s.open_yet AS open_yet,
    s.ordered AS ordered,
    s.abandoned AS abandoned,
    CASE
        WHEN s.abandoned + s.ordered > 0 THEN CAST(s.abandoned AS DOUBLE) / CAST(s.abandoned + s.ordered AS DOUBLE)
    END AS abandonment_rate,
    CASE
        WHEN s.abandoned + s.ordered > 0 THEN 'ok'
        WHEN s.selected = 0 THEN 'nothing_selected'
        WHEN s.open_yet > 0 THEN 'open'
        ELSE 'unidentified'
    END AS status,
    s.recovered_late AS recovered_late,
    s.questioned AS question_linked,
    CASE WHEN s.abandoned > 0 THEN CAST(s.questioned AS DOUBLE) / CAST(s.abandoned AS DOUBLE) END AS question_share,
    s.valued AS valued,
    s.value_at_risk_e4 AS value_at_risk_e4,
    s.events_left_out AS events_left_out
FROM sums AS s
CROSS JOIN run_params AS p
