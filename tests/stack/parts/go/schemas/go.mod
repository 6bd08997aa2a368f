module dealer-portal/schemas

go 1.26.0
