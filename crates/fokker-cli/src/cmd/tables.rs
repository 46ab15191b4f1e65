//! The formats of tables, as help texts and errors name them.

use fokker::data::table_formats;

/// In the order in which they are usually listed: `.npy, .npz, .csv, .parquet`.
pub fn readable() -> String {
    table_formats().map(|format| format!(".{}", format.ending)).collect::<Vec<_>>().join(", ")
}

/// By name, with `or` before the last of them and of `more`: `.csv, .npy, .npz or .parquet`.
pub fn writable(more: &[&str]) -> String {
    let mut all = by_name();
    all.extend(more.iter().map(|&ending| format!(".{ending}")));
    let last = all.pop().unwrap_or_default();
    format!("{} or {last}", all.join(", "))
}

/// By name: `.csv, .npy, .npz, .parquet`.
pub fn listed() -> String {
    by_name().join(", ")
}

/// Those that are read whole, and so not longer than memory: `.npz`.
pub fn read_whole() -> String {
    let whole = table_formats().filter(|format| !format.in_pieces);
    whole.map(|format| format!(".{}", format.ending)).collect::<Vec<_>>().join(" and ")
}

fn by_name() -> Vec<String> {
    let mut all: Vec<String> = table_formats().map(|format| format!(".{}", format.ending)).collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_listed_as_ever() {
        assert_eq!(readable(), ".npy, .npz, .csv, .parquet");
        assert_eq!(writable(&[]), ".csv, .npy, .npz or .parquet");
        assert_eq!(writable(&["png"]), ".csv, .npy, .npz, .parquet or .png");
        assert_eq!((listed().as_str(), read_whole().as_str()), (".csv, .npy, .npz, .parquet", ".npz"));
    }
}
