//! What is at a place already is someone's own: it is not replaced, and links out of the folder are not followed.

use std::time::{Duration, Instant};

use super::{Site, archive, entry, manifest, noise};
use crate::util::Manner;

/// What comes to have the name while it is being fetched is someone's own, too.
#[test]
fn a_file_that_is_written_meanwhile_is_not_touched() {
    let bytes = noise(200_000, 11);
    let site = Site::new(&[("a.bin", &bytes)]);
    site.server.behave(Manner::Pause(100_000));
    let args = ["data", "fetch", "--manifest", "list.tsv", "--mirror", &site.server.url, "-o", "d"];
    let child = site.scratch.command(&args).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let (start, mut length) = (Instant::now(), 0);
    while length < 100_000 {
        assert!(start.elapsed() < Duration::from_secs(50), "{length}");
        std::thread::sleep(Duration::from_millis(5));
        length = std::fs::metadata(site.scratch.path("d/a.bin.part")).map_or(0, |metadata| metadata.len());
    }
    site.scratch.put("d/a.bin", "mine");
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("d/a.bin: another file") && said.contains("d/a.bin.part"), "{said}");
    assert_eq!(site.scratch.text("d/a.bin"), "mine");
    // All of it has arrived: without the other file nothing is asked for again.
    std::fs::remove_file(site.scratch.path("d/a.bin")).unwrap();
    site.server.asked();
    site.fetch(&[]).succeeded();
    assert!(site.scratch.read("d/a.bin") == bytes && site.server.asked().is_empty() && !site.has("a.bin.part"));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_of_the_folder() {
    use std::os::unix::fs::symlink;

    let (bytes, whole) = (noise(1000, 12), archive(&[entry("sub/b.bin", b'0', b"in the archive")]));
    let site = Site::new(&[("sub/a.bin", &bytes), ("x.tar.gz", &whole)]);
    let args = ["data", "fetch", "--manifest", "list.tsv", "--mirror", &site.server.url, "-o", "d"];
    site.scratch.put("elsewhere/b.bin", "mine");
    std::fs::create_dir(site.scratch.path("d")).unwrap();
    // A folder that is a link to another one, to a file, or to nothing.
    for target in ["../elsewhere", "../elsewhere/b.bin", "../none"] {
        symlink(target, site.scratch.path("d/sub")).unwrap();
        site.scratch.refuses(&args, &["d/sub", "is a link that leads out of the folder"]);
        std::fs::remove_file(site.scratch.path("d/sub")).unwrap();
    }
    assert_eq!(site.server.asked(), []);
    // The same for an archive alone, and for what is below the link.
    site.scratch.put("list.tsv", manifest(&[("x.tar.gz", &whole)]));
    symlink("../elsewhere", site.scratch.path("d/sub")).unwrap();
    site.fetch(&[]).one_line(2, &["d/sub", "is a link that leads out of the folder"]);
    site.scratch.put("list.tsv", manifest(&[("sub/more/a.bin", &bytes)]));
    site.scratch.refuses(&args, &["d/sub", "is a link that leads out of the folder"]);
    assert_eq!(site.scratch.text("elsewhere/b.bin"), "mine");
    std::fs::remove_file(site.scratch.path("d/sub")).unwrap();
    // Names that are links which lead nowhere, and parts that are links.
    site.scratch.put("list.tsv", manifest(&[("sub/a.bin", &bytes)]));
    std::fs::create_dir(site.scratch.path("d/sub")).unwrap();
    for name in ["a.bin", "a.bin.part"] {
        let link = site.scratch.path(&format!("d/sub/{name}"));
        let target = if name == "a.bin" { "../../elsewhere/new" } else { "../../elsewhere/b.bin" };
        symlink(target, &link).unwrap();
        site.scratch.refuses(&args, &[&format!("d/sub/{name}"), "is in the way"]);
        std::fs::remove_file(link).unwrap();
    }
    assert!(site.scratch.text("elsewhere/b.bin") == "mine" && !site.scratch.path("elsewhere/new").exists());
    // Links that stay inside are followed, and the folder itself may be one.
    std::fs::remove_dir(site.scratch.path("d/sub")).unwrap();
    std::fs::create_dir(site.scratch.path("d/real")).unwrap();
    symlink("real", site.scratch.path("d/sub")).unwrap();
    symlink("d", site.scratch.path("link")).unwrap();
    site.scratch.put("list.tsv", manifest(&[("sub/a.bin", &bytes), ("x.tar.gz", &whole)]));
    let args = ["data", "fetch", "--manifest", "list.tsv", "--mirror", &site.server.url, "-o", "link"];
    site.scratch.fokker(&args).succeeded();
    assert!(site.scratch.read("d/real/a.bin") == bytes && site.scratch.read("d/real/b.bin") == b"in the archive");
}
