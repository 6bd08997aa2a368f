//! The sheet of paper and the widths of its columns: what is never broken fits, names share what is left.

use std::sync::LazyLock;

use shared::report::kind::Kind;
use ttf_parser::Face;

use super::typeset::{BOLD, REGULAR};

/// A4, in points.
const SHORT: f64 = 595.276;
const LONG: f64 = 841.89;
/// Room beside and above.
pub const MARGIN: f64 = 36.0;
/// Room below, for the number of the page.
pub const FOOT: f64 = 46.0;
/// On each side of a cell's words.
pub const PADDING: f64 = 3.0;
/// Letters, from what reads well to what can still be read.
const SIZES: [f64; 4] = [9.0, 8.0, 7.0, 6.0];

/// In ems: a column of words takes no more while others lack room.
const WIDE: f64 = 18.0;

static FACES: LazyLock<[Option<Face<'static>>; 2]> =
    LazyLock::new(|| [REGULAR, BOLD].map(|font| Face::parse(font, 0).ok()));

/// How wide a text is, in ems.
pub fn width(text: &str, is_bold: bool) -> f64 {
    let Some(face) = &FACES[usize::from(is_bold)] else { return 0.0 };
    let letter = |letter: char| {
        let glyph = face.glyph_index(letter).unwrap_or_default();
        f64::from(face.glyph_hor_advance(glyph).unwrap_or_default())
    };
    text.chars().map(letter).sum::<f64>() / f64::from(face.units_per_em())
}

fn longest_word(text: &str, is_bold: bool) -> f64 {
    text.split_whitespace().map(|word| width(word, is_bold)).fold(0.0, f64::max)
}

/// What a column needs, in ems.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Need {
    /// Without breaking what must not be broken.
    least: f64,
    /// Without breaking anything.
    whole: f64,
    /// In ems: a wider word may be broken. A number may not be, however wide.
    breaks_at: f64,
}

impl Need {
    pub fn of_head(head: &str, kind: Kind) -> Self {
        let least = longest_word(head, true);
        let breaks_at = match kind {
            Kind::Text => 6.0,
            Kind::Code => 12.0,
            _ => f64::INFINITY,
        };
        Self { least, whole: least, breaks_at }
    }

    pub fn is_breakable(&self) -> bool {
        self.breaks_at.is_finite()
    }

    pub fn hold(&mut self, cell: &str, is_bold: bool) {
        // A hair more: kerning is not measured.
        let whole = width(cell, is_bold) + 0.1;
        self.whole = self.whole.max(if self.is_breakable() { whole.min(WIDE) } else { whole });
        self.least =
            self.least.max(if self.is_breakable() { longest_word(cell, is_bold).min(self.breaks_at) } else { whole });
    }
}

/// The paper of a file. All of its pages have the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    pub width: f64,
    pub height: f64,
    /// Of the letters.
    pub size: f64,
}

impl Sheet {
    /// Upright if names need not break, else lying, with smaller letters where it must be. A table that is too wide for all of that
    /// gets a larger sheet of the same shape: printers make it smaller.
    pub fn of(needs: &[Need]) -> Self {
        let sum = |of: fn(&Need) -> f64, size: f64| {
            needs.iter().map(|need| of(need) * size + 2.0 * PADDING).sum::<f64>() + 2.0 * MARGIN
        };
        let upright = Self { width: SHORT, height: LONG, size: SIZES[0] };
        if sum(|need| need.whole, SIZES[0]) <= SHORT {
            return upright;
        }
        let fine = |need: &Need| if need.is_breakable() { need.least.max(need.whole * 0.6) } else { need.least };
        let lying = |size: f64| Self { width: LONG, height: SHORT, size };
        let smallest = SIZES[SIZES.len() - 1];
        let size = SIZES.into_iter().find(|size| sum(fine, *size) <= LONG);
        let needed = sum(|need| need.least, smallest);
        match size {
            Some(size) => lying(size),
            None if needed <= LONG => lying(smallest),
            None => Self { width: needed, height: needed * SHORT / LONG, size: smallest },
        }
    }

