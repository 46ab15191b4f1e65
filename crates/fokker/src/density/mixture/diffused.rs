//! The mixture at one time, q_t, and its derivatives at a point. Notation: the parent module.

use super::build::Mixture;
use super::component::{Component, add_scaled, dot};
use crate::sde::{Coefficients, LN_2PI};

impl Mixture {
    /// The marginal q_t = Σ wₖ N(m μₖ, m² Cₖ + σ² I) of the forward SDE started from this mixture
    /// (the kernel of Song et al. 2021, arXiv 2011.13456, equation 29, applied to each component).
    ///
    /// ```
    /// use fokker::density::mixture::Mixture;
    /// use fokker::sde::Sde;
    /// let mixture = Mixture::isotropic(&[1.0], &[vec![0.0]], 1.0)?;
    /// let q = mixture.diffused(&Sde::vp().at(0.5)); // N(0, 1) is what VP keeps
    /// assert!((q.log_density(&[0.0]) + 0.5 * (2.0 * std::f64::consts::PI).ln()).abs() < 1e-12);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    #[must_use]
    pub fn diffused(&self, c: &Coefficients) -> Diffused<'_> {
        let blurs = self.components.iter().map(|component| Blur::new(component, c)).collect();
        Diffused { dim: self.dim, m: c.m, dm: c.dm, blurs }
    }
}

/// A [`Mixture`] diffused to one time t: q_t and everything about its score, exactly.
///
/// Built by [`Mixture::diffused`] in O(K D). Each method takes one point `x` of length D and costs
/// O(K D²), or O(K D) for round components. Slices must have the lengths stated: debug builds
/// check it, release builds give unspecified values otherwise.
///
/// ```
/// use fokker::density::mixture::Mixture;
/// use fokker::sde::Sde;
/// // One Gaussian: s = −P (x − m μ), so J v = −P v whatever x is.
/// let mixture = Mixture::isotropic(&[1.0], &[vec![1.0, 2.0]], 1.0)?;
/// let mut jv = [0.0; 2];
/// mixture.diffused(&Sde::vp().at(0.1)).jvp(&[0.3, 0.4], &[1.0, -2.0], &mut jv);
/// assert!((jv[0] + 1.0).abs() < 1e-12 && (jv[1] - 2.0).abs() < 1e-12);
/// # Ok::<(), fokker::density::mixture::MixtureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Diffused<'a> {
    dim: usize,
    m: f64,
    dm: f64,
    blurs: Vec<Blur<'a>>,
}

/// One diffused component.
#[derive(Clone, Debug)]
struct Blur<'a> {
    component: &'a Component,
    /// Eigenvalues d = m² λ + σ².
    variances: Vec<f64>,
    /// dd/dt = 2 m ṁ λ + 2 σ σ̇.
    rates: Vec<f64>,
    /// ln w − ½ Σ ln d − ½ D ln 2π.
    log_norm: f64,
    /// tr P.
    trace: f64,
}

impl<'a> Blur<'a> {
    fn new(component: &'a Component, c: &Coefficients) -> Self {
        let lambda = component.variances.iter();
        let variances: Vec<f64> = lambda.clone().map(|l| c.m * c.m * l + c.sigma * c.sigma).collect();
        let rates = lambda.map(|l| 2.0 * (c.m * c.dm * l + c.sigma * c.dsigma)).collect();
        let log_volume: f64 = variances.iter().map(|d| d.ln() + LN_2PI).sum();
        let trace = variances.iter().map(|d| d.recip()).sum();
        let log_norm = component.weight.ln() - 0.5 * log_volume;
        Self { component, variances, rates, log_norm, trace }
    }

    /// Qᵀ v / d, the axes' coordinates of P v, into `out`.
    fn whiten(&self, v: &[f64], out: &mut [f64]) {
        self.component.to_axes(v, out);
        out.iter_mut().zip(&self.variances).for_each(|(o, d)| *o /= d);
    }

