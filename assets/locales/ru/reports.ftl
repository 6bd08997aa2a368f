period-month = Месяц
period-quarter = Квартал
period-year = 12 месяцев
period-own = Свой
period-from = С
period-to = По
dealer = Дилер
all-dealers = Все дилеры
unknown-dealer = Неизвестный дилер
filters = Фильтры
apply = Показать
not-in-list = Нет в списке
against-last-year = к прошлому году
points = п. п.
this-year = этот период
year-before = год назад
in-thousands = тыс.
in-millions = млн
chart-as-table = Таблицей
month-column = Месяц
total-over = Итого по { $number } { $noun }
rows-of = { $first }–{ $last } из { $count }
no-rows = Строк нет
previous-page = Назад
next-page = Дальше
pages = Страницы
page-of = { $page } из { $pages }
sorted-up = по возрастанию
sorted-down = по убыванию
empty-narrowed = За эти дни с такими фильтрами { $facts } нет.
empty-period = За эти дни { $facts } нет.
widen-filters = Снять фильтры
widen-period = Показать 12 месяцев
as-of-loading = данные ещё загружаются
as-of-usual = обычно раз в { $interval }
ago-now = только что
ago-minutes = { $n ->
    [one] { $n } минуту назад
    [few] { $n } минуты назад
   *[other] { $n } минут назад
}
ago-hours = { $n ->
    [one] { $n } час назад
    [few] { $n } часа назад
   *[other] { $n } часов назад
}
ago-days = { $n ->
    [one] { $n } день назад
    [few] { $n } дня назад
   *[other] { $n } дней назад
}
every-seconds = { $n ->
    [one] { $n } секунду
    [few] { $n } секунды
   *[other] { $n } секунд
}
every-minutes = { $n ->
    [1] минуту
    [one] { $n } минуту
    [few] { $n } минуты
   *[other] { $n } минут
}
every-hours = { $n ->
    [1] час
    [one] { $n } час
    [few] { $n } часа
   *[other] { $n } часов
}
refused = Исправьте отмеченное: запрос не выполнялся.
wrong-doubled = Значение указано дважды. Оставьте одно.
wrong-period = Такого периода нет. Выберите из списка.
wrong-date = Это не дата. Напишите, например, 2026-03-31.
wrong-reversed = Конец раньше начала. Поменяйте даты.
wrong-long-period = Период длиннее десяти лет. Сократите его.
wrong-choice = Такого значения нет в списке. Выберите другое.
wrong-dealer = Ссылка ведёт на дилера, который вам не открыт.
own-dealer = Открыть этот отчёт по своему дилеру
wrong-long = Слишком длинно. Оставьте не больше 200 знаков.
wrong-format = Такого формата нет. Скачайте CSV.
facts-title = О файле
fact-report = Отчёт
fact-dealer = Дилер
fact-as-of = Данные на
fact-rows = Строк
as-of = данные на
again = Обновить
as-of-late = позже обычного
several-units = в разных единицах
unknown-currency = валюта не указана
new-row = новый
with-former = { $former }: { $number }
without-former = без тех, что { $former }
period-to-come = Эти дни ещё не наступили: { $facts } за них пока нет.
period-not-over = Период ещё не кончился, а тот, с которым он сравнивается, взят целиком: сравнивать их рано.
currency-column = Валюта
empty-always = Пока { $facts } нет.
empty-narrowed-always = С такими фильтрами { $facts } нет.
unnamed = Ещё не пришло из 1С
former = только в прошлом периоде
other-formats = Другие форматы
format-xlsx = Excel
format-pdf = PDF
format-csv = CSV
format-csv-data = CSV без шапки
format-parquet = Parquet
format-json = JSON
download = Скачать все строки: { $format }
against-previous-period = к предыдущему периоду
previous-period = предыдущий период
