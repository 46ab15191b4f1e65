//! As much of the zip format as `.npz` archives use: stored and deflated entries, zip64, checksums.
//!
//! Layout: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.
//!
//! The crate `zip` (9.4.1) does not do in its place. Its `ZipArchive` takes memory for as many entries as an archive says that it has
//! (some hundreds of bytes for each 46 of a file, which may be sparse) before it reads the first of them, so that no budget can refuse
//! it, and keeps entries by their names, of which it forgets all but the last where one is repeated; its reader without these faults,
//! `ZipIterable`, is declared unstable. What is written must be the same bytes as ever, which its writer does not promise.

mod layout;
pub(super) mod read;
pub(super) mod write;
