//! What the pages name is there: every file and folder in the repository's own pages, in those below `docs/` and `bench/` and in the sources' comments,
//! every function that stands beside its file, every module path, every heading that is linked to.
//!
//! A path is looked up from the repository's root, from the page's own folder (a source's crate, its `src`, its folder and that of its
//! modules), and from the folders that the page says its paths are below: "Paths are below `folder`". `file: name, name` says that the file
//! defines what is named, `module::name` that the module of the library does.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

/// The library's sources, where module paths begin.
const LIBRARY: &str = "crates/fokker/src";

/// What begins so is a path of the repository, whatever it ends in.
const FOLDERS: [&str; 4] = ["crates/", "docs/", "bench/", ".ci/"];

/// What ends so is a source or a page of the repository: users' own files are of other kinds.
const KINDS: [&str; 3] = [".rs", ".py", ".md"];

/// What a definition begins with.
const KEYWORDS: [&str; 7] = ["fn", "struct", "enum", "trait", "const", "type", "mod"];

/// A page or a source, by its path below the root.
struct Text {
    path: PathBuf,
    text: String,
}

/// A piece of a text that may be a claim, and its line, from 1.
struct Piece<'a> {
    line: usize,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// Between backticks.
    Code(&'a str),
    /// A line of a block of code, a word of a comment.
    Words(&'a str),
    /// What a link leads to.
    Link(&'a str),
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The files below a folder with this ending, by name.
fn files(root: &Path, folder: &str, ending: &str) -> Vec<Text> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Text { path: path.strip_prefix(root).unwrap().into(), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// What stands between pairs of a mark in a line.
fn between<'a>(line: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once(open) {
        let Some((inside, after)) = after.split_once(close) else { break };
        found.push(inside);
        rest = after;
    }
    found
}

/// The pieces of a page.
fn of_page(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (line, content) in text.lines().enumerate().map(|(i, content)| (i + 1, content)) {
        let fence = content.trim_start().starts_with("```");
        fenced ^= fence;
        if fenced || fence || content.starts_with("    ") {
            found.push(Piece { line, kind: Kind::Words(content) });
            continue;
        }
        found.extend(between(content, "`", "`").into_iter().map(|code| Piece { line, kind: Kind::Code(code) }));
        found.extend(between(content, "](", ")").into_iter().map(|link| Piece { line, kind: Kind::Link(link) }));
    }
    found
}

/// The words of a source's comments. (Names of code in them are links, which rustdoc checks.)
fn of_source(text: &str) -> Vec<Piece<'_>> {
    let comments = text.lines().enumerate().filter(|(_, content)| content.trim_start().starts_with("//"));
    let words = comments.flat_map(|(i, content)| content.split_whitespace().map(move |word| (i + 1, word)));
    words.map(|(line, word)| Piece { line, kind: Kind::Words(word) }).collect()
}

/// A word without what stands around it. A path may begin with a point, and does not end with one.
fn bare(word: &str) -> &str {
    let around = |c: char| !(c.is_alphanumeric() || "_-/.".contains(c));
    word.trim_start_matches(around).trim_end_matches(|c| c == '.' || around(c))
}

/// Is this a path of the repository? On a page that says what its paths are below, every folder is.
fn is_path(word: &str, all_folders: bool) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let ends = KINDS.iter().any(|kind| word.strip_suffix(kind).is_some_and(|stem| !stem.is_empty()));
    let begins = FOLDERS.iter().any(|folder| word.starts_with(folder));
    plain && (ends || begins || all_folders && word.len() > 1 && word.ends_with('/'))
}

/// The folders that a page says its paths are below.
fn stated(text: &str) -> Vec<PathBuf> {
    let mut paragraphs = text.split("\n\n").filter(|paragraph| paragraph.starts_with("Paths are"));
    paragraphs.next().map_or_else(Vec::new, |paragraph| {
        paragraph
            .split("below `")
            .skip(1)
            .filter_map(|rest| rest.split_once('`'))
            .map(|(folder, _)| folder.into())
            .collect()
    })
}

/// Does a text define what is named?
fn defines(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let whole = !after.starts_with(word) && !before.ends_with(word);
        let defined =
            line.split_whitespace().last().is_some_and(|last| KEYWORDS.contains(&last)) && line.ends_with(' ');
        whole && !line.trim_start().starts_with("//") && (defined || line.contains("pub use "))
    })
}

