-- visits: one session, before it is known whose it is.
-- Key: session_no.
-- A session ends after more silence than [sessions] gap_minutes, or where another customer takes over
-- (spec/definitions.md 3.9). All slots are put in one order: one of each visitor's own would cost many times as much.
WITH shared AS (
    SELECT visitor_id, 1 AS is_shared FROM shared_slots GROUP BY visitor_id
),
slots AS (
    SELECT
        s.visitor_id AS visitor_id,
        s.lone_customer_id AS lone_customer_id,
        CAST(0 AS BIGINT) AS part_no,
        s.first_us AS first_us,
        s.last_us AS last_us,
        s.first_day AS first_day,
        s.customer_id AS customer_id,
        s.first_named_us AS first_named_us,
        s.last_named_us AS last_named_us,
        s.cart_us AS cart_us,
        s.events AS events,
        s.product_views AS product_views,
        s.carts AS carts,
        s.checkouts AS checkouts
    FROM visit_slots AS s
    LEFT JOIN shared AS h ON s.visitor_id = h.visitor_id
    WHERE h.is_shared IS NULL
    UNION ALL
    SELECT
        visitor_id,
        lone_customer_id,
        part_no,
        first_us,
        last_us,
        first_day,
        customer_id,
        first_named_us,
        last_named_us,
        cart_us,
        events,
        product_views,
        carts,
        checkouts
    FROM shared_slots
),
kinds AS (
    SELECT
        visitor_id,
        lone_customer_id,
        CASE WHEN visitor_id IS NULL THEN 1 ELSE 0 END AS is_lone,
        part_no,
        first_us,
        last_us,
        first_day,
        customer_id,
        first_named_us,
        last_named_us,
        cart_us,
        events,
        product_views,
        carts,
        checkouts
    FROM slots
),
ordered AS (
    SELECT
        visitor_id,
        lone_customer_id,
        part_no,
        first_us,
        last_us,
        first_day,
        customer_id,
        first_named_us,
        last_named_us,
        cart_us,
        events,
        product_views,
        carts,
        checkouts,
        CAST(ROW_NUMBER() OVER (ORDER BY is_lone, visitor_id, lone_customer_id, part_no, first_us) AS BIGINT) AS slot_no
    FROM kinds
),
stepped AS (
    SELECT
        slot_no,
        visitor_id,
        lone_customer_id,
        part_no,
        first_us,
        last_us,
        first_day,
        customer_id,
        first_named_us,
        last_named_us,
        cart_us,
        events,
        product_views,
        carts,
        checkouts,
        LAG(visitor_id) OVER (ORDER BY slot_no) AS visitor_before,
        LAG(lone_customer_id) OVER (ORDER BY slot_no) AS lone_before,
        LAG(part_no) OVER (ORDER BY slot_no) AS part_before,
        LAG(last_us) OVER (ORDER BY slot_no) AS last_before_us
    FROM ordered
),
begun AS (
    SELECT
        s.slot_no AS slot_no,
        s.visitor_id AS visitor_id,
        s.lone_customer_id AS lone_customer_id,
        s.first_us AS first_us,
        s.last_us AS last_us,
        s.first_day AS first_day,
        s.customer_id AS customer_id,
        s.first_named_us AS first_named_us,
        s.last_named_us AS last_named_us,
        s.cart_us AS cart_us,
        s.events AS events,
        s.product_views AS product_views,
        s.carts AS carts,
        s.checkouts AS checkouts,
        CASE
            WHEN
                (COALESCE(s.visitor_id = s.visitor_before, FALSE) OR COALESCE(s.lone_customer_id = s.lone_before, FALSE))
                AND s.part_no = s.part_before
                AND s.first_us - s.last_before_us <= p.session_gap_us
            THEN 0
            ELSE 1
        END AS begins
    FROM stepped AS s
    CROSS JOIN run_params AS p
),
numbered AS (
    SELECT
        visitor_id,
        lone_customer_id,
        first_us,
        last_us,
        first_day,
        customer_id,
        first_named_us,
        last_named_us,
        cart_us,
        events,
        product_views,
        carts,
        checkouts,
        CAST(SUM(begins) OVER (ORDER BY slot_no ROWS UNBOUNDED PRECEDING) AS BIGINT) AS session_no
    FROM begun
)
SELECT
    session_no,
    MIN(visitor_id) AS visitor_id,
    MIN(lone_customer_id) AS lone_customer_id,
    MIN(first_us) AS start_us,
    MAX(last_us) AS end_us,
    MIN(first_day) AS start_day,
    MIN(customer_id) AS customer_id,
    MIN(first_named_us) AS first_named_us,
    MAX(last_named_us) AS last_named_us,
    MAX(cart_us) AS cart_us,
    CAST(SUM(events) AS BIGINT) AS events,
    CAST(SUM(product_views) AS BIGINT) AS product_views,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(checkouts) AS BIGINT) AS checkouts
FROM numbered
GROUP BY session_no
