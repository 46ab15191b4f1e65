//! Derivatives against central differences, moment equations, limits, TOML, ranges; SDEs of the caller's own.

use super::*;
use proptest::prelude::*;

mod own;

fn all() -> [Sde; 3] {
    [Sde::vp(), Sde::sub_vp(), Sde::ve()]
}

/// Fourth-order central difference of one coefficient.
fn slope(sde: &Sde, t: f64, what: impl Fn(Coefficients) -> f64) -> f64 {
    let h = 1e-3 * t;
    let at = |k: f64| what(sde.at(t + k * h));
    (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * h)
}

fn close(got: f64, want: f64, tol: f64) -> bool {
    (got - want).abs() <= tol * (1.0 + want.abs())
}

proptest! {
    #[test]
    fn derivatives_are_exact(exponent in -4.0_f64..0.0) {
        let t = 10_f64.powf(exponent);
        for sde in all() {
            let c = sde.at(t);
            let pairs = [
                ("a", c.da, slope(&sde, t, |c| c.a)),
                ("g2", c.dg2, slope(&sde, t, |c| c.g2)),
                ("m", c.dm, slope(&sde, t, |c| c.m)),
                ("sigma", c.dsigma, slope(&sde, t, |c| c.sigma)),
            ];
            for (name, exact, numeric) in pairs {
                // Rounding of the values (|a| ≤ 10) over h = 1e-3 t bounds what differences can show.
                let tol = 1e-8 + 2e-14 * 20.0 / (1e-3 * t);
                prop_assert!(close(numeric, exact, tol), "{sde:?} t={t} {name}: {exact} {numeric}");
            }
        }
    }

    #[test]
    fn moment_equations_hold(exponent in -9.0_f64..0.0) {
        for sde in all() {
            let c = sde.at(10_f64.powf(exponent));
            prop_assert!((c.dm - c.a * c.m).abs() <= 1e-14 * c.dm.abs());
            let growth = 2.0 * c.a * c.sigma * c.sigma + c.g2;
            let rate = 2.0 * c.sigma * c.dsigma;
            prop_assert!((rate - growth).abs() <= 1e-13 * c.g2, "{sde:?} {c:?}");
        }
    }
}

#[test]
fn moment_equations_fail_for_mixed_sdes() {
    let (c, other) = (Sde::vp().at(0.3), Sde::sub_vp().at(0.3));
    assert!((2.0 * c.sigma * c.dsigma - 2.0 * c.a * c.sigma * c.sigma - other.g2).abs() > 0.1);
    let flat = Sde::Vp(Vp { beta_min: 5.0, beta_max: 5.0, t_min: 1e-3 }).at(0.3);
    assert!((c.dm - flat.a * c.m).abs() > 0.1);
}

#[test]
fn derivatives_that_vanish_do_so_only_where_they_should() {
    let ve = Sde::ve().at(0.4);
    assert_eq!([ve.a, ve.da, ve.dm], [0.0; 3]);
    assert!(ve.dg2 > 1.0 && ve.dsigma > 1.0);
    let vp = Sde::vp().at(0.4);
    assert!(vp.a < -1.0 && vp.da < -1.0 && vp.dm < -0.1);
    let flat = Sde::Vp(Vp { beta_min: 5.0, beta_max: 5.0, t_min: 1e-3 }).at(0.4);
    assert_eq!([flat.da, flat.dg2], [0.0; 2]);
}

#[test]
fn accurate_at_small_times() {
    // Series of 1 − e^{−b} with b = ∫β, independent of expm1.
    for t in [1e-6, 1e-9] {
        let b: f64 = 0.1 * t + 0.5 * 19.9 * t * t;
        let var = b - b * b / 2.0 + b * b * b / 6.0;
        let (vp, sub) = (Sde::vp().at(t), Sde::sub_vp().at(t));
        assert!((vp.sigma * vp.sigma / var - 1.0).abs() < 1e-14);
        assert!((sub.sigma / var - 1.0).abs() < 1e-14);
        assert!((sub.g2 / (var * (2.0 - var) * vp.g2) - 1.0).abs() < 1e-13);
        // The plain formula has lost these digits by now.
        assert!(((1.0 - vp.m * vp.m) / var - 1.0).abs() > 1e-11);
        assert!((Sde::ve().at(t).sigma - 0.01).abs() < 1e-6);
    }
    assert!(Sde::vp().at(1e-6).dsigma.is_finite());
}

#[test]
fn ends_at_the_prior() {
    assert!(Sde::vp().at(T_MAX).m < 0.01);
    for sde in all() {
        assert!((sde.at(T_MAX).sigma / sde.prior_std() - 1.0).abs() < 1e-4);
        assert!((sde.at(0.1).sigma / sde.prior_std() - 1.0).abs() > 0.1);
    }
}

