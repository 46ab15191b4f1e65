//! The coefficients of Dormand–Prince 5(4).
//!
//! Dormand & Prince 1980, J. Comput. Appl. Math. 6(1), 19–26, "RK5(4)7M"; Hairer, Nørsett & Wanner, *Solving Ordinary
//! Differential Equations I*, 2nd ed. 1993, table II.5.2:
//!
//! ```text
//! 0    |
//! 1/5  | 1/5
//! 3/10 | 3/40        9/40
//! 4/5  | 44/45      −56/15       32/9
//! 8/9  | 19372/6561 −25360/2187  64448/6561  −212/729
//! 1    | 9017/3168  −355/33      46732/5247   49/176    −5103/18656
//! 1    | 35/384      0           500/1113     125/192   −2187/6784     11/84
//! -----+--------------------------------------------------------------------------
//! y₁   | 35/384      0           500/1113     125/192   −2187/6784     11/84     0
//! ŷ₁   | 5179/57600  0           7571/16695   393/640   −92097/339200  187/2100  1/40
//! ```
//!
//! The last stage is taken at the new state itself ("first same as last"), so the next step starts with it for nothing.

/// Number of stages.
pub(super) const STAGES: usize = 7;

/// c: where in the step each stage is taken.
pub(super) const NODES: [f64; STAGES] = [0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0];

/// a: each stage's weights of those before it; the last row is the new state.
pub(super) const STAGE_WEIGHTS: [[f64; STAGES - 1]; STAGES] = [
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19_372.0 / 6561.0, -25_360.0 / 2187.0, 64_448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46_732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18_656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];

/// The weights of y₁ − ŷ₁, the estimated error.
pub(super) const ERROR_WEIGHTS: [f64; STAGES] = [
    35.0 / 384.0 - 5179.0 / 57_600.0,
    0.0,
    500.0 / 1113.0 - 7571.0 / 16_695.0,
    125.0 / 192.0 - 393.0 / 640.0,
    -2187.0 / 6784.0 + 92_097.0 / 339_200.0,
    11.0 / 84.0 - 187.0 / 2100.0,
    -1.0 / 40.0,
];
