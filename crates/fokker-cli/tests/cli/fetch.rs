//! `fokker data fetch`, from a server on this machine.

mod taken;

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::util::{Done, Manner, Scratch, Server, gzip, idx};

/// Bytes that do not repeat soon.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn manifest(files: &[(&str, &[u8])]) -> String {
    files.iter().map(|(name, bytes)| format!("{}\t{}\t{name}\n", sha256(bytes), bytes.len())).collect()
}

/// A folder with the list of some files, and their server.
struct Site {
    scratch: Scratch,
    server: Server,
}

impl Site {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let scratch = Scratch::new();
        scratch.put("list.tsv", manifest(files));
        Self { scratch, server: Server::new(files) }
    }

    fn fetch(&self, more: &[&str]) -> Done {
        let args = ["data", "fetch", "--manifest", "list.tsv", "--mirror", &self.server.url, "-o", "d"];
        self.scratch.fokker(&[&args, more].concat())
    }

    fn has(&self, name: &str) -> bool {
        self.scratch.path("d").join(name).exists()
    }
}

#[test]
fn files_arrive_whole_and_are_not_fetched_twice() {
    let images = gzip(&idx(40, 6, 6));
    let files: [(&str, &[u8]); 3] =
        [("train-images-idx3-ubyte.gz", &images), ("sub/t10k.gz", &noise(300_000, 1)), ("empty", b"")];
    let site = Site::new(&files);
    let done = site.fetch(&[]).succeeded();
    for (name, bytes) in files {
        assert_eq!(site.scratch.read(&format!("d/{name}")), bytes, "{name}");
        assert!(done.stdout.contains(&format!("d/{name}: fetched, {} bytes", bytes.len())), "{done}");
    }
    assert!(done.stdout.ends_with("next: fokker data describe d\n"), "{done}");
    assert!(site.server.asked().iter().all(|(_, range)| range.is_none()));
    let before = site.scratch.contents();
    let again = site.fetch(&[]).succeeded();
    assert_eq!(again.stdout.matches("already there, SHA-256 verified").count(), 3, "{again}");
    assert_eq!(site.server.asked(), []);
    assert!(before == site.scratch.contents());
    // One is gone, one is there.
    std::fs::remove_file(site.scratch.path("d/sub/t10k.gz")).unwrap();
    let again = site.fetch(&[]).succeeded();
    assert!(
        again.stdout.contains("d/sub/t10k.gz: fetched") && again.stdout.contains("ubyte.gz: already there"),
        "{again}"
    );
}

#[test]
fn an_interrupted_download_goes_on_where_it_stopped() {
    let bytes = noise(500_000, 2);
    let site = Site::new(&[("a.bin", &bytes)]);
    site.server.behave(Manner::Cut(200_000));
    let kept = "200000 of 500000 bytes are kept in d/a.bin.part: the same command goes on";
    site.fetch(&[]).one_line(1, &[&site.server.url, "a.bin", "after 200000 of 500000 bytes", kept]);
    assert!(!site.has("a.bin") && site.scratch.read("d/a.bin.part") == bytes[..200_000]);
    // A second time, further on.
    site.fetch(&[]).one_line(1, &["400000 of 500000 bytes are kept"]);
    site.server.behave(Manner::Well);
    site.fetch(&[]).succeeded();
    let name = || "a.bin".to_owned();
    assert_eq!(site.server.asked(), [(name(), None), (name(), Some(200_000)), (name(), Some(400_000))]);
    assert!(site.scratch.read("d/a.bin") == bytes && !site.has("a.bin.part"));
}