#[test]
fn log_prior_is_the_gaussian() {
    let x = [3.0, -4.0];
    let tau = std::f64::consts::TAU;
    assert!((Sde::vp().log_prior(&x) - (-tau.ln() - 12.5)).abs() < 1e-13);
    let want = -(tau * 2500.0).ln() - 25.0 / 5000.0;
    assert!((Sde::ve().log_prior(&x) - want).abs() < 1e-13);
    assert_eq!(Sde::ve().log_prior(&[]), 0.0);
}

#[test]
fn toml_round_trip_and_defaults() -> Result<(), Box<dyn std::error::Error>> {
    for (kind, sde) in ["vp", "sub-vp", "ve"].into_iter().zip(all()) {
        assert_eq!(toml::from_str::<Sde>(&format!("kind = \"{kind}\""))?, sde);
        assert_eq!(toml::from_str::<Sde>(&toml::to_string(&sde)?)?, sde);
    }
    let integers: Sde = toml::from_str("kind = \"ve\"\nsigma_min = 1\nsigma_max = 40\nt_min = 0.01")?;
    assert_eq!(integers, Sde::Ve(Ve { sigma_min: 1.0, sigma_max: 40.0, t_min: 0.01 }));
    Ok(())
}

#[test]
fn toml_refuses_what_it_does_not_know() {
    for kind in ["vp", "sub-vp", "ve"] {
        let own = if kind == "ve" { "sigma_max" } else { "beta_max" };
        let foreign = if kind == "ve" { "beta_max" } else { "sigma_max" };
        let read = |line: String| toml::from_str::<Sde>(&format!("kind = \"{kind}\"\n{line}"));
        assert!(read(format!("{own} = 30.0")).is_ok());
        assert!(read("typo = 1.0".to_owned()).is_err());
        assert!(read(format!("{foreign} = 30.0")).is_err());
        assert!(read(format!("{own} = \"30\"")).is_err());
        assert!(read(format!("{own} = true")).is_err());
        assert!(read(format!("{own} = [30.0]")).is_err());
    }
    assert!(toml::from_str::<Sde>("kind = \"VP\"").is_err());
    assert!(toml::from_str::<Sde>("kind = 3").is_err());
    assert!(toml::from_str::<Sde>("beta_min = 0.1").is_err());
}

#[test]
fn every_key_changes_the_sde() {
    let read = |text: &str| toml::from_str::<Sde>(text).ok().map(|sde| (sde.at(0.5), sde.t_min()));
    for (kind, line) in [
        ("vp", "beta_min = 0.2"),
        ("vp", "beta_max = 19"),
        ("vp", "t_min = 0.01"),
        ("sub-vp", "beta_min = 0.2"),
        ("sub-vp", "beta_max = 19"),
        ("sub-vp", "t_min = 0.01"),
        ("ve", "sigma_min = 0.02"),
        ("ve", "sigma_max = 49"),
        ("ve", "t_min = 0.01"),
    ] {
        let base = read(&format!("kind = \"{kind}\""));
        let changed = read(&format!("kind = \"{kind}\"\n{line}"));
        assert!(base.is_some() && changed.is_some() && base != changed, "{kind} {line}");
    }
}

#[test]
fn validation_names_the_key() {
    let vp = |beta_min, beta_max, t_min| Sde::Vp(Vp { beta_min, beta_max, t_min }).validate();
    let sub = |beta_min, beta_max, t_min| Sde::SubVp(SubVp { beta_min, beta_max, t_min }).validate();
    let ve = |sigma_min, sigma_max, t_min| Sde::Ve(Ve { sigma_min, sigma_max, t_min }).validate();
    assert!(vp(0.1, 20.0, 1e-3).is_ok() && vp(5.0, 5.0, 1e-3).is_ok());
    assert!(sub(0.1, 20.0, 1e-3).is_ok() && ve(0.01, 50.0, 0.999).is_ok());
    let cases = [
        (vp(f64::NAN, 20.0, 1e-3), "beta_min = NaN: must be finite"),
        (sub(0.1, f64::INFINITY, 1e-3), "beta_max = inf: must be finite"),
        (ve(0.01, 50.0, f64::NAN), "t_min = NaN: must be finite"),
        (vp(0.0, 20.0, 1e-3), "beta_min = 0: must be greater than 0"),
        (sub(-1.0, 20.0, 1e-3), "beta_min = -1: must be greater than 0"),
        (ve(0.0, 50.0, 1e-3), "sigma_min = 0: must be greater than 0"),
        (vp(2.0, 1.0, 1e-3), "beta_max = 1: must be at least beta_min"),
        (ve(1.0, 1.0, 1e-3), "sigma_max = 1: must be greater than sigma_min"),
        (vp(0.1, 20.0, 0.0), "t_min = 0: must lie strictly between 0 and 1"),
        (ve(0.01, 50.0, 1.0), "t_min = 1: must lie strictly between 0 and 1"),
    ];
    for (result, want) in cases {
        assert_eq!(result.map_err(|e| e.to_string()), Err(want.to_owned()));
    }
}
