//! Whatever is asked for, the program ends with status 0, 1 or 2 and at most one line of complaint: random keys with extreme values,
//! random options, random files, under a limit on the address space.
//!
//! `FOKKER_CASES=2000` runs that many cases in place of some hundred; `FOKKER_FIRST=17` begins with case 17.
#![cfg(target_os = "linux")]

mod extremes;
mod keys;
mod requests;
mod run;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use requests::Requests;
use run::Ended;

/// Cases of the normal run, for which there is so much time.
const CASES: usize = 300;
const TIME: Duration = Duration::from_secs(45);

/// Cases without which the test has shown nothing.
const LEAST: usize = 40;

fn variable(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_key_of_a_config_is_among_those_that_are_tried() {
    let keys = keys::all();
    for path in keys::of_presets() {
        assert!(keys.iter().any(|key| key.path == path), "{path} is not tried");
    }
    // Keys that no preset has, of tables that only some have.
    for path in
        ["memory", "seed", "data.array", "data.size", "data.half_width", "loss.fp.batch_fraction", "loss.scalar.form"]
    {
        assert!(keys.iter().any(|key| key.path == path), "{path} is not tried");
    }
    for path in ["network.time.features", "sde.sigma_max", "audit.neighbours", "train.adam.clip", "network.skips"] {
        assert!(keys.iter().any(|key| key.path == path), "{path} is not tried");
    }
    assert!(keys.iter().all(|key| !key.path.contains("zzz")));
}

#[test]
#[allow(clippy::print_stderr)]
fn no_request_aborts() {
    let (asked, first) = (variable("FOKKER_CASES"), variable("FOKKER_FIRST").unwrap_or(0));
    let (cases, start) = (asked.unwrap_or(CASES), Instant::now());
    let requests = Requests::new();
    let (next, counts) = (AtomicUsize::new(first), [const { AtomicUsize::new(0) }; 4]);
    let work = || {
        loop {
            let case = next.fetch_add(1, Relaxed);
            if case >= first + cases || asked.is_none() && start.elapsed() > TIME {
                return;
            }
            let request = requests.request(case);
            match run::run(&request) {
                Ok(Ended::Status(status)) => counts[status].fetch_add(1, Relaxed),
                Ok(Ended::Killed) => counts[3].fetch_add(1, Relaxed),
                Err(complaint) => panic!("case {case}: {complaint}"),
            };
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
        work();
    });
    let [done, failed, refused, killed] = counts.map(AtomicUsize::into_inner);
    let all = done + failed + refused + killed;
    eprintln!("{all} cases: {done} done, {failed} failed, {refused} refused, {killed} killed");
    assert!(all >= LEAST.min(cases), "only {all} cases in {:?}", start.elapsed());
    // Most are refused, but a test of refusals alone would not see what comes after them.
    assert!(done * 20 > all && refused * 20 > all, "{done} of {all} done, {refused} refused");
    assert!(killed * 10 < all, "{killed} of {all} took too long");
}
