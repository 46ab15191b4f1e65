//! What a U-Net is made of: residual blocks, attention, resampling.

use std::f64::consts::FRAC_1_SQRT_2;

use fokker_jet::{Function, Graph, Init, NodeId, Resampling};

use super::{UnetConfig, UnetResampling};

/// ε of the normalisations.
const EPSILON: f64 = 1e-6;

/// Adds parts of a U-Net to a graph.
pub(super) struct Builder<'a> {
    pub graph: &'a mut Graph,
    pub config: &'a UnetConfig,
    /// silu of the time embedding.
    pub embedding: NodeId,
    /// Are dropout masks to be inputs of the graph?
    pub dropout: bool,
}

impl Builder<'_> {
    /// A residual block with dropout before its second convolution; resamples both branches, if it is to.
    ///
    /// h = conv1(resample(silu(norm1 x))) + time(silu e), y = shortcut(resample x) + conv2(drop(silu(norm2 h))); the shortcut is a
    /// 1 × 1 convolution where channels or pixels change, and nothing elsewhere.
    pub fn residual(&mut self, name: &str, x: NodeId, channels: usize, resampling: Option<Resampling>) -> NodeId {
        let mut h = self.norm_silu(&format!("{name}.norm1"), x);
        let mut x = x;
        if let Some(kind) = resampling {
            h = self.graph.resample(h, kind);
            x = self.graph.resample(x, kind);
        }
        let h = self.conv(&format!("{name}.conv1"), h, channels, 3, 1.0);
        let time = dense(self.graph, &format!("{name}.time"), self.embedding, channels, 1.0);
        let h = self.graph.add(h, time);
        let h = self.norm_silu(&format!("{name}.norm2"), h);
        let h = self.drop(h);
        let h = self.conv(&format!("{name}.conv2"), h, channels, 3, 0.0);
        let x = if self.graph.shape(x).channels != channels || resampling.is_some() {
            dense(self.graph, &format!("{name}.shortcut"), x, channels, 1.0)
        } else {
            x
        };
        self.sum(x, h)
    }

    /// Self-attention of all pixels with one head, if the level has it (Vaswani et al. 2017, arXiv 1706.03762):
    /// y = x + output(softmax(q kᵀ/√channels) v).
    pub fn attention(&mut self, name: &str, x: NodeId) -> NodeId {
        let shape = self.graph.shape(x);
        if !self.config.attention.contains(&shape.height) {
            return x;
        }
        self.attend(name, x)
    }

    /// Self-attention at any level.
    pub fn attend(&mut self, name: &str, x: NodeId) -> NodeId {
        let channels = self.graph.shape(x).channels;
        let name = |part: &str| format!("{name}.attention.{part}");
        let h = self.norm(&name("norm"), x);
        let [q, k, v] = ["query", "key", "value"].map(|part| dense(self.graph, &name(part), h, channels, 0.1));
        #[allow(clippy::cast_precision_loss)]
        let scores = self.graph.matmul(q, k, true, (channels as f64).sqrt().recip());
        let weights = self.graph.softmax(scores);
        let h = self.graph.matmul(weights, v, false, 1.0);
        let h = dense(self.graph, &name("output"), h, channels, 0.0);
        self.sum(x, h)
    }

    /// Half the height and width.
    pub fn halve(&mut self, name: &str, x: NodeId) -> NodeId {
        let kind = self.halving();
        self.resample(name, x, kind)
    }

    /// Twice the height and width.
    pub fn double(&mut self, name: &str, x: NodeId) -> NodeId {
        let kind = if self.config.fir { Resampling::FirUp } else { Resampling::Nearest };
        self.resample(name, x, kind)
    }

    /// The filter that halves.
    pub fn halving(&self) -> Resampling {
        if self.config.fir { Resampling::FirDown } else { Resampling::Mean }
    }

    fn resample(&mut self, name: &str, x: NodeId, kind: Resampling) -> NodeId {
        match self.config.resampling {
            UnetResampling::Residual => self.residual(name, x, self.graph.shape(x).channels, Some(kind)),
            UnetResampling::Plain => self.graph.resample(x, kind),
        }
    }

    /// silu(norm x).
    pub fn norm_silu(&mut self, name: &str, x: NodeId) -> NodeId {
        let h = self.norm(name, x);
        self.graph.map(h, Function::Silu)
    }

    fn norm(&mut self, name: &str, x: NodeId) -> NodeId {
        let groups = self.config.groups(self.graph.shape(x).channels);
        self.graph.group_norm(name, x, groups, EPSILON)
    }

    /// A convolution; see [`initialise`] for the scale.
    pub fn conv(&mut self, name: &str, x: NodeId, channels: usize, kernel: usize, scale: f64) -> NodeId {
        let inputs = self.graph.shape(x).channels;
        let node = self.graph.conv(name, x, channels, kernel);
        initialise(self.graph, node, kernel * kernel * inputs, kernel * kernel * channels, scale);
        node
    }

    /// h times a mask, which is the graph's next input; the same for all parts of a jet.
    fn drop(&mut self, h: NodeId) -> NodeId {
        if !self.dropout {
            return h;
        }
        let mask = self.graph.image_input(self.graph.shape(h));
        self.graph.mul(h, mask)
    }

    /// x + h, or (x + h)/√2.
    fn sum(&mut self, x: NodeId, h: NodeId) -> NodeId {
        self.graph.add_scaled(x, h, if self.config.rescale { FRAC_1_SQRT_2 } else { 1.0 })
    }
}

/// A dense layer at every pixel (a 1 × 1 convolution); see [`initialise`] for the scale.
pub(super) fn dense(graph: &mut Graph, name: &str, x: NodeId, channels: usize, scale: f64) -> NodeId {
    let inputs = graph.shape(x).channels;
    let node = graph.dense(name, x, channels);
    initialise(graph, node, inputs, channels, scale);
    node
}

/// Weights from U(−b, b), b² = 3 · scale/((fan in + fan out)/2) (Glorot & Bengio 2010, as in DDPM); biases 0.
#[allow(clippy::cast_precision_loss)]
fn initialise(graph: &mut Graph, node: NodeId, fan_in: usize, fan_out: usize, scale: f64) {
    let bound = (6.0 * scale / (fan_in + fan_out) as f64).sqrt();
    let weight = if scale == 0.0 { Init::Zeros } else { Init::Uniform { bound } };
    graph.initialise(node, weight, Init::Zeros);
}
