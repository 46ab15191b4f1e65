//! Files that hold far more than they weigh, and the program with little memory.

use std::process::Command;

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::{Done, Scratch};

/// Zeros in a block of a compressed stream.
const BLOCK: u64 = 1 << 20;

impl Scratch {
    /// Runs the program under a limit on its address space, in bytes.
    pub fn limited(&self, bytes: u64, args: &[&str]) -> Done {
        Done::new(args, &self.limited_command(bytes, args).output().unwrap())
    }

    /// The program under such a limit, not yet started.
    pub fn limited_command(&self, bytes: u64, args: &[&str]) -> Command {
        let program = self.command(args);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {}; exec \"$0\" \"$@\"", bytes >> 10)]);
        command.arg(program.get_program()).args(program.get_args());
        command.current_dir(self.path("")).stdin(std::process::Stdio::null()).env("RUST_BACKTRACE", "1");
        command.env("FOKKER_PROGRESS", "none");
        command
    }
}

/// A deflate stream of some bytes and zeros after them. A block that has been flushed in full can be repeated.
fn deflated(head: &[u8], zeros: u64) -> Vec<u8> {
    let block = |bytes: &[u8], flush| {
        let mut out = Vec::with_capacity(bytes.len() + 1000);
        Compress::new(Compression::best(), false).compress_vec(bytes, &mut out, flush).unwrap();
        out
    };
    let size = |zeros: u64| usize::try_from(zeros).unwrap();
    [
        block(head, FlushCompress::Full),
        block(&vec![0; size(BLOCK)], FlushCompress::Full).repeat(size(zeros / BLOCK)),
        block(&vec![0; size(zeros % BLOCK)], FlushCompress::Finish),
    ]
    .concat()
}

/// A gzip file of some bytes and zeros after them; its checksum is wrong.
pub fn gzip_of_zeros(head: &[u8], zeros: u64) -> Vec<u8> {
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], &deflated(head, zeros)[..], &[0; 8]].concat()
}

/// An archive of one entry, some bytes and zeros after them; its checksum is wrong.
pub fn zip_of_zeros(name: &str, head: &[u8], zeros: u64) -> Vec<u8> {
    let packed = deflated(head, zeros);
    let two = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
    let four = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    // Version, flags, method, time, date, checksum, sizes (the larger one as zip64 has it), length of the name.
    let common = [&[45, 0, 0, 0, 8, 0], &[0; 8][..], &four(packed.len()), &[0xff; 4], &two(name.len())].concat();
    let local = [b"PK\x03\x04", &common[..], &[0, 0], name.as_bytes(), &packed].concat();
    let extra = [&[1, 0, 8, 0], &(head.len() as u64 + zeros).to_le_bytes()[..]].concat();
    let central = [b"PK\x01\x02\x2d\0", &common[..], &two(extra.len()), &[0; 14], name.as_bytes(), &extra].concat();
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &four(central.len()), &four(local.len()), &[0, 0]].concat();
    [local, central, end].concat()
}

/// A black picture.
pub fn black_png(width: u32, height: u32) -> Vec<u8> {
    // Before each line stands its filter, 0 for none.
    let zeros = u64::from(height) * (u64::from(width) + 1);
    // Adler's sums of n zeros are 1 and n.
    let sum = u32::try_from(zeros % 65_521).unwrap() << 16 | 1;
    let data = [&[0x78, 1], &deflated(&[], zeros)[..], &sum.to_be_bytes()].concat();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, body) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", Vec::new())] {
        let (chunk, mut crc) = ([&name[..], &body].concat(), Crc::new());
        crc.update(&chunk);
        out.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        out.extend(chunk);
        out.extend(crc.sum().to_be_bytes());
    }
    out
}
