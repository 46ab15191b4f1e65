//! 8-bit images that stay on disk: each is read where it stands when it is drawn.
//!
//! A training row is chosen uniformly from all images, by any thread, so that what is drawn follows from the seed alone. A shuffled
//! buffer filled by a worker would draw from a window of the files in an order that depends on its size; here a row is one
//! positioned read of a few kilobytes, which needs no lock and no cursor, and the operating system's page cache is the buffer:
//! files that fit in memory end up there, of larger ones as much as does. Nothing is read ahead, as no neighbour is wanted next.

use std::fs::File;
use std::io;

use super::order::Order;

/// Arrays of images on disk, one after another.
#[derive(Debug)]
pub(in crate::data) struct DiskImages {
    files: Vec<DiskArray>,
    dim: usize,
    len: usize,
}

/// An array of images in a file.
#[derive(Debug)]
struct DiskArray {
    file: File,
    /// Offset of the first value.
    start: u64,
    /// The number of images in the files before.
    first: usize,
    order: Order,
}

impl DiskImages {
    /// No images yet; each will have `dim` values.
    pub(super) fn new(dim: usize) -> Self {
        Self { files: Vec::new(), dim, len: 0 }
    }

    /// Appends `count` images, one after another from `start` on.
    pub(super) fn push(&mut self, file: File, start: u64, count: usize, order: Order) {
        self.files.push(DiskArray { file, start, first: self.len, order });
        self.len += count;
    }

    /// The number of images.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Reads image `index`, channels last.
    pub(super) fn read(&self, index: usize, image: &mut [u8]) -> io::Result<()> {
        let array = self.files.partition_point(|array| array.first <= index).checked_sub(1);
        let Some(array) = array.map(|at| &self.files[at]) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let offset = array.start + ((index - array.first) as u64) * self.dim as u64;
        read_exact_at(&array.file, image, offset)?;
        array.order.channels_last(image, &mut Vec::new());
        Ok(())
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                bytes = &mut bytes[read..];
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
