against-same-days = against the same days of last month
freshness = Age of the data
