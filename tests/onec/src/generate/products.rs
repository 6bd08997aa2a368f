//! The catalog of a heating and plumbing wholesaler: a folder tree of two to three levels and as many distinct items as
//! are asked for.

use uuid::Uuid;

use super::{dice::Dice, lists};
use crate::base::{Amount, Product};

/// A top folder: its sections, and what lies in each.
struct Group {
    name: &'static str,
    sections: &'static [Section],
}

/// `name` is the folder, `item` begins the names in it; each item adds a brand, a series and one of the sizes.
struct Section {
    name: &'static str,
    item: &'static str,
    article: &'static str,
    sizes: &'static [&'static str],
    /// Roubles of the smallest size.
    price: i64,
    /// A third level: a folder per brand.
    is_by_brand: bool,
}

const fn section(
    name: &'static str,
    item: &'static str,
    article: &'static str,
    price: i64,
    sizes: &'static [&'static str],
) -> Section {
    Section { name, item, article, sizes, price, is_by_brand: false }
}

const fn by_brand(section: Section) -> Section {
    Section { is_by_brand: true, ..section }
}

const BORES: &[&str] = &["15", "20", "25", "32", "40", "50", "65", "80", "100"];
const INCHES: &[&str] = &["1/2\"", "3/4\"", "1\"", "1 1/4\"", "1 1/2\"", "2\""];
const PIPES: &[&str] = &["16х2,0", "20х2,0", "20х2,8", "25х3,5", "26х3,0", "32х3,0", "32х4,4", "40х5,5", "50х6,9"];
const POWERS: &[&str] =
    &["10 кВт", "12 кВт", "14 кВт", "18 кВт", "20 кВт", "24 кВт", "28 кВт", "32 кВт", "35 кВт", "40 кВт"];
const HEADS: &[&str] =
    &["25-40 180", "25-60 130", "25-60 180", "25-80 180", "32-40 180", "32-60 180", "32-80 180", "40-120 F"];
const DEPTHS: &[&str] = &["0,37-40", "0,55-55", "0,75-70", "1,1-90", "1,5-110", "2,2-140"];
const VOLUMES: &[&str] = &["30 л", "50 л", "80 л", "100 л", "120 л", "150 л", "200 л", "300 л"];
const TANKS: &[&str] = &["8 л", "12 л", "18 л", "24 л", "35 л", "50 л", "80 л", "100 л", "150 л"];
const SECTIONS: &[&str] = &["4 секции", "6 секций", "8 секций", "10 секций", "12 секций"];
const PANELS: &[&str] = &[
    "11х300х500",
    "11х500х800",
    "22х300х600",
    "22х500х600",
    "22х500х800",
    "22х500х1000",
    "22х500х1400",
    "33х500х1000",
];
const OUTLETS: &[&str] = &["2 вых.", "3 вых.", "4 вых.", "5 вых.", "6 вых.", "8 вых.", "10 вых.", "12 вых."];
const DRAINS: &[&str] =
    &["32х250", "40х500", "50х250", "50х500", "50х1000", "110х250", "110х500", "110х1000", "110х2000"];
const AREAS: &[&str] = &["0,5 м²", "1 м²", "2 м²", "3 м²", "5 м²", "7 м²", "10 м²"];

