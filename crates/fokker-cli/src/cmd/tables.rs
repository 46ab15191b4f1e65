//! Help texts that name the formats of tables.

use fokker::data::table_formats;

/// A help text in which `{}` is all formats, as they are usually listed, `{name}` the same by name, and `{whole}` those that are read
/// whole, and so cannot be longer than memory.
pub fn help(text: &str) -> String {
    let shown = |ending: &str| format!(".{ending}");
    let usual: Vec<String> = table_formats().map(|format| shown(format.ending)).collect();
    let whole = table_formats().filter(|format| !format.in_pieces).map(|format| shown(format.ending));
    let whole = whole.collect::<Vec<_>>().join(" and ");
    let mut by_name = usual.clone();
    by_name.sort();
    text.replace("{}", &usual.join(", ")).replace("{name}", &by_name.join(", ")).replace("{whole}", &whole)
}

#[cfg(test)]
mod tests {
    #[test]
    fn formats_are_listed() {
        let text = super::help("rows ({}; all but {whole}); a file ({name})");
        assert_eq!(
            text,
            "rows (.npy, .npz, .csv, .tsv, .parquet, .csv.gz, .tsv.gz; all but .npz); a file (.csv, .csv.gz, .npy, .npz, .parquet, .tsv, .tsv.gz)"
        );
    }
}