#[test]
fn a_killed_download_goes_on_where_it_stopped() {
    let bytes = noise(700_000, 3);
    let site = Site::new(&[("a.bin", &bytes)]);
    site.server.behave(Manner::Stall(300_000));
    let args = ["data", "fetch", "--manifest", "list.tsv", "--mirror", &site.server.url, "-o", "d"];
    let mut child = site.scratch.command(&args).stderr(std::process::Stdio::null()).spawn().unwrap();
    let part = site.scratch.path("d/a.bin.part");
    let (start, mut length) = (Instant::now(), 0);
    while length < 300_000 {
        assert!(start.elapsed() < Duration::from_secs(50), "{length}");
        std::thread::sleep(Duration::from_millis(10));
        length = std::fs::metadata(&part).map_or(0, |metadata| metadata.len());
    }
    // While it runs, another one keeps away.
    site.fetch(&[]).one_line(1, &["d/a.bin.part", "another process"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!site.has("a.bin") && site.scratch.read("d/a.bin.part") == bytes[..300_000]);
    site.server.behave(Manner::Well);
    site.server.asked();
    site.fetch(&[]).succeeded();
    assert_eq!(site.server.asked(), [("a.bin".to_owned(), Some(300_000))]);
    assert!(site.scratch.read("d/a.bin") == bytes);
}

#[test]
fn servers_without_ranges_start_over() {
    let bytes = noise(100_000, 4);
    for manner in [Manner::NoRanges, Manner::WrongRange] {
        let site = Site::new(&[("a.bin", &bytes)]);
        // What is kept is of no use: the whole file must come anew, and right.
        site.scratch.put("d/a.bin.part", noise(30_000, 99));
        site.server.behave(manner);
        site.fetch(&[]).succeeded();
        assert!(site.scratch.read("d/a.bin") == bytes, "{manner:?}");
        assert_eq!(site.server.asked()[0], ("a.bin".to_owned(), Some(30_000)));
    }
}

#[test]
fn parts_of_another_file_do_no_harm() {
    let bytes = noise(100_000, 5);
    // The beginning of another file, a whole other file, and one longer than the file is.
    for length in [50_000, 100_000, 150_000] {
        let site = Site::new(&[("a.bin", &bytes)]);
        site.scratch.put("d/a.bin.part", noise(length, 99));
        let done = site.fetch(&[]);
        if length == 50_000 {
            done.one_line(1, &["wrong SHA-256: expected", &sha256(&bytes), "the same command goes on"]);
            assert!(!site.has("a.bin.part"));
            site.fetch(&[]).succeeded();
        } else {
            done.succeeded();
        }
        assert!(site.scratch.read("d/a.bin") == bytes, "{length}");
    }
    // All of it had arrived: no server is asked.
    let site = Site::new(&[("a.bin", &bytes)]);
    site.scratch.put("d/a.bin.part", &bytes);
    site.fetch(&[]).succeeded();
    assert_eq!(site.server.asked(), []);
}

#[test]
fn wrong_bytes_are_refused() {
    let bytes = noise(100_000, 6);
    let site = Site::new(&[("a.bin", &bytes)]);
    let mut other = bytes.clone();
    other[0] ^= 1;
    site.server.behave(Manner::Corrupted);
    site.fetch(&[]).one_line(1, &["a.bin", "wrong SHA-256: expected", &sha256(&bytes), "actual", &sha256(&other)]);
    assert!(!site.has("a.bin") && !site.has("a.bin.part"));
    // Too short, too long by what the server says, and without saying.
    let short = Server::new(&[("a.bin", &bytes[1..])]);
    let args =
        |url: &str| site.scratch.fokker(&["data", "fetch", "--manifest", "list.tsv", "--mirror", url, "-o", "d"]);
    args(&short.url).one_line(1, &["sends 99999 bytes, expected 100000"]);
    let long = Server::new(&[("a.bin", &noise(100_001, 6))]);
    args(&long.url).one_line(1, &["sends 100001 bytes, expected 100000"]);
    assert!(!site.has("a.bin") && !site.has("a.bin.part"));
    site.server.behave(Manner::TooLong);
    site.fetch(&[]).succeeded();
    assert!(site.scratch.read("d/a.bin") == bytes);
}

#[test]
fn offline_missing_and_silent_servers() {
    let bytes = noise(50_000, 7);
    let site = Site::new(&[("a.bin", &bytes), ("b.bin", &bytes[1..])]);
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    let offline = ["data", "fetch", "--manifest", "list.tsv", "-o", "d", "--mirror", &url];
    let done = site.scratch.fokker(&offline);
    done.one_line(1, &[&format!("{url}/a.bin: connection refused"), "the same command goes on"]);
    assert_eq!(done.stdout, "");
    site.server.behave(Manner::Missing);
    site.fetch(&[]).one_line(1, &[&format!("{}/a.bin: HTTP 404 Not Found", site.server.url)]);
    site.server.behave(Manner::Silent);
    site.fetch(&[]).one_line(1, &["a.bin: "]);
    site.server.behave(Manner::Stall(20_000));
    let start = Instant::now();
    site.fetch(&["--timeout", "1"]).one_line(1, &["no answer within 1 s", "after 20000 of 50000 bytes", "are kept in"]);
    assert!(start.elapsed() < Duration::from_secs(30));
    // The first file is whole before the second fails.
    let half = Server::new(&[("a.bin", &bytes)]);
    let args = ["data", "fetch", "--manifest", "list.tsv", "--mirror", &half.url, "-o", "d"];
    site.scratch.fokker(&args).one_line(1, &["b.bin: HTTP 404", "files that are whole are kept"]);
    assert!(site.scratch.read("d/a.bin") == bytes && !site.has("b.bin.part"));
    // A public data set by way of a mirror that has none of it.
    site.server.behave(Manner::Well);
    let args = ["data", "fetch", "mnist", "--mirror", &site.server.url];
    site.scratch.fokker(&args).one_line(1, &[&format!("{}/train-images-idx3-ubyte.gz: HTTP 404", site.server.url)]);
}

#[test]
fn the_next_mirror_is_tried() {
    let bytes = noise(90_000, 10);
    for (manner, resumed) in [(Manner::Missing, None), (Manner::Corrupted, None), (Manner::Cut(40_000), Some(40_000))] {
        let site = Site::new(&[("a.bin", &bytes)]);
        let second = Server::new(&[("a.bin", &bytes)]);
        site.server.behave(manner);
        site.fetch(&["--mirror", &second.url]).succeeded();
        assert!(site.scratch.read("d/a.bin") == bytes);
        assert_eq!((site.server.asked().len(), second.asked()), (1, vec![("a.bin".to_owned(), resumed)]), "{manner:?}");
        // Both fail: both are named.
        second.behave(Manner::Missing);
        site.scratch.put("list.tsv", manifest(&[("b.bin", &bytes)]));
        let parts = [&format!("{}/b.bin", site.server.url)[..], &format!("{}/b.bin", second.url)];
        site.fetch(&["--mirror", &second.url]).one_line(1, &parts);
    }
}

#[test]
fn another_file_of_the_name_is_not_touched() {
    let site = Site::new(&[("a.bin", b"right")]);
    for (content, reason) in [("wrong", "wrong SHA-256"), ("longer", "expected 5 bytes, actual 6")] {
        site.scratch.put("d/a.bin", content);
        let args = ["data", "fetch", "--manifest", "list.tsv", "--mirror", &site.server.url, "-o", "d"];
        site.scratch.refuses(&args, &["d/a.bin", "another file", reason, "delete it"]);
    }
    assert_eq!(site.server.asked(), []);
}

/// An entry of a tar archive.
fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut block = vec![0_u8; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar  \0");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block.extend(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    gzip(&[entries.concat(), vec![0; 1024]].concat())
}

#[test]
fn archives_are_unpacked() {
    let (one, two) = (noise(3073, 8), noise(6146, 9));
    let whole = archive(&[
        entry("cifar-10-batches-bin/", b'5', b""),
        entry("cifar-10-batches-bin/data_batch_1.bin", b'0', &one),
        entry("cifar-10-batches-bin/test_batch.bin", b'0', &two),
    ]);
    let site = Site::new(&[("cifar.tar.gz", &whole)]);
    let done = site.fetch(&[]).succeeded();
    assert!(done.stdout.contains("d/cifar.tar.gz: 2 files, 2 of them unpacked anew"), "{done}");
    assert!(done.stdout.ends_with("next: fokker data describe d/cifar-10-batches-bin\n"), "{done}");
    assert!(site.scratch.read("d/cifar-10-batches-bin/data_batch_1.bin") == one);
    // A file that is lost comes back; one that is another may be someone's own.
    std::fs::remove_file(site.scratch.path("d/cifar-10-batches-bin/data_batch_1.bin")).unwrap();
    assert!(site.fetch(&[]).succeeded().stdout.contains("2 files, 1 of them unpacked anew"));
    let test = "d/cifar-10-batches-bin/test_batch.bin";
    for own in [b"short".to_vec(), noise(6146, 99)] {
        site.scratch.put(test, &own);
        std::fs::remove_file(site.scratch.path("d/cifar-10-batches-bin/data_batch_1.bin")).unwrap_or_default();
        site.fetch(&[]).one_line(2, &[test, "another file", "d/cifar.tar.gz", "delete it", "nothing was unpacked"]);
        assert!(site.scratch.read(test) == own && !site.has("cifar-10-batches-bin/data_batch_1.bin"));
    }
    std::fs::remove_file(site.scratch.path(test)).unwrap();
    site.fetch(&[]).succeeded();
    assert!(site.scratch.read(test) == two);
    assert!(site.fetch(&[]).succeeded().stdout.contains("2 files, 0 of them unpacked anew"));
}

#[test]
fn hostile_archives_write_nothing() {
    for (name, kind) in [("../evil", b'0'), ("/tmp/evil", b'0'), ("a/../../evil", b'0'), ("evil", b'2'), ("evil", b'1')]
    {
        let whole = archive(&[entry("good.bin", b'0', b"good"), entry(name, kind, b"")]);
        let site = Site::new(&[("x.tar.gz", &whole)]);
        site.fetch(&[]).one_line(1, &["d/x.tar.gz: holds", name, "nothing was unpacked"]);
        assert!(!site.has("good.bin") && !site.has("evil") && !site.scratch.path("evil").exists());
    }
    let site = Site::new(&[("x.tar.gz", &gzip(b"no archive"))]);
    site.fetch(&[]).one_line(1, &["d/x.tar.gz: is no whole tar archive"]);
}

#[test]
fn requests_that_make_no_sense() {
    let scratch = Scratch::new();
    scratch.put("file", "x");
    scratch.put("good.tsv", manifest(&[("a", b"x")]));
    let fetch = |more: &[&str], parts: &[&str]| scratch.refuses(&[&["data", "fetch"], more].concat(), parts);
    let own = ["--manifest", "good.tsv", "--mirror", "http://127.0.0.1:1"];
    fetch(&["imagenet"], &["'imagenet'", "mnist, fashion-mnist, cifar10"]);
    fetch(&[], &["required arguments were not provided"]);
    fetch(&["mnist", "-o", "file"], &["-o file", "is a file"]);
    fetch(&[&own[..], &["-o", "file"]].concat(), &["-o file", "is a file"]);
    fetch(&[&own[..], &["-o", ""]].concat(), &["-o"]);
    fetch(&own, &["--output <DIR>"]);
    fetch(&["--manifest", "good.tsv", "-o", "d"], &["--mirror <URL>"]);
    fetch(&["mnist", "--manifest", "good.tsv", "--mirror", "http://127.0.0.1:1"], &["cannot be used with"]);
    for url in ["127.0.0.1", "ftp://a.example/", "http://", "file:///etc"] {
        fetch(&["mnist", "--mirror", url], &["--mirror", url, "http://"]);
    }
    for timeout in ["0", "-1", "x"] {
        fetch(&["mnist", "--timeout", timeout], &[timeout]);
    }
    for (text, reason) in [
        ("", "names no file"),
        ("abc\t1\ta\n", "line 1: a SHA-256 has 64"),
        (&manifest(&[("../a", b"x")]), "plain name"),
        (&manifest(&[("a", b"x"), ("a", b"x")]), "line 2: \"a\" is there twice"),
    ] {
        scratch.put("bad.tsv", text);
        fetch(&["--manifest", "bad.tsv", "--mirror", "http://127.0.0.1:1", "-o", "d"], &["--manifest bad.tsv", reason]);
    }
    fetch(&["--manifest", "none.tsv", "--mirror", "http://127.0.0.1:1", "-o", "d"], &["--manifest none.tsv"]);
}