const GROUPS: &[Group] = &[
    Group {
        name: "Насосы",
        sections: &[
            by_brand(section("Циркуляционные насосы", "Насос циркуляционный", "CP", 4_200, HEADS)),
            section("Скважинные насосы", "Насос скважинный", "SP", 14_900, DEPTHS),
            section("Насосные станции", "Станция насосная", "JS", 11_500, DEPTHS),
            section("Дренажные насосы", "Насос дренажный", "DP", 5_600, DEPTHS),
        ],
    },
    Group {
        name: "Котельное оборудование",
        sections: &[
            by_brand(section("Котлы газовые настенные", "Котёл газовый настенный", "GW", 42_000, POWERS)),
            section("Котлы газовые напольные", "Котёл газовый напольный", "GF", 58_000, POWERS),
            section("Котлы электрические", "Котёл электрический", "EK", 24_000, POWERS),
            section("Дымоходы", "Комплект дымохода", "DK", 3_900, BORES),
        ],
    },
    Group {
        name: "Радиаторы",
        sections: &[
            section("Радиаторы алюминиевые", "Радиатор алюминиевый", "RA", 3_100, SECTIONS),
            section("Радиаторы биметаллические", "Радиатор биметаллический", "RB", 4_400, SECTIONS),
            by_brand(section("Радиаторы стальные панельные", "Радиатор стальной панельный", "RS", 5_300, PANELS)),
            section("Комплектующие для радиаторов", "Комплект подключения радиатора", "RK", 540, INCHES),
        ],
    },
    Group {
        name: "Трубы и фитинги",
        sections: &[
            section("Трубы полипропиленовые", "Труба полипропиленовая", "PP", 62, PIPES),
            section("Трубы металлопластиковые", "Труба металлопластиковая", "MP", 95, PIPES),
            section("Трубы из сшитого полиэтилена", "Труба PE-Xa", "PX", 118, PIPES),
            section("Фитинги латунные", "Муфта латунная", "FL", 140, INCHES),
            section("Фитинги пресс", "Пресс-тройник", "FP", 310, PIPES),
        ],
    },
    Group {
        name: "Запорная арматура",
        sections: &[
            section("Краны шаровые", "Кран шаровой", "KS", 390, INCHES),
            section("Задвижки и затворы", "Затвор дисковый поворотный", "ZD", 2_900, BORES),
            section("Клапаны обратные", "Клапан обратный", "KO", 460, INCHES),
            section("Фильтры", "Фильтр сетчатый косой", "FK", 350, INCHES),
        ],
    },
    Group {
        name: "Водонагреватели и баки",
        sections: &[
            section("Водонагреватели накопительные", "Водонагреватель накопительный", "WH", 12_400, VOLUMES),
            section("Бойлеры косвенного нагрева", "Бойлер косвенного нагрева", "BK", 38_000, VOLUMES),
            section("Баки расширительные", "Бак расширительный", "BR", 1_450, TANKS),
            section("Гидроаккумуляторы", "Гидроаккумулятор", "GA", 2_700, TANKS),
        ],
    },
    Group {
        name: "Тёплый пол и коллекторы",
        sections: &[
            section("Коллекторные группы", "Группа коллекторная", "KG", 8_900, OUTLETS),
            section("Шкафы коллекторные", "Шкаф коллекторный", "SK", 2_600, OUTLETS),
            section("Маты нагревательные", "Мат нагревательный", "MN", 2_300, AREAS),
            section("Узлы смесительные", "Узел насосно-смесительный", "US", 17_500, INCHES),
        ],
    },
    Group {
        name: "Автоматика",
        sections: &[
            section("Термостаты", "Термостат комнатный", "TK", 2_200, &["5-30 °C", "5-35 °C", "10-40 °C", "Wi-Fi"]),
            section("Термоголовки", "Головка термостатическая", "TG", 990, &["М30х1,5", "М28х1,5", "RA"]),
            section("Группы безопасности", "Группа безопасности котла", "GB", 1_750, INCHES),
            section("Счётчики воды", "Счётчик воды", "SV", 780, &["15-80", "15-110", "20-130", "25-170"]),
        ],
    },
    Group {
        name: "Канализация",
        sections: &[
            section("Трубы канализационные", "Труба канализационная", "TR", 120, DRAINS),
            section("Сифоны и трапы", "Трап душевой", "TD", 640, DRAINS),
            section(
                "Установки канализационные",
                "Установка канализационная",
                "UK",
                26_000,
                &["300 Вт", "400 Вт", "600 Вт"],
            ),
        ],
    },
];

const BRANDS: &[&str] = &[
    "Термия",
    "Гидросталь",
    "Аквалан",
    "Вектор-М",
    "Норд",
    "Теплосила",
    "Рубикон",
    "Оникс",
    "Ладога",
    "Феррум",
    "Каскад",
    "Прогресс",
    "Бриз",
    "Атлант",
    "Кварц",
    "Сатурн",
    "Гамма",
    "Поток",
    "Уральский литейщик",
    "Невский",
];

const SERIES: &[&str] =
    &["", "Эко", "Про", "Комфорт", "Классик", "Плюс", "Оптима", "Стандарт", "Люкс", "Макси", "Мини", "Турбо"];

/// What the sales are drawn from.
#[derive(Debug)]
pub struct Catalog {
    pub rows: Vec<Product>,
    /// Places of the items in `rows`.
    pub items: Vec<usize>,
    /// With canaries: the item that only the dealer of this number buys.
    pub own: Vec<usize>,
}