    /// Of each column, in points. Together they are as wide as the sheet has room.
    pub fn widths(&self, needs: &[Need]) -> Vec<f64> {
        let points = |ems: f64| ems * self.size + 2.0 * PADDING;
        let room = self.width - 2.0 * MARGIN;
        let least: Vec<f64> = needs.iter().map(|need| points(need.least)).collect();
        let wishes: Vec<f64> = needs.iter().map(|need| (need.whole - need.least) * self.size).collect();
        let (left, wished) = (room - least.iter().sum::<f64>(), wishes.iter().sum::<f64>());
        if left < 0.0 {
            // Numbers of a later page that are wider than all before.
            let scale = room / (room - left);
            return least.iter().map(|width| width * scale).collect();
        }
        let granted = if wished > left { left / wished } else { 1.0 };
        let rest = (left - wished * granted).max(0.0);
        let texts = needs.iter().filter(|need| need.is_breakable()).count();
        let share = |need: &Need| match texts {
            0 => rest / needs.len() as f64,
            _ if need.is_breakable() => rest / texts as f64,
            _ => 0.0,
        };
        let each = needs.iter().zip(&least).zip(&wishes);
        each.map(|((need, least), wish)| least + wish * granted + share(need)).collect()
    }

    /// The text with places where a word may break that is wider than its column: invisible, and no hyphen.
    pub fn breakable(&self, cell: &str, column: f64) -> String {
        let room = (column - 2.0 * PADDING) / self.size;
        if longest_word(cell, true) <= room {
            return cell.to_owned();
        }
        let mut broken = String::with_capacity(cell.len() + 16);
        let mut used = 0.0;
        let mut letter = [0; 4];
        for c in cell.chars() {
            let wide = width(c.encode_utf8(&mut letter), true);
            used = if c.is_whitespace() { 0.0 } else { used + wide };
            if used > room {
                broken.push('\u{200b}');
                used = wide;
            }
            broken.push(c);
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use shared::report::kind::Kind;

    use super::{LONG, MARGIN, Need, PADDING, SHORT, Sheet, width};

    fn needs(texts: usize, numbers: usize, number: &str) -> Vec<Need> {
        let column = |kind: Kind, cell: &str| {
            let mut need = Need::of_head("Выручка", kind);
            need.hold(cell, false);
            need
        };
        let texts = (0..texts).map(|_| column(Kind::Text, "Насос циркуляционный бытовой с мокрым ротором"));
        texts.chain((0..numbers).map(|_| column(Kind::Money, number))).collect()
    }

    #[test]
    fn few_columns_stand_upright_many_lie_and_the_sheet_is_always_full() {
        for (texts, numbers, upright, size) in
            [(1, 3, true, 9.0), (2, 7, false, 9.0), (3, 10, false, 7.0), (6, 14, false, 6.0), (0, 2, true, 9.0)]
        {
            let needs = needs(texts, numbers, "1 234 567,00");
            let sheet = Sheet::of(&needs);
            assert_eq!((sheet.width < sheet.height, sheet.size), (upright, size), "{texts} and {numbers}: {sheet:?}");
            let widths = sheet.widths(&needs);
            assert!((widths.iter().sum::<f64>() + 2.0 * MARGIN - sheet.width).abs() < 0.01, "{widths:?}");
            let number = width("1 234 567,00", false) * sheet.size + 2.0 * PADDING;
            assert!(widths[texts..].iter().all(|width| *width >= number), "a number never breaks: {widths:?}");
        }
        let wide = Sheet::of(&needs(10, 30, "1 234 567,00"));
        assert!(wide.width > LONG && (wide.width / wide.height - LONG / SHORT).abs() < 0.01, "{wide:?}");
    }

    #[test]
    fn a_word_that_is_wider_than_its_column_may_break_and_no_other() {
        let sheet = Sheet { width: LONG, height: SHORT, size: 9.0 };
        let long = "Электровоздухонагреватель-АБВГДЕЁЖЗИЙКЛМН и насос";
        let broken = sheet.breakable(long, 80.0);
        assert_eq!(broken.replace('\u{200b}', ""), long);
        assert!(broken.matches('\u{200b}').count() >= 3 && broken.ends_with(" и насос"), "{broken:?}");
        assert_eq!(sheet.breakable("Насос и кран", 80.0), "Насос и кран");
    }
}
