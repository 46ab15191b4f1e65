//! `fokker data`

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `fokker data`
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Download a public data set, or files of your own server, and verify every byte
    Fetch(Fetch),
    /// Say what the data at a path are: what is recognised, how many, their size and range
    Describe(DataDescribe),
}

/// Data sets that can be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataSet {
    /// 70,000 handwritten digits, 28x28, grey
    Mnist,
    /// 70,000 pieces of clothing, 28x28, grey
    FashionMnist,
    /// 60,000 photographs, 32x32, RGB
    Cifar10,
}

/// `fokker data fetch`
#[derive(Debug, ClapArgs)]
pub struct Fetch {
    /// The data set
    #[arg(value_enum, required_unless_present = "manifest", conflicts_with = "manifest")]
    pub name: Option<DataSet>,
    /// Folder for the files (default: the data set's name)
    #[arg(short, long, value_name = "DIR", required_unless_present = "name")]
    pub output: Option<PathBuf>,
    /// Fetch from below this URL, in place of the public servers; may be repeated: the next is tried if one fails
    #[arg(long, value_name = "URL")]
    pub mirror: Vec<String>,
    /// Fetch the files of this list from your own server: a line each of SHA-256, bytes and name, parted by tabs
    #[arg(long, value_name = "FILE", requires = "mirror")]
    pub manifest: Option<PathBuf>,
    /// Seconds without a byte after which a server is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
}

/// `fokker data describe`
#[derive(Debug, ClapArgs)]
pub struct DataDescribe {
    /// A folder or a file of images, or a table (.npy, .npz, .csv, .parquet)
    pub path: PathBuf,
    /// The array of an .npz archive, read as a table
    #[arg(long, value_name = "NAME")]
    pub array: Option<String>,
    /// As data.size: crop and resize image files to this many pixels a side
    #[arg(long, value_name = "PIXELS", conflicts_with = "array")]
    pub size: Option<usize>,
    /// As data.held_out: the part of the images that is held out where they have no test images
    #[arg(long, value_name = "PART", default_value_t = 0.1)]
    pub held_out: f64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