/// References of items: `n` counts from 1.
fn item_reference(n: u64) -> Uuid {
    Uuid::from_u128(0x5b0d6f0e_1111_11ee_8a01_000000000000 + u128::from(n))
}

fn folder_reference(n: u64) -> Uuid {
    Uuid::from_u128(0x5b0d6f0e_f01d_11ee_8a01_000000000000 + u128::from(n))
}

/// `products` items, plus one for each canary.
pub fn catalog(products: usize, canaries: &[String], dice: &mut Dice) -> Catalog {
    let mut catalog = Catalog { rows: Vec::new(), items: Vec::with_capacity(products), own: Vec::new() };
    let sections: Vec<&Section> = GROUPS.iter().flat_map(|group| group.sections).collect();
    let homes = folders(&mut catalog.rows);
    for n in 0..products {
        // Sections first, then brands, then sizes, then series: few products still fill every section.
        let (section, rest) = (n % sections.len(), n / sections.len());
        let kind = sections[section];
        let (brand, rest) = ((rest + section) % BRANDS.len(), rest / BRANDS.len());
        // Each brand begins at a size of its own, so that a small catalog does not consist of the smallest sizes.
        let (size, rest) = ((rest + 3 * brand + section) % kind.sizes.len(), rest / kind.sizes.len());
        let (series, again) = (rest % SERIES.len(), rest / SERIES.len());
        let generation = if again == 0 { String::new() } else { format!(" G{}", again + 1) };
        let gap = if series == 0 { "" } else { " " };
        let name = format!("{} {}{gap}{}{generation} {}", kind.item, BRANDS[brand], SERIES[series], kind.sizes[size]);
        let article = format!("{}{:02}-{:02}{:02}{}", kind.article, brand + 1, size + 1, series + 1, generation.trim());
        let parent = homes[section].get(brand % homes[section].len()).copied().unwrap_or_default();
        let price = kind.price * (100 + 45 * size as i64 + 12 * series as i64) / 100;
        let kopecks = price * 100 * dice.between(85, 130) / 100;
        push(&mut catalog, (name, article), parent, kopecks, dice);
    }
    for canary in canaries {
        let parent = homes.last().and_then(|home| home.first()).copied().unwrap_or_default();
        catalog.own.push(catalog.rows.len());
        let name = format!("Изделие по чертежу заказчика {canary}");
        push(&mut catalog, (name, canary.clone()), parent, dice.between(90_000, 900_000), dice);
    }
    if !canaries.is_empty() {
        catalog.items.truncate(products);
    }
    catalog
}

/// The folder tree. For each section, the folders its items lie in: itself, or one per brand below it.
fn folders(rows: &mut Vec<Product>) -> Vec<Vec<Uuid>> {
    let mut homes = Vec::new();
    for group in GROUPS {
        let top = push_folder(rows, group.name, Uuid::nil());
        for section in group.sections {
            let own = push_folder(rows, section.name, top);
            homes.push(if section.is_by_brand {
                BRANDS.iter().map(|brand| push_folder(rows, &format!("{}: {brand}", section.name), own)).collect()
            } else {
                vec![own]
            });
        }
    }
    homes
}

fn push_folder(rows: &mut Vec<Product>, name: &str, parent: Uuid) -> Uuid {
    let n = rows.len() as u64 + 1;
    let reference = folder_reference(n);
    rows.push(Product {
        reference,
        version: 0,
        is_deleted: false,
        parent,
        is_folder: true,
        code: format!("НФ-Г{n:07}").into(),
        name: name.into(),
        article: "".into(),
        price: Amount::default(),
        unit: Uuid::nil(),
        overrides: None,
    });
    reference
}

/// One item in twenty came from an old base with a short code, which the fixed length pads.
fn push(catalog: &mut Catalog, (name, article): (String, String), parent: Uuid, kopecks: i64, dice: &mut Dice) {
    let n = (catalog.items.len() + 1) as u64;
    let code = if n % 20 == 7 { format!("{:<11}", format!("{n:05}")) } else { format!("НФ-{n:08}") };
    catalog.items.push(catalog.rows.len());
    catalog.rows.push(Product {
        reference: item_reference(n),
        version: 0,
        is_deleted: dice.chance(0.01),
        parent,
        is_folder: false,
        code: code.into(),
        unit: lists::unit_of(&name),
        name: name.into(),
        article: article.into(),
        price: Amount(kopecks * 100),
        overrides: None,
    });
}
