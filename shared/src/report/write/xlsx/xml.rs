//! Text in a workbook's XML.

pub const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
/// Of a cell, in units of UTF-16.
pub const MOST_UNITS: usize = 32_767;

/// Appends text, without what XML 1.0 may not hold. A carriage return, and what reads like one of the escapes of this format
/// (`_x000D_`), are escaped as it demands.
pub fn push(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let instead: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'"' => b"&quot;",
            b'\r' => b"_x000D_",
            b'_' if is_escape(&bytes[at..]) => b"_x005F_",
            b'\t' | b'\n' => continue,
            0..0x20 => b"",
            // U+FFFE and U+FFFF.
            0xef if matches!(bytes[at..], [_, 0xbf, 0xbe | 0xbf, ..]) => {
                out.extend_from_slice(&bytes[from..at]);
                from = at + 3;
                continue;
            }
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(instead);
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
}

fn is_escape(text: &[u8]) -> bool {
    matches!(text, [b'_', b'x', digits @ .., ] if digits.len() >= 5 && digits[..4].iter().all(u8::is_ascii_hexdigit) && digits[4] == b'_')
}

/// As much as a cell may hold; what is cut off is marked.
pub fn fitting(text: &str) -> std::borrow::Cow<'_, str> {
    // A unit is a byte at least.
    if text.len() <= MOST_UNITS || text.encode_utf16().count() <= MOST_UNITS {
        return text.into();
    }
    let mut units = 0;
    let kept = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > MOST_UNITS - 1
    });
    let end = kept.map_or(text.len(), |(at, _)| at);
    format!("{}…", &text[..end]).into()
}

/// `<t>…</t>`; spaces at the ends and line breaks are kept.
pub fn push_t(out: &mut Vec<u8>, text: &str) {
    let is_bare =
        !text.starts_with(char::is_whitespace) && !text.ends_with(char::is_whitespace) && !text.contains('\n');
    out.extend_from_slice(if is_bare { b"<t>" } else { b"<t xml:space=\"preserve\">" });
    push(out, text);
    out.extend_from_slice(b"</t>");
}

pub fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    push(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{MOST_UNITS, escaped, fitting};

    #[test]
    fn what_xml_may_not_hold_is_left_out_and_escapes_of_the_format_survive() {
        assert_eq!(escaped("a<b>&\"c\"\u{1}\u{0}\u{b}\u{ffff}\u{fffe}Я😀\t\n"), "a&lt;b&gt;&amp;&quot;c&quot;Я😀\t\n");
        assert_eq!(escaped("_x0041_ _x00_ a_b\r"), "_x005F_x0041_ _x00_ a_b_x000D_");
    }

    #[test]
    fn a_cell_is_cut_at_its_limit_and_says_so() {
        let fine = "я".repeat(MOST_UNITS);
        assert_eq!(fitting(&fine), fine.as_str());
        for text in ["я".repeat(MOST_UNITS + 1), "😀".repeat(MOST_UNITS / 2 + 1)] {
            let cut = fitting(&text);
            let units = cut.encode_utf16().count();
            assert!((MOST_UNITS - 1..=MOST_UNITS).contains(&units) && cut.ends_with('…'), "{units}");
        }
    }
}
