//! File formats by hand: what the program reads and writes is checked against the formats, not against itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// The bytes of a row-major array of doubles in NumPy's format.
pub fn npy(shape: &[usize], values: &[f64]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size},")).collect();
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({sizes}), }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Shape and values of a row-major array in NumPy's format: doubles, or whole numbers of 8 bytes or 1.
pub fn read_npy(bytes: &[u8]) -> (Vec<usize>, Vec<f64>) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..end]).unwrap();
    assert!(header.contains("'fortran_order': False"), "{header}");
    let sizes = header.split_once("'shape': (").unwrap().1.split_once(')').unwrap().0;
    let shape: Vec<usize> =
        sizes.split(',').map(str::trim).filter(|size| !size.is_empty()).map(|size| size.parse().unwrap()).collect();
    let descr = header.split_once("'descr': '").unwrap().1.split_once('\'').unwrap().0;
    let values: Vec<f64> = match descr {
        "<f8" => bytes[end..].chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect(),
        "<i8" => bytes[end..].chunks(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()) as f64).collect(),
        "|u1" => bytes[end..].iter().map(|byte| f64::from(*byte)).collect(),
        other => panic!("element type {other}"),
    };
    assert_eq!(shape.iter().product::<usize>(), values.len(), "{header}");
    (shape, values)
}

/// The arrays of an `.npz` archive of stored entries, by name.
pub fn read_npz(bytes: &[u8]) -> BTreeMap<String, (Vec<usize>, Vec<f64>)> {
    let short = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let long = |at: usize| short(at) | short(at + 2) << 16;
    let end = bytes.len() - 22;
    assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
    let (count, mut central) = (short(end + 10), long(end + 16));
    let mut arrays = BTreeMap::new();
    for _ in 0..count {
        assert_eq!((&bytes[central..central + 4], short(central + 10)), (&b"PK\x01\x02"[..], 0));
        let (size, name_length, local) = (long(central + 24), short(central + 28), long(central + 42));
        let name = std::str::from_utf8(&bytes[central + 46..][..name_length]).unwrap();
        let start = local + 30 + short(local + 26) + short(local + 28);
        arrays.insert(name.strip_suffix(".npy").unwrap().to_owned(), read_npy(&bytes[start..start + size]));
        central += 46 + name_length + short(central + 30) + short(central + 32);
    }
    arrays
}

/// The bytes of `count` images in the IDX format, all of them different.
pub fn idx(count: usize, height: usize, width: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3];
    for size in [count, height, width] {
        bytes.extend(u32::try_from(size).unwrap().to_be_bytes());
    }
    bytes.extend((0..count * height * width).map(|at| u8::try_from(at * at % 251).unwrap()));
    bytes
}

/// A gzip file of one stored block.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    out.extend(crc32(bytes).to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

/// A PNG picture of 8-bit pixels, grey or of three channels, in stored blocks.
pub fn png(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    let kind = if pixels.len() == width * height { 0 } else { 2 };
    // Before each line stands its filter, 0 for none.
    let lines: Vec<u8> = pixels.chunks(pixels.len() / height).flat_map(|line| [&[0], line].concat()).collect();
    let length = u16::try_from(lines.len()).unwrap();
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in &lines {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let data =
        [&[0x78, 1, 1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), &lines, &(b << 16 | a).to_be_bytes()];
    let size = |size: usize| u32::try_from(size).unwrap().to_be_bytes();
    let header = [&size(width)[..], &size(height), &[8, kind, 0, 0, 0]].concat();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, body) in [(b"IHDR", header), (b"IDAT", data.concat()), (b"IEND", Vec::new())] {
        let chunk = [&name[..], &body].concat();
        out.extend([&size(body.len())[..], &chunk, &crc32(&chunk).to_be_bytes()].concat());
    }
    out
}

/// A record of CIFAR: labels, then red, green and blue planes, each of one value.
pub fn cifar(labels: &[u8], colour: [u8; 3]) -> Vec<u8> {
    labels.iter().copied().chain(colour.into_iter().flat_map(|value| [value; 1024])).collect()
}

/// The bytes of a row-major array of bytes in NumPy's format.
pub fn npy_bytes(shape: &[usize], values: &[u8]) -> Vec<u8> {
    let whole = npy(shape, &[]);
    let text = String::from_utf8_lossy(&whole[10..]).replace("<f8", "|u1");
    [&whole[..10], text.as_bytes(), values].concat()
}

pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// The header and the data of a safetensors file.
pub fn split_safetensors(bytes: &[u8]) -> (Value, Vec<u8>) {
    let size = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    (serde_json::from_slice(&bytes[8..8 + size]).unwrap(), bytes[8 + size..].to_vec())
}

/// The inverse of [`split_safetensors`].
pub fn write_safetensors(header: &Value, data: &[u8]) -> Vec<u8> {
    let mut text = header.to_string();
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes(), data].concat()
}

/// A run's config without its last line, which tells whether it was changed.
pub fn unsealed(config: &str) -> String {
    config.lines().filter(|line| !line.starts_with("# sha256 ")).map(|line| format!("{line}\n")).collect()
}

/// Copies a file, or a folder and all in it.
pub fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            copy(&path, &to.join(path.file_name().unwrap()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}
