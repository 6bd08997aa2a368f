-- What are the currencies called?
SELECT currency_id, currency_code, currency_name
FROM report.currency
