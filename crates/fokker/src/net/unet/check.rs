//! What a U-Net cannot be, and what data it cannot take.

use fokker_jet::Shape;

use super::{Skips, UnetConfig};
use crate::net::{check_dropout, within};

/// Most pixels among which every one attends to every other: the table of weights has as many numbers squared.
const MOST_ATTENDED: usize = 4096;

/// Most parameters, roughly.
const MOST_PARAMETERS: usize = 1 << 31;

impl UnetConfig {
    /// Checks the sizes; the error is the key at fault and the reason.
    pub(in crate::net) fn validate(&self) -> Result<(), (String, String)> {
        within("network.width", self.width, 1, 65_536)?;
        if self.multipliers.is_empty() || self.multipliers.len() > 16 {
            return Err(("network.multipliers".into(), "must have between 1 and 16 levels".into()));
        }
        self.multipliers.iter().try_for_each(|&m| within("network.multipliers", m, 1, 64))?;
        within("network.blocks", self.blocks, 1, 64)?;
        within("network.groups", self.groups, 1, 65_536)?;
        check_dropout(self.dropout)?;
        let widest = self.width * self.multipliers.iter().max().unwrap_or(&1);
        // A block has two convolutions of 3 × 3, the first of up to twice as many channels on the way up.
        let parameters = 27 * widest * widest * self.multipliers.len() * 2 * (self.blocks + 1);
        if parameters > MOST_PARAMETERS {
            return Err(("network.width".into(), format!("about {parameters} parameters; at most 2^31")));
        }
        Ok(())
    }

    /// Checks that data of this shape can go through; the error is the key at fault and the reason.
    pub(in crate::net) fn check(&self, shape: Shape) -> Result<(), (String, String)> {
        if shape.pixels() == 1 {
            let reason = format!("a unet takes images, but the data is vectors of {} numbers", shape.len());
            return Err(("network.kind".into(), reason));
        }
        let Shape { height, width, .. } = shape;
        let levels = self.multipliers.len();
        let unit = 1 << (levels - 1);
        if !height.is_multiple_of(unit) || !width.is_multiple_of(unit) {
            let reason = format!("{levels} levels halve images {} times, but {height} x {width} pixels ", levels - 1)
                + "cannot be halved that often";
            return Err(("network.multipliers".into(), reason));
        }
        let attended = |level: usize| {
            let pixels = (height >> level) * (width >> level);
            let reason = || format!("a level of {pixels} pixels is to have attention, which takes {MOST_ATTENDED}");
            if pixels > MOST_ATTENDED { Err(reason()) } else { Ok(()) }
        };
        if self.skips == Skips::Each {
            attended(levels - 1).map_err(|reason| ("network.multipliers".into(), reason))?;
        }
        for &at in &self.attention {
            let Some(level) = (0..levels).find(|level| height >> level == at) else {
                let heights: Vec<_> = (0..levels).map(|level| (height >> level).to_string()).collect();
                let reason = format!("no level is {at} pixels high; the heights are {}", heights.join(", "));
                return Err(("network.attention".into(), reason));
            };
            attended(level).map_err(|reason| ("network.attention".into(), reason))?;
        }
        Ok(())
    }
}
