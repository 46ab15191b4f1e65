//! What is fetched, and from where: the public data sets, or a list of one's own.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;

use super::manifest;
use super::remote_file::RemoteFile;
use crate::fail::request;

/// Data sets that can be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DataSet {
    /// 70,000 handwritten digits, 28x28, grey
    Mnist,
    /// 70,000 pieces of clothing, 28x28, grey
    FashionMnist,
    /// 60,000 photographs, 32x32, RGB
    Cifar10,
}

/// Everything that a request asks for.
pub struct Source {
    /// The files, in the order in which they are fetched.
    pub files: Vec<RemoteFile>,
    /// Base URLs, each with a slash at its end, in the order in which they are tried.
    pub mirrors: Vec<String>,
    /// Where the files go.
    pub folder: PathBuf,
}

/// A public data set: its servers and its files.
struct Public {
    mirrors: &'static [&'static str],
    files: &'static [(&'static str, u64, &'static str)],
}

// Sizes and sums are those of TensorFlow Datasets (github.com/tensorflow/datasets, tensorflow_datasets/url_checksums: mnist.txt,
// fashion_mnist.txt, cifar10.txt), which took them from the same servers.

/// LeCun, Cortes & Burges, *The MNIST database of handwritten digits*.
const MNIST: Public = Public {
    mirrors: &["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
    files: &[
        ("train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        ("train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ],
};

/// Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747.
const FASHION_MNIST: Public = Public {
    mirrors: &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    files: &[
        ("train-images-idx3-ubyte.gz", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        ("train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        ("t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        ("t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ],
};

/// Krizhevsky 2009, *Learning multiple layers of features from tiny images*.
const CIFAR10: Public = Public {
    mirrors: &["https://www.cs.toronto.edu/~kriz/"],
    files: &[(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    )],
};

impl Source {
    /// A data set, or the files of a list, from the public servers or from `mirrors`, into a folder; nothing is fetched yet.
    pub fn new(
        data_set: Option<DataSet>, list: Option<&Path>, mirrors: &[String], output: Option<&Path>,
    ) -> Result<Self> {
        let own = mirrors.iter().map(|url| base_url(url)).collect::<Result<Vec<_>>>()?;
        let (files, mirrors) = match (data_set, list) {
            (Some(name), _) => {
                let public = public(name);
                let file = |&(name, bytes, sha256): &(&str, u64, &str)| RemoteFile {
                    name: name.into(),
                    bytes,
                    sha256: sha256.into(),
                };
                (public.files.iter().map(file).collect(), public.mirrors.iter().map(|&url| url.into()).collect())
            }
            (None, Some(path)) => (manifest::read(path)?, Vec::new()),
            (None, None) => return Err(request("data fetch: a data set or --manifest is needed")),
        };
        let name = data_set.and_then(|name| name.to_possible_value()).map(|value| value.get_name().to_owned());
        let folder = match (output, name) {
            (Some(folder), _) if folder.as_os_str().is_empty() => {
                return Err(request("-o: the name of a folder is needed"));
            }
            (Some(folder), _) => folder.to_path_buf(),
            (None, name) => PathBuf::from(name.ok_or_else(|| request("data fetch: -o DIR is needed"))?),
        };
        Ok(Self { files, mirrors: if own.is_empty() { mirrors } else { own }, folder })
    }
}

fn public(name: DataSet) -> &'static Public {
    match name {
        DataSet::Mnist => &MNIST,
        DataSet::FashionMnist => &FASHION_MNIST,
        DataSet::Cifar10 => &CIFAR10,
    }
}

/// Checks a URL, and ends it with a slash.
fn base_url(text: &str) -> Result<String> {
    let uri: Option<ureq::http::Uri> = text.parse().ok();
    let known = uri.as_ref().and_then(|uri| uri.scheme_str()).is_some_and(|scheme| ["http", "https"].contains(&scheme));
    if !known || uri.as_ref().and_then(|uri| uri.host()).is_none_or(str::is_empty) || text.contains(['?', '#']) {
        return Err(request(format!(
            "--mirror {text}: a URL that begins with http:// or https:// and has no ? or # is needed"
        )));
    }
    Ok(format!("{}/", text.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        for set in [MNIST, FASHION_MNIST, CIFAR10] {
            assert!(set.mirrors.iter().all(|url| base_url(url).unwrap() == *url));
            for (name, bytes, sha256) in set.files {
                let line = format!("{sha256}\t{bytes}\t{name}\n");
                let file = RemoteFile { name: (*name).into(), bytes: *bytes, sha256: (*sha256).into() };
                assert_eq!(manifest::parse(&line).unwrap(), [file]);
            }
        }
    }

    #[test]
    fn urls() {
        assert_eq!(base_url("http://127.0.0.1:80").unwrap(), "http://127.0.0.1:80/");
        assert_eq!(base_url("https://a.example/x/").unwrap(), "https://a.example/x/");
        for wrong in ["", "a.example", "ftp://a.example/", "http://", "file:///etc/passwd", "http://a/?b", "http:// a/"]
        {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }
}
