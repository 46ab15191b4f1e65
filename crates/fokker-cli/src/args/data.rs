//! `fokker data`: what can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// `fokker data`
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Say what the data at a path are: what is recognised, how many, their size and range
    Describe(DataDescribe),
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
