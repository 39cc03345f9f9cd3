-- identity_keys: the e-mail address and the telephone number of one customer, as the export has them.
-- Key: customer_id. Left out: customers without either.
-- Personal: read by the model of identity alone, which hands on who is linked and never by what.
SELECT
    customer_id,
    email,
    email_verified,
    phone,
    phone_verified
FROM staged_customers
WHERE email IS NOT NULL OR phone IS NOT NULL
