//! The page as a whole: hostile names, self-containment, structure.

use fokker::audit::{Answer, Judgement};

use super::*;

const HOSTILE: &str = "</title></svg><script src=\"https://evil.example/x.js\">alert('1')</script>&\"'\u{0}";

fn page_of(name: &str) -> Result<String, PictureError> {
    let points = (1..30).map(|i| Point { x: f64::from(i), y: f64::from(i), se: 0.5 }).collect();
    let chart = LineChart {
        title: name.into(),
        x_label: name.into(),
        y_label: name.into(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        series: vec![Series { name: name.into(), points, style: usize::MAX }],
    };
    let table = Table {
        caption: name.into(),
        header: vec![name.into(), name.into()],
        rows: vec![Row::new([name.into(), "1".into()]).best(1), Row::new([name.into()]).best(9)],
        notes: vec![name.into()],
    };
    let heat = heatmap(&[0.0, 1.0], 2, 1)?;
    let fact = Fact { label: name.into(), value: name.into(), note: name.into(), sure: true };
    let made = Made { at: std::time::SystemTime::UNIX_EPOCH, command: name.into() };
    let [word, evidence] = [name, name].map(String::from);
    let raster =
        RasterChart { title: name.into(), x_label: name.into(), y_label: name.into(), ..RasterChart::default() };
    Ok(Page::new(name)
        .made(&made, &[name.into()])
        .lead(name)
        .answers(&[Answer { question: "?", judgement: Judgement::Open, word, evidence }])
        .facts(&[fact])
        .section(name, "<p>Markup.</p>")
        .text(name)
        .table(table)
        .illustration(Illustration::svg(chart.svg(), name))
        .illustration(Illustration::svg(raster.svg(), name))
        .listing(&Listing { name, text: name })
        .section(name, &colour_bar([0.0, 1.0], name))
        .row([Illustration::image(&heat, name, name), Illustration::image(name, name, name)])
        .render())
}

#[test]
fn hostile_names_stay_text() -> Result<(), PictureError> {
    let html = page_of(HOSTILE)?;
    assert!(!html.contains("<script") && !html.contains('\0'));
    assert_eq!(html.matches("</svg>").count(), 3);
    assert_eq!(html.matches("</title>").count(), 1 + 29);
    // Hostile text ends no attribute: every quote of it is escaped.
    assert!(!html.contains("=\"https:") && !html.contains("alert('"));
    Ok(())
}

#[test]
fn nothing_is_loaded() -> Result<(), PictureError> {
    let html = page_of("plain")?.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for load in ["http://", "https://", "//", "url(", "@import", "<link", "<script", "<iframe", "href="] {
        let markup: String = html.split("base64,").map(|part| part.trim_start_matches(|c| c != '"')).collect();
        assert!(!markup.contains(load), "{load}");
    }
    assert!(html.matches("src=\"").count() == html.matches("src=\"data:image/png;base64,").count());
    Ok(())
}

#[test]
fn structure() -> Result<(), PictureError> {
    let html = page_of("plain")?;
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">") && html.ends_with("</html>\n"));
    for tag in
        ["section", "figure", "table", "tr", "th", "td", "dl", "div", "svg", "text", "p", "main", "figcaption", "g"]
    {
        let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert_eq!(html.matches("<section>").count(), 2);
    assert_eq!(html.matches("<h1>").count(), 1);
    assert_eq!(html.matches("role=\"img\" aria-label=\"plain").count(), 3);
    assert!(html.contains("width=device-width") && html.contains("prefers-color-scheme: dark"));
    Ok(())
}

#[test]
fn the_style_sheet_cannot_end_itself() {
    let html = Page::new("").render();
    assert_eq!(html.matches("</style>").count(), 1);
}