/// The file of a module of the library.
fn module(root: &Path, names: &[&str]) -> Option<PathBuf> {
    let at = root.join(LIBRARY).join(names.join("/"));
    [at.with_extension("rs"), at.join("mod.rs")].into_iter().find(|path| path.is_file())
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|&c| c.is_alphanumeric() || "-_".contains(c)).collect()
}

/// Checks a text's claims.
struct Checker<'a> {
    root: &'a Path,
    text: &'a Text,
    /// Folders from which paths are looked up.
    folders: Vec<PathBuf>,
    all_folders: bool,
    checked: usize,
    faults: Vec<String>,
}

impl<'a> Checker<'a> {
    fn page(root: &'a Path, text: &'a Text) -> Self {
        let stated = stated(&text.text);
        let all_folders = !stated.is_empty();
        let own = [PathBuf::new(), text.path.parent().unwrap().into()];
        Self {
            root,
            text,
            folders: own.into_iter().chain(stated).collect(),
            all_folders,
            checked: 0,
            faults: Vec::new(),
        }
    }

    fn source(root: &'a Path, text: &'a Text) -> Self {
        let in_crate: PathBuf = text.path.components().take(2).collect();
        let own = text.path.parent().unwrap();
        let folders = vec![PathBuf::new(), in_crate.join("src"), in_crate, own.into(), text.path.with_extension("")];
        Self { root, text, folders, all_folders: false, checked: 0, faults: Vec::new() }
    }

    /// The number of claims, and what is wrong with them.
    fn check(mut self, pieces: Vec<Piece<'_>>) -> (usize, Vec<String>) {
        for Piece { line, kind } in pieces {
            match kind {
                Kind::Code(code) => self.code(line, code),
                Kind::Words(content) => content.split_whitespace().for_each(|word| self.word(line, word)),
                Kind::Link(target) => self.link(line, target),
            }
        }
        (self.checked, self.faults)
    }

    fn fault(&mut self, line: usize, what: &str, reason: &str) {
        self.faults.push(format!("{}:{line}: {what}: {reason}", self.text.path.display()));
    }

    /// `path`, `path: name, name`, `module::name` or a command.
    fn code(&mut self, line: usize, code: &str) {
        if let Some((path, names)) = code.split_once(": ").filter(|(path, _)| is_path(path, false)) {
            let Some(found) = self.find(path) else { return self.word(line, path) };
            let text = fs::read_to_string(&found).unwrap_or_default();
            for name in names.split(", ") {
                self.checked += 1;
                if !defines(&text, name) {
                    self.fault(line, code, &format!("{path} defines no {name}"));
                }
            }
            return;
        }
        let parts: Vec<&str> = code.split("::").collect();
        let lower =
            |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c));
        if parts.len() > 1 && parts.iter().all(lower) {
            return self.module_path(line, code, &parts);
        }
        code.split_whitespace().for_each(|word| self.word(line, word));
    }

    fn word(&mut self, line: usize, word: &str) {
        let word = bare(word);
        if is_path(word, self.all_folders) {
            self.checked += 1;
            if self.find(word).is_none() {
                self.fault(line, word, "no such file or folder");
            }
        }
    }

    /// `module::name`, perhaps with the crate's name before it.
    fn module_path(&mut self, line: usize, code: &str, parts: &[&str]) {
        let parts = if ["fokker", "crate"].contains(&parts[0]) { &parts[1..] } else { parts };
        let Some((name, modules)) = parts.split_last() else { return };
        self.checked += 1;
        let file =
            if modules.is_empty() { Some(self.root.join(LIBRARY).join("lib.rs")) } else { module(self.root, modules) };
        match file.and_then(|file| fs::read_to_string(file).ok()) {
            None => self.fault(line, code, "no such module"),
            Some(text) if !defines(&text, name) => self.fault(line, code, &format!("the module defines no {name}")),
            Some(_) => {}
        }
    }

    /// A link, which GitHub follows from the page's own folder.
    fn link(&mut self, line: usize, target: &str) {
        if target.contains("://") {
            return;
        }
        self.checked += 1;
        let (path, heading) = target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
        let text = match path {
            "" => Some(self.text.text.clone()),
            path => {
                let found = self.root.join(self.text.path.parent().unwrap()).join(path);
                found.exists().then(|| fs::read_to_string(found).unwrap_or_default())
            }
        };
        match (text, heading) {
            (None, _) => self.fault(line, target, "no such file or folder"),
            (Some(text), Some(heading)) if !headings(&text).any(|found| found == heading) => {
                self.fault(line, target, "no such heading");
            }
            _ => {}
        }
    }

    fn find(&self, path: &str) -> Option<PathBuf> {
        self.folders.iter().map(|folder| self.root.join(folder).join(path)).find(|path| path.exists())
    }
}

