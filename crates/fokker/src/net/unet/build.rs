//! The levels of a U-Net, down and up.

use fokker_jet::{Function, Graph, NodeId};

use super::block::{Builder, dense};
use super::{Skips, UnetConfig};
use crate::net::Output;

/// Adds a U-Net to a graph, from images x and time features to images of x's shape, or to one number. With `dropout`, a mask for each residual
/// block becomes an input of the graph; the parameters are the same.
pub(in crate::net) fn build(
    config: &UnetConfig, graph: &mut Graph, x: NodeId, features: NodeId, dropout: bool,
) -> NodeId {
    let embedding = dense(graph, "embedding.0", features, 4 * config.width, 1.0);
    let embedding = graph.map(embedding, Function::Silu);
    let embedding = dense(graph, "embedding.1", embedding, 4 * config.width, 1.0);
    let embedding = graph.map(embedding, Function::Silu);
    let mut b = Builder { graph, config, embedding, dropout };

    let h = b.conv("input", x, config.width, 3, 1.0);
    let mut skips = Vec::new();
    let h = down(&mut b, x, h, &mut skips);
    let h = middle(&mut b, h);
    let h = up(&mut b, h, &mut skips);

    let h = b.norm_silu("norm", h);
    match config.output {
        Output::Score => {
            let channels = b.graph.shape(x).channels;
            b.conv("output", h, channels, 3, 0.0)
        }
        // A sum, not a mean: each pixel's part of the score is then of the size that it has in a score network, however many there are.
        Output::Energy => {
            let h = b.conv("output", h, 1, 3, 0.0);
            b.graph.sum(h, 1.0)
        }
    }
}

/// Levels that are gone through on the way down, and again on the way up.
fn levels(config: &UnetConfig) -> usize {
    match config.skips {
        Skips::Each => config.multipliers.len(),
        // The lowest level is the middle.
        Skips::Level => config.multipliers.len() - 1,
    }
}

fn down(b: &mut Builder<'_>, x: NodeId, h: NodeId, skips: &mut Vec<NodeId>) -> NodeId {
    let config = b.config;
    let each = config.skips == Skips::Each;
    let (mut h, mut pyramid) = (h, x);
    if each {
        skips.push(h);
    }
    for level in 0..levels(config) {
        for block in 0..config.blocks {
            let name = format!("down.{level}.{block}");
            h = b.residual(&name, h, config.channels(level), None);
            h = b.attention(&name, h);
            if each {
                skips.push(h);
            }
        }
        if level + 1 == config.multipliers.len() {
            break;
        }
        if !each {
            skips.push(h);
        }
        h = b.halve(&format!("down.{level}.resample"), h);
        if config.input_pyramid {
            pyramid = b.graph.resample(pyramid, b.halving());
            let channels = b.graph.shape(h).channels;
            let term = dense(b.graph, &format!("down.{level}.pyramid"), pyramid, channels, 1.0);
            h = b.graph.add(h, term);
        }
        if each {
            skips.push(h);
        }
    }
    h
}

fn middle(b: &mut Builder<'_>, h: NodeId) -> NodeId {
    let config = b.config;
    let channels = config.channels(config.multipliers.len() - 1);
    match config.skips {
        Skips::Each => {
            let h = b.residual("middle.0", h, channels, None);
            let h = b.attend("middle.0", h);
            b.residual("middle.1", h, channels, None)
        }
        Skips::Level => (0..config.blocks).fold(h, |h, block| {
            let name = format!("middle.{block}");
            let h = b.residual(&name, h, channels, None);
            b.attention(&name, h)
        }),
    }
}

fn up(b: &mut Builder<'_>, h: NodeId, skips: &mut Vec<NodeId>) -> NodeId {
    let config = b.config;
    let each = config.skips == Skips::Each;
    let mut h = h;
    for level in (0..levels(config)).rev() {
        if level + 1 < config.multipliers.len() {
            h = b.double(&format!("up.{}.resample", level + 1), h);
        }
        let last = config.blocks - usize::from(!each);
        for block in 0..=last {
            if each || block == 0 {
                let skip = skips.pop();
                h = b.graph.concat(&[&[h][..], skip.as_slice()].concat());
            }
            let name = format!("up.{level}.{block}");
            h = b.residual(&name, h, config.channels(level), None);
            if block == last {
                h = b.attention(&name, h);
            }
        }
    }
    h
}
