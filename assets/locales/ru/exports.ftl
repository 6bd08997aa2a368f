exports = Выгрузки
exports-all = Все выгрузки
exports-none = Вы ещё не заказывали больших файлов.
exports-none-way = Откройте отчёт и выберите формат над таблицей
page-of-pages = Страница { $page } из { $pages }
export-why-format = { $format } готовится в фоне: откроется страница, где файл можно дождаться.
export-too-long-for = { $format } бывает не длиннее { $most } строк: сузьте фильтр или выберите другой формат.
export-why = Строк: { $rows }. Такой большой файл готовится в фоне: откроется страница, где его можно дождаться.
export-to-report = Вернуться к отчёту
export-queued = В очереди
export-queued-text = Начнём, как только освободится место: для одного дилера готовятся два файла сразу.
export-again = Повторим
export-again-text = Не получилось: { $because } { $seconds ->
    [0] Сейчас повторим.
    [one] Повторим через { $seconds } секунду.
    [few] Повторим через { $seconds } секунды.
   *[other] Повторим через { $seconds } секунд.
}
export-running = Готовим файл
export-done = Файл готов
export-expired = Файл удалён
export-failed = Файл не получился
export-cancelled = Отменено
export-cancelled-text = Файл не готовится: заказ отменён.
export-percent = { $n } %
export-progress = Готовность файла
export-counting = Считаем строки…
export-sorting = Строк: { $total }. Собираем и сортируем.
export-writing = Записано { $written } из { $total } строк
export-left-seconds = осталось около { $n } с
export-left-minutes = осталось около { $n } мин
export-done-text = Строк: { $rows }, { $size }. Файл хранится до { $until }.
export-gone = Срок хранения файла истёк, и он удалён. Закажите его ещё раз.
export-cancel = Отменить
export-leave = Страницу можно закрыть: файл будет ждать в «Выгрузках».
export-download = Скачать
export-once-more = Заказать ещё раз
export-because-warehouse = Хранилище данных не ответило.
export-because-storage = Файл не удалось записать: место для файлов недоступно или заполнено.
export-because-too-much = Данных больше, чем помещается в один файл. Сократите период или сузьте фильтр.
export-because-too-many-rows = Для этого формата строк слишком много: читать такой файл никто не сможет. Выберите Excel или CSV, сократите период или сузьте фильтр.
export-because-too-long = Подготовка заняла больше времени, чем отведено. Сократите период или сузьте фильтр.
export-because-quota = Для этого дилера за последнюю минуту запрошено слишком много.
export-because-access = Доступ к этим данным у вас больше не открыт. Если это ошибка, напишите вашему менеджеру.
export-because-report = Отчёт, формат или фильтр изменились с тех пор, как файл был заказан. Откройте отчёт и закажите файл заново.
export-because-worker = Служба, которая готовила файл, прервалась несколько раз подряд.
export-because-internal = Что-то сломалось у нас. Это уже записано.
size-kilobytes = { $n } КБ
size-megabytes = { $n } МБ
