error-request = Номер обращения: { $id }
error-to-home = К обзору
error-retry = Повторить
error-not-found = Страница не найдена
error-not-found-text = Такого адреса нет, или он больше не действует. Начните с обзора.
error-method = Так этот адрес не открыть
error-method-text = Вернитесь на страницу, с которой пришли, и повторите.
error-malformed = Запрос не удалось разобрать
error-malformed-text = Адрес или форма повреждены. Откройте страницу заново.
error-too-large = Слишком большой запрос
error-too-large-text = Сократите то, что отправляете, и повторите.
error-too-much = Слишком много данных сразу
error-too-much-text = Сократите период или сузьте фильтр и повторите.
error-forbidden = Запрос пришёл не с нашей страницы
error-forbidden-text = Откройте страницу портала заново и повторите.
error-no-dealers = Вам ещё не открыт ни один дилер
error-no-dealers-text = Вы вошли, но к вашей учётной записи не привязан дилер. Напишите вашему менеджеру: он откроет доступ.
error-too-many = Слишком много запросов
error-too-many-text = { $seconds ->
    [one] Повторите через { $seconds } секунду.
    [few] Повторите через { $seconds } секунды.
   *[other] Повторите через { $seconds } секунд.
}
error-downloads = Два файла уже скачиваются
error-downloads-text = Дождитесь одного из них. { error-too-many-text }
error-exports = За час заказано десять файлов
error-exports-text = { $minutes ->
    [one] Следующий можно заказать через { $minutes } минуту.
    [few] Следующий можно заказать через { $minutes } минуты.
   *[other] Следующий можно заказать через { $minutes } минут.
}
error-unavailable-reports = Отчёты временно недоступны
error-unavailable-sign-in = Вход временно недоступен
error-unavailable-sessions = Портал временно недоступен
error-unavailable-portal = Портал перегружен
error-unavailable-text = Данные в сохранности. { error-too-many-text }
error-internal = У нас ошибка
error-internal-text = Мы её записали. Повторите позже; если не поможет, сообщите номер обращения.
signed-out = Вы вышли
signed-out-text = Сеанс завершён на этом устройстве.
session-ended = Сеанс закончился
session-ended-text = Войдите снова, и вы вернётесь туда, где были.
sign-in-failed = Войти не удалось
sign-in-declined-text = Вход отменён. Попробуйте ещё раз.
sign-in-stale-text = Эта попытка входа устарела. Начните вход заново.
sign-in-refused-text = Служба входа ответила не так, как должна. Попробуйте ещё раз; если не поможет, сообщите номер обращения.
