//! Writes the scenes of the screenshots as HTML files, for take.py.
//!
//!     cargo run --example widget -- FOLDER

#![expect(clippy::unwrap_used, reason = "a tool of the tests: it ends where something is missing")]

use std::collections::BTreeMap;
use std::path::Path;

use meerkat::event::widget::{Asked, Context, Theme, Widget};
use meerkat::judge::verdict::Verdict;
use meerkat::report::Report;
use meerkat::report::html::{self, Series};

fn main() {
    let folder = std::env::args_os().nth(1).unwrap();
    let write = |name: &str, html: &str| std::fs::write(Path::new(&folder).join(name), html).unwrap();
    let (problems, healthy, empty) = (report("problems"), report("healthy"), report("empty"));
    let endpoint = || "arn:aws:lambda:eu-central-1:123456789012:function:customWidgetMeerkat".to_owned();
    let drawn = |report: &Report<'_>, asked, theme, width| {
        let context = Context { theme, width, range_ms: None, endpoint: endpoint() };
        framed(theme, width, &html::widget(report, &lags(report), &Widget { asked, context }))
    };
    let groups = || Asked::Groups(Vec::new());
    let partitions = Asked::Partitions("billing-export".to_owned());
    write("light.html", &drawn(&problems, groups(), Theme::Light, 1_000));
    write("dark.html", &drawn(&problems, groups(), Theme::Dark, 1_000));
    write("narrow.html", &drawn(&problems, groups(), Theme::Light, 300));
    write("medium.html", &drawn(&problems, groups(), Theme::Dark, 620));
    write("wide.html", &drawn(&problems, groups(), Theme::Light, 1_800));
    write("healthy.html", &drawn(&healthy, groups(), Theme::Light, 1_000));
    write("empty.html", &drawn(&empty, groups(), Theme::Light, 600));
    write("partitions.html", &drawn(&problems, partitions, Theme::Light, 1_000));
    write("page.html", &html::page(&problems).replace("<details>", "<details open>"));
    write("page-medium.html", &html::page(&problems).replace("<details>", "<details open>"));
    // No window is as narrow as a phone; a frame is.
    write("phone.html", &html::page(&problems).replacen("<details>", "<details open>", 1));
    write(
        "page-narrow.html",
        "<body style='margin:0'><iframe src='phone.html' width='390' height='1300' style='border:0'>",
    );
}

fn report(name: &str) -> Report<'static> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screenshots/reports").join(name);
    Report::parse(&std::fs::read_to_string(path.with_extension("json")).unwrap()).unwrap()
}

/// A dashboard's tile around the widget.
fn framed(theme: Theme, width: u32, widget: &str) -> String {
    let paper = if theme == Theme::Dark { "#0f1b2a" } else { "#fff" };
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"></head><body style=\"margin:0;background:{paper}\"><div style=\"width:{width}px\">{widget}</div></body></html>"
    )
}

/// A past that ends with the report's values, in a shape that fits the verdict.
fn lags(report: &Report<'_>) -> BTreeMap<String, Series> {
    let past = |group: &meerkat::report::GroupEntry<'_>| {
        let now = f64::from(u32::try_from(group.max_lag?).ok()?);
        let phase = f64::from(u32::try_from(group.group.len()).unwrap());
        let wave = |at: u32| 0.5 + 0.5 * (f64::from(at) * 0.31 + phase).sin();
        let value = |at: u32| match group.status {
            Verdict::Err => now * (f64::from(at.saturating_sub(18)) / 41.0).max(0.01 * wave(at)),
            Verdict::Warn => now * (0.1 + 0.9 * (f64::from(at) / 59.0).powi(2)) * (0.9 + 0.1 * wave(at)),
            _ => (now * 1.6 + 2.0) * (0.3 + 0.5 * wave(at) + 0.2 * wave(at * 3)),
        };
        let missing = |at: u32| group.status == Verdict::Ok && (30..33).contains(&at);
        Some(Series((0..60).map(|at| (!missing(at)).then(|| value(at))).collect()))
    };
    report.groups.iter().filter_map(|group| Some((group.group.clone().into_owned(), past(group)?))).collect()
}
