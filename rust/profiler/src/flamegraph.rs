//! Folded stacks (`outer;inner count` per line) as SVG that can be zoomed and searched.

use std::io::{Error, ErrorKind, Result};

use inferno::differential;
use inferno::flamegraph::color::{BasicPalette, Palette};
use inferno::flamegraph::{Options, TextTruncateDirection, from_lines};

/// Draws folded stacks; `unit` is what their counts count.
///
/// # Errors
/// If there are no stacks or a line is not one.
pub fn render(folded: &str, title: &str, unit: &str) -> Result<String> {
    draw(folded, &mut options(title, unit))
}

/// Draws the stacks of `after`, red where they take a larger share than `before`, blue where a smaller one.
///
/// # Errors
/// If there are no stacks or a line is not one.
pub fn render_difference(before: &str, after: &str, title: &str, unit: &str) -> Result<String> {
    let normalised = differential::Options { normalize: true, strip_hex: false };
    let mut lines = Vec::new();
    differential::from_readers(normalised, before.as_bytes(), after.as_bytes(), &mut lines)?;
    draw(&into_text(lines)?, &mut options(title, unit))
}

fn options(title: &str, unit: &str) -> Options<'static> {
    let mut options = Options::default();
    options.title = title.to_owned();
    options.count_name = unit.to_owned();
    options.colors = Palette::Basic(BasicPalette::Aqua);
    options.text_truncate_direction = TextTruncateDirection::Right;
    options.hash = true; // a function keeps its colour from one graph to the next
    options
}

fn draw(folded: &str, options: &mut Options<'_>) -> Result<String> {
    let mut svg = Vec::new();
    from_lines(options, folded.lines(), &mut svg)?;
    into_text(svg)
}

fn into_text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_drawn_with_its_samples() {
        let svg = render("run;step 3\nrun;step;newton 7\n", "a title", "samples").expect("two stacks");
        assert!(svg.contains("a title"));
        assert!(svg.contains("newton (7 samples, 70.00%)"));
    }

    #[test]
    fn difference_tells_what_grew() {
        let svg = render_difference("run;a 5\nrun;b 5\n", "run;a 10\nrun;b 30\n", "change", "us")
            .expect("two stacks");
        assert!(svg.contains("b (30 us, 75.00%; +25.00%)"), "{svg}");
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        assert!(render("", "empty", "samples").is_err());
    }
}