/// The anchors of a page's headings.
fn headings(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#')))
}

#[test]
fn what_the_pages_name_is_there() {
    let root = root();
    let read = |name: &str| Text { path: name.into(), text: fs::read_to_string(root.join(name)).unwrap() };
    let mut pages = vec![read("README.md"), read("CONTRIBUTING.md"), read("CHANGELOG.md")];
    pages.extend(["docs", "bench"].into_iter().flat_map(|folder| files(&root, folder, ".md")));
    let (mut checked, mut faults) = (0, Vec::new());
    for page in &pages {
        let (count, found) = Checker::page(&root, page).check(of_page(&page.text));
        checked += count;
        faults.extend(found);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(pages.len() > 10 && checked > 200, "{} pages, {checked} claims", pages.len());
}

#[test]
fn what_the_comments_name_is_there() {
    let root = root();
    let (mut checked, mut faults) = (0, Vec::new());
    for source in files(&root, "crates", ".rs") {
        let (count, found) = Checker::source(&root, &source).check(of_source(&source.text));
        checked += count;
        faults.extend(found);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked > 10, "{checked} claims");
}

/// A page with one fault of each kind, each on a line of its own, among claims that hold.
const WRONG: &str = "\
# A page

Paths are below `crates/fokker/src`, or below `crates`.

`stats.rs: paired`, `sde/tests.rs`, `objective/`, `docs/`, `crates/fokker/src/lib.rs`, `fokker-jet/src/lib.rs`, `.npy`, `run/model.npz`
`audit.rs`
`chunk/`
`crates/fokker/none`
`stats.rs: paired, nowhere`
`none.rs: at`
`likelihood::tests::error_follows_the_tolerance`, `fokker::objective::dsm`, `Start::AtZero`
`likelihood::tests::nowhere`
`nothing::here`
`python bench/step.py` and `python bench/none.py`

```sh
python docs/check_eval.py RUN
python docs/none.py RUN
```

    cargo run docs/nothing.md

[a](../docs/json.md) [b](json.md#auditjson-fokker-audit---json-file) [c](#a-page) [d](https://a.example/b.md)
[a](none.md)
[b](json.md#none)
[c](#none)
";

#[test]
fn what_is_not_there_is_told_with_its_line() {
    let (root, page) = (root(), Text { path: "docs/wrong.md".into(), text: WRONG.into() });
    let (_, found) = Checker::page(&root, &page).check(of_page(&page.text));
    let expected = [
        "docs/wrong.md:6: audit.rs: no such file or folder",
        "docs/wrong.md:7: chunk/: no such file or folder",
        "docs/wrong.md:8: crates/fokker/none: no such file or folder",
        "docs/wrong.md:9: stats.rs: paired, nowhere: stats.rs defines no nowhere",
        "docs/wrong.md:10: none.rs: no such file or folder",
        "docs/wrong.md:12: likelihood::tests::nowhere: the module defines no nowhere",
        "docs/wrong.md:13: nothing::here: no such module",
        "docs/wrong.md:14: bench/none.py: no such file or folder",
        "docs/wrong.md:18: docs/none.py: no such file or folder",
        "docs/wrong.md:21: docs/nothing.md: no such file or folder",
        "docs/wrong.md:24: none.md: no such file or folder",
        "docs/wrong.md:25: json.md#none: no such heading",
        "docs/wrong.md:26: #none: no such heading",
    ];
    assert_eq!(found, expected);
    // Without the sentence that says what they are below, the sources are not found, and folders are a user's own.
    let silent = Text { text: WRONG.replace("Paths are", "Some are"), ..page };
    let (_, found) = Checker::page(&root, &silent).check(of_page(&silent.text));
    assert!(found.contains(&"docs/wrong.md:5: stats.rs: no such file or folder".into()), "{found:?}");
    assert!(!found.iter().any(|fault| fault.contains("chunk/")), "{found:?}");
}

#[test]
fn comments_are_read_and_code_is_not() {
    let text = "//! As in `tests/docs.rs` (see docs/json.md).\nlet path = \"none.rs\";\n    /// Not in `nowhere/none.rs`, but here.\n";
    let (root, source) = (root(), Text { path: "crates/fokker/src/made_up.rs".into(), text: text.into() });
    let (checked, found) = Checker::source(&root, &source).check(of_source(&source.text));
    assert_eq!(checked, 3);
    assert_eq!(found, ["crates/fokker/src/made_up.rs:3: nowhere/none.rs: no such file or folder"]);
}