    /// The entries of (y, d, ḋ, Qᵀμ), in the axes.
    fn entries<'s>(&'s self, y: &'s [f64]) -> impl Iterator<Item = [f64; 4]> + 's {
        y.iter()
            .zip(&self.variances)
            .zip(&self.rates)
            .zip(&self.component.mean_in_axes)
            .map(|(((&y, &d), &rate), &mean)| [y, d, rate, mean])
    }

    /// ∂_t ln N of this component; ẏ = −ṁ Qᵀμ.
    fn log_rate(&self, y: &[f64], dm: f64) -> f64 {
        self.entries(y).map(|[y, d, rate, mean]| 0.5 * rate / d * (y * y / d - 1.0) + y * dm * mean / d).sum()
    }
}

/// What every derivative at a point starts from.
struct Local {
    /// Responsibilities r (K).
    weights: Vec<f64>,
    /// y = Qᵀ (x − m μ) for each component (K·D).
    offsets: Vec<f64>,
    /// s (D).
    score: Vec<f64>,
    /// c = g − s for each component (K·D).
    centred: Vec<f64>,
}

impl Diffused<'_> {
    /// ln q_t(x) in nats, for `x` of length D.
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::ring(6, 1.0, 0.1)?;
    /// let q = mixture.diffused(&Sde::ve().at(0.3));
    /// assert!(q.log_density(&[1.0, 0.0]) > q.log_density(&[9.0, 0.0]));
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    #[must_use]
    pub fn log_density(&self, x: &[f64]) -> f64 {
        self.responsibilities(x).0
    }

    /// The score s = ∇ ln q_t = Σ r g into `out` (D).
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::ring(6, 1.0, 0.1)?;
    /// let mut s = [1.0; 2];
    /// mixture.diffused(&Sde::vp().at(0.3)).score(&[0.0, 0.0], &mut s);
    /// assert!(s[0].abs() < 1e-12 && s[1].abs() < 1e-12); // by symmetry
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn score(&self, x: &[f64], out: &mut [f64]) {
        debug_assert_eq!(out.len(), self.dim);
        let local = self.local(x);
        out.iter_mut().zip(&local.score).for_each(|(o, s)| *o = *s);
    }

    /// J v = Σ r \[c (c·v) − P v\], with J = ∂s/∂x, into `out` (D). J is symmetric.
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::ring(6, 1.0, 0.1)?;
    /// let mut jv = [0.0; 2];
    /// mixture.diffused(&Sde::vp().at(1.0)).jvp(&[0.2, 0.1], &[1.0, 0.0], &mut jv);
    /// assert!((jv[0] + 1.0).abs() < 1e-3); // nearly N(0, I)
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn jvp(&self, x: &[f64], v: &[f64], out: &mut [f64]) {
        debug_assert!(v.len() == self.dim && out.len() == self.dim);
        self.jvp_at(&self.local(x), v, out);
    }

    /// J = ∂s/∂x into `out`, row-major D×D (symmetric up to rounding). Costs O(K D³).
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::ring(6, 1.0, 0.1)?;
    /// let q = mixture.diffused(&Sde::vp().at(0.1));
    /// let mut j = [0.0; 4];
    /// q.jacobian(&[0.2, 0.1], &mut j);
    /// assert!((j[0] + j[3] - q.divergence(&[0.2, 0.1])).abs() < 1e-9);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn jacobian(&self, x: &[f64], out: &mut [f64]) {
        debug_assert_eq!(out.len(), self.dim * self.dim);
        let local = self.local(x);
        let mut unit = vec![0.0; self.dim];
        for (i, row) in out.chunks_exact_mut(self.dim).enumerate().take(self.dim) {
            unit.iter_mut().enumerate().for_each(|(j, e)| *e = if i == j { 1.0 } else { 0.0 });
            self.jvp_at(&local, &unit, row);
        }
    }

    /// D²s\[u, v\], the third derivative of ln q_t contracted with `u` and `v`, into `out` (D):
    /// Σ r {\[(c·u)(c·v) − uᵀP v\] c − (c·u) P v − (c·v) P u}.
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::random(2, 1, 0)?; // one Gaussian: s is linear in x
    /// let mut h = [1.0; 2];
    /// mixture.diffused(&Sde::vp().at(0.1)).second(&[0.2, 0.1], &[1.0, 0.0], &[1.0, 3.0], &mut h);
    /// assert_eq!(h, [0.0; 2]);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn second(&self, x: &[f64], u: &[f64], v: &[f64], out: &mut [f64]) {
        debug_assert!(u.len() == self.dim && v.len() == self.dim && out.len() == self.dim);
        let local = self.local(x);
        let (mut pu, mut pv) = (vec![0.0; self.dim], vec![0.0; self.dim]);
        out.fill(0.0);
        for (blur, r, _, c) in self.parts(&local) {
            let (cu, cv) = (dot(c, u), dot(c, v));
            blur.whiten(u, &mut pu);
            blur.whiten(v, &mut pv);
            let mut upv = 0.0;
            for ((p, q), d) in pu.iter_mut().zip(&pv).zip(&blur.variances) {
                upv += *p * q * d;
                *p = cu * q + cv * *p;
            }
            add_scaled(r * (cu * cv - upv), c, out);
            blur.component.add_from_axes(-r, &pu, out);
        }
    }

    /// ∂_t s at fixed x into `out` (D), per unit time: Σ r \[(∂_t ln N) c + ∂_t g\].
    ///
    /// In closed form through ṁ and σ̇, independent of the score FPE (Lai et al. 2023,
    /// arXiv 2210.04296, theorem 1), which tests can therefore check with it.
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0)?;
    /// let mut ds = [1.0; 2];
    /// mixture.diffused(&Sde::vp().at(0.1)).dt(&[0.2, 0.1], &mut ds); // N(0, I) stands still
    /// assert!(ds[0].abs() < 1e-12 && ds[1].abs() < 1e-12);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn dt(&self, x: &[f64], out: &mut [f64]) {
        debug_assert_eq!(out.len(), self.dim);
        let local = self.local(x);
        let mut force = vec![0.0; self.dim];
        out.fill(0.0);
        for (blur, r, y, c) in self.parts(&local) {
            add_scaled(r * blur.log_rate(y, self.dm), c, out);
            // ∂_t g in the axes is ∂_t (−y/d) = ṁ Qᵀμ/d + y ḋ/d².
            for (f, [y, d, rate, mean]) in force.iter_mut().zip(blur.entries(y)) {
                *f = (self.dm * mean + y * rate / d) / d;
            }
            blur.component.add_from_axes(r, &force, out);
        }
    }

    /// ∂_t ln q_t(x) at fixed x, nats per unit time: Σ r ∂_t ln N.
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::ring(6, 1.0, 0.1)?;
    /// let q = mixture.diffused(&Sde::ve().at(0.5));
    /// assert!(q.dt_log_density(&[0.0, 0.0]) < 0.0); // mass flows away from the centre
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    #[must_use]
    pub fn dt_log_density(&self, x: &[f64]) -> f64 {
        let (_, weights, offsets) = self.responsibilities(x);
        let ys = offsets.chunks_exact(self.dim);
        self.blurs.iter().zip(&weights).zip(ys).map(|((b, r), y)| r * b.log_rate(y, self.dm)).sum()
    }

    /// div s = tr J = Σ r (‖c‖² − tr P) at `x`.
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::isotropic(&[1.0], &[vec![0.0; 3]], 1.0)?;
    /// let div = mixture.diffused(&Sde::vp().at(0.4)).divergence(&[0.1, 0.2, 0.3]);
    /// assert!((div + 3.0).abs() < 1e-12);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    #[must_use]
    pub fn divergence(&self, x: &[f64]) -> f64 {
        let local = self.local(x);
        self.parts(&local).map(|(blur, r, _, c)| r * (dot(c, c) - blur.trace)).sum()
    }

    /// ∇ div s = Σ r \[(‖c‖² − tr P) c − 2 P c\] into `out` (D).
    ///
    /// With it the score FPE reads ∂_t s = ½g² ∇div s + g² J s − a s − a J x
    /// (arXiv 2210.04296, theorem 1, for f = a x).
    ///
    /// ```
    /// # use fokker::{density::mixture::Mixture, sde::Sde};
    /// let mixture = Mixture::ring(6, 1.0, 0.1)?;
    /// let mut grad = [1.0; 2];
    /// mixture.diffused(&Sde::vp().at(0.3)).grad_divergence(&[0.0, 0.0], &mut grad);
    /// assert!(grad[0].abs() < 1e-9 && grad[1].abs() < 1e-9); // by symmetry
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn grad_divergence(&self, x: &[f64], out: &mut [f64]) {
        debug_assert_eq!(out.len(), self.dim);
        let local = self.local(x);
        let mut pc = vec![0.0; self.dim];
        out.fill(0.0);
        for (blur, r, _, c) in self.parts(&local) {
            add_scaled(r * (dot(c, c) - blur.trace), c, out);
            blur.whiten(c, &mut pc);
            blur.component.add_from_axes(-2.0 * r, &pc, out);
        }
    }

    fn jvp_at(&self, local: &Local, v: &[f64], out: &mut [f64]) {
        let mut pv = vec![0.0; self.dim];
        out.fill(0.0);
        for (blur, r, _, c) in self.parts(local) {
            add_scaled(r * dot(c, v), c, out);
            blur.whiten(v, &mut pv);
            blur.component.add_from_axes(-r, &pv, out);
        }
    }

    /// ln q_t(x), the responsibilities r (K) and the offsets y (K·D).
    fn responsibilities(&self, x: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
        debug_assert_eq!(x.len(), self.dim);
        let mut weights = Vec::with_capacity(self.blurs.len());
        let mut offsets = vec![0.0; self.blurs.len() * self.dim];
        let mut delta = vec![0.0; self.dim];
        for (blur, y) in self.blurs.iter().zip(offsets.chunks_exact_mut(self.dim)) {
            for ((o, x), mean) in delta.iter_mut().zip(x).zip(&blur.component.mean) {
                *o = x - self.m * mean;
            }
            blur.component.to_axes(&delta, y);
            let distance: f64 = y.iter().zip(&blur.variances).map(|(y, d)| y * y / d).sum();
            weights.push(blur.log_norm - 0.5 * distance);
        }
        // Log-sum-exp: far from every component each density alone underflows.
        let peak = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        weights.iter_mut().for_each(|w| *w = (*w - peak).exp());
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        (peak + total.ln(), weights, offsets)
    }

    fn local(&self, x: &[f64]) -> Local {
        let (_, weights, offsets) = self.responsibilities(x);
        let mut centred = vec![0.0; offsets.len()];
        let mut score = vec![0.0; self.dim];
        let mut pull = vec![0.0; self.dim];
        let each = self.blurs.iter().zip(&weights).zip(offsets.chunks_exact(self.dim));
        for (((blur, &r), y), g) in each.zip(centred.chunks_exact_mut(self.dim)) {
            pull.iter_mut().zip(y).zip(&blur.variances).for_each(|((p, y), d)| *p = y / d);
            blur.component.add_from_axes(-1.0, &pull, g);
            add_scaled(r, g, &mut score);
        }
        for g in centred.chunks_exact_mut(self.dim) {
            add_scaled(-1.0, &score, g);
        }
        Local { weights, offsets, score, centred }
    }

    /// (component, r, y, c) for each component.
    fn parts<'s>(&'s self, local: &'s Local) -> impl Iterator<Item = (&'s Blur<'s>, f64, &'s [f64], &'s [f64])> {
        let ys = local.offsets.chunks_exact(self.dim);
        let cs = local.centred.chunks_exact(self.dim);
        self.blurs.iter().zip(&local.weights).zip(ys.zip(cs)).map(|((blur, &r), (y, c))| (blur, r, y, c))
    }
}
