//! SDEs of the caller's own: from their functions against closed forms, what they cannot do, what is wrong with them.

use super::*;

/// A built-in kind, and the same by its functions alone.
fn pairs() -> Result<[(Sde, Sde); 3], SdeError> {
    let of = |sde: Sde| {
        let (a, g2) = (sde.clone(), sde);
        FunctionSde::new(move |t| a.at(t).a, move |t| g2.at(t).g2)
    };
    Ok([
        (Sde::vp(), Sde::own(of(Sde::vp()).with_prior_std(1.0))?),
        (Sde::sub_vp(), Sde::own(of(Sde::sub_vp()).with_prior_std(1.0))?),
        (Sde::ve(), Sde::own(of(Sde::ve()).with_initial_std(0.01))?),
    ])
}

fn apart(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { (a / b - 1.0).abs() }
}

#[test]
fn integrals_are_those_of_the_closed_forms() -> Result<(), SdeError> {
    for (want, found) in pairs()? {
        assert!(apart(found.prior_std(), want.prior_std()) < 1e-12);
        for i in 0..=900 {
            let t = 10_f64.powf(-9.0 + f64::from(i) / 100.0);
            let (c, k) = (found.at(t), want.at(t));
            let values = [apart(c.m, k.m), apart(c.sigma, k.sigma), apart(c.a, k.a), apart(c.g2, k.g2)];
            assert!(values.iter().all(|&error| error < 1e-12), "{want:?} {t} {values:?}");
            let rates = [apart(c.da, k.da), apart(c.dg2, k.dg2), apart(c.dm, k.dm)];
            // At less the functions' values change too little to show how fast.
            assert!(t < 1e-4 || rates.iter().all(|&error| error < 1e-9), "{want:?} {t} {rates:?}");
            // Near T the two terms of dσ cancel.
            assert!((c.dsigma - k.dsigma).abs() < 1e-12 * (k.a.abs() * k.sigma + k.g2 / k.sigma), "{want:?} {t}");
        }
    }
    // The twin: another diffusion has another σ.
    let other = Sde::from_functions(|t| Sde::vp().at(t).a, |t| 1.01 * Sde::vp().at(t).g2)?;
    assert!(apart(other.at(0.5).sigma, Sde::vp().at(0.5).sigma) > 1e-3);
    Ok(())
}

#[test]
fn functions_that_bend_fast_are_cut_until_they_are_smooth() -> Result<(), SdeError> {
    // σ² = t + (1 − cos 2πnt)/(4πn) for g² = 1 + ½ sin 2πnt: 50 periods.
    let n = 50.0 * std::f64::consts::TAU;
    let sde = Sde::from_functions(|_| 0.0, move |t| 1.0 + 0.5 * (n * t).sin())?;
    for t in [1e-3, 0.123, 0.77, 1.0] {
        let want = t + 0.5 * (1.0 - (n * t).cos()) / n;
        assert!(apart(sde.at(t).sigma, want.sqrt()) < 1e-12, "{t}");
        assert!((sde.at(t).dg2 - 0.5 * n * (n * t).cos()).abs() < 1e-8 * n, "{t}");
    }
    let kink = |t: f64| 1.0 + (t - 0.3).abs();
    assert!(matches!(Sde::from_functions(|_| 0.0, kink), Err(SdeError::Rough { name: "g2", .. })));
    assert!(matches!(Sde::from_functions(move |t| -kink(t), |_| 1.0), Err(SdeError::Rough { name: "a", .. })));
    // In closed form it may have a kink: σ² = t + ½ ((t − 0.3)|t − 0.3| + 0.09).
    let sigma = |t: f64| (t + 0.5 * ((t - 0.3) * (t - 0.3).abs() + 0.09)).sqrt();
    let closed = FunctionSde::new(|_| 0.0, kink).with_moments(|_| 1.0, sigma);
    assert!(matches!(Sde::own(closed), Err(SdeError::Rough { .. })));
    let closed = FunctionSde::new(|_| 0.0, kink).with_moments(|_| 1.0, sigma);
    assert!(Sde::own(closed.with_derivatives(|_| 0.0, |t| (t - 0.3).signum())).is_ok());
    Ok(())
}

#[test]
fn no_file_can_hold_one() -> Result<(), SdeError> {
    let own = Sde::from_functions(|_| 0.0, |t| 2.0 * t)?;
    assert_eq!(own.require_built_in(), Err(SdeError::NotBuiltIn));
    let reason = SdeError::NotBuiltIn.to_string();
    assert!(toml::to_string(&own).is_err_and(|e| e.to_string().contains(&reason)));
    assert!(serde_json::to_string(&own).is_err_and(|e| e.to_string().contains(&reason)));
    for sde in all() {
        assert!(sde.require_built_in().is_ok() && sde != own);
    }
    assert!(toml::from_str::<Sde>("kind = \"own\"").is_err_and(|e| e.to_string().contains("`ve`")));
    assert!(own == own.clone() && own != Sde::from_functions(|_| 0.0, |t| 2.0 * t)?);
    Ok(())
}

/// σ = t, with one coefficient changed.
#[derive(Debug)]
struct Straight(fn(&mut Coefficients));

impl LinearSde for Straight {
    fn coefficients(&self, t: f64) -> Coefficients {
        let mut c = Coefficients { t, a: 0.0, g2: 2.0 * t, m: 1.0, sigma: t, da: 0.0, dg2: 2.0, dm: 0.0, dsigma: 1.0 };
        (self.0)(&mut c);
        c
    }
}

#[test]
fn wrong_coefficients_are_named() {
    assert!(Sde::own(Straight(|_| {})).is_ok());
    let refused = |change: fn(&mut Coefficients)| Sde::own(Straight(change)).map_err(|error| error.to_string());
    for (change, part) in [
        ((|c| c.da = f64::NAN) as fn(&mut Coefficients), "da = NaN at t = 0.001: must be finite"),
        (|c| c.g2 = -c.g2, "g2 = -0.002 at t = 0.001: must be greater than 0"),
        (|c| c.m = -1.0, "m = -1 at t = 0.001: must not be negative"),
        (|c| c.dm = 0.1, "dm = a m does not hold"),
        (|c| c.g2 = 2.1 * c.t, "2 sigma dsigma = 2 a sigma^2 + g2 does not hold"),
    ] {
        assert!(refused(change).is_err_and(|error| error.contains(part)), "{part} {:?}", refused(change));
    }
    for t_min in [0.0, 1.0, f64::NAN] {
        let sde = FunctionSde::new(|_| 0.0, |t| 2.0 * t).with_t_min(t_min);
        assert!(matches!(Sde::own(sde), Err(SdeError::OutOfRange { key: "t_min", .. })));
    }
    let backwards = FunctionSde::new(|_| 0.0, |t| 2.0 * t).with_initial_std(-1.0);
    assert!(matches!(Sde::own(backwards), Err(SdeError::OutOfRange { key: "initial_std", .. })));
    let flat = FunctionSde::new(|_| 0.0, |t| 2.0 * t).with_prior_std(0.0);
    assert!(matches!(Sde::own(flat), Err(SdeError::OutOfRange { key: "prior_std", .. })));
}
