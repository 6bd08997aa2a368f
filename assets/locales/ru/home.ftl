against-same-days = к тем же дням прошлого месяца
freshness = Свежесть данных
