//! What is counted before memory is taken is what is taken; what is refused has taken none. (The tests of this binary count every
//! allocation of the process, so they are run one after the other.)
#![allow(clippy::unwrap_used, missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fokker::Error;
use fokker::config::Config;
use fokker::data::Data;
use fokker::memory::{budget, held, set_budget};
use fokker::rng::Streams;
use fokker::score::network::NetworkScore;
use fokker::score::{Differentiable, Direction, Directions, Score};
use fokker::train::Trainer;

struct Counting;

static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

// SAFETY: all work is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size() as u64, Ordering::Relaxed) + layout.size() as u64;
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size() as u64, Ordering::Relaxed) + layout.size() as u64;
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: u64 = 1 << 20;

/// The right to count.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    set_budget(0);
    turn
}

/// What `job` returns, and the most that it ever had taken.
fn peak<T>(job: impl FnOnce() -> T) -> (T, u64) {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = job();
    (result, PEAK.load(Ordering::Relaxed) - before)
}

fn config(preset: &str, settings: &[&str]) -> (Config, Arc<Data>) {
    // Presets may leave the term out.
    let settings: Vec<String> = ["loss.fp.weight=1e-4"].iter().chain(settings).map(ToString::to_string).collect();
    let config = Config::preset(preset, &settings).unwrap();
    let data = Arc::new(Data::load(&config.data).unwrap());
    (config, data)
}

/// Ten images of 32 × 32 pixels.
fn images() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for stem in ["train", "t10k"] {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 32, 0, 0, 0, 32];
        bytes.extend((0..10_240).map(|at| u8::try_from(at % 256).unwrap()));
        std::fs::write(folder.path().join(format!("{stem}-images-idx3-ubyte")), bytes).unwrap();
    }
    let path = format!("data.path={:?}", folder.path());
    (folder, path)
}

const EXACT: &str = "loss.fp.divergence={ kind = \"exact\" }";
const PROBES: &str = "loss.fp.divergence={ kind = \"hutchinson\", probes = 40 }";
const NO_FP: &str = "loss.fp.weight=0";

#[test]
fn training_takes_what_was_counted() {
    let _turn = alone();
    let (folder, path) = images();
    let unet = [&path, "network.width=16", "train.batch=4", "loss.fp.every=1"];
    for (preset, settings) in [
        ("ring8", vec!["network.width=1000", NO_FP]),
        ("ring8", vec!["network.width=1000", "loss.combination=projected", "loss.fp.every=1"]),
        ("ring8", vec!["network.width=64", "train.chunk_rows=4096", "train.batch=8192", "loss.fp.every=1"]),
        ("ring8", vec!["network.width=300", "train.deterministic=true", "loss.fp.every=1", "loss.fp.estimator=sliced"]),
        ("mixture5d", vec!["data.dim=60", EXACT, "train.batch=256", "loss.fp.every=1"]),
        ("mixture5d", vec!["data.dim=40", PROBES, "train.batch=256", "loss.fp.unbiased=true", "loss.fp.every=1"]),
        ("mixture5d", vec!["loss.scalar={ weight = 1, divergence = { kind = \"hutchinson\", probes = 200 } }"]),
        ("mnist-unet-tiny", unet.to_vec()),
    ] {
        let (config, data) = config(preset, &[&settings[..], &["train.threads=2"]].concat());
        let before = held();
        let (counted, taken) = peak(|| {
            let mut trainer = Trainer::new(&config, &data).unwrap();
            for _ in 0..3 {
                trainer.step().unwrap();
            }
            trainer.state().write(&folder.path().join("checkpoint")).unwrap();
            held() - before
        });
        assert_eq!(held(), before);
        // Plans, streams and the like are small.
        assert!(taken <= counted + counted / 20 + MIB, "{preset} {settings:?}: {taken} taken, {counted} counted");
        assert!(counted <= taken + taken / 2, "{preset} {settings:?}: {taken} taken, {counted} counted");
    }
}

#[test]
fn tapes_take_what_was_counted() {
    let _turn = alone();
    let (_folder, path) = images();
    for (preset, settings, space, rows) in [
        ("ring8", "network.width=500", 1, 64),
        ("mixture5d", "data.dim=30", 30, 200),
        ("mnist-unet-tiny", &*path, 3, 2),
    ] {
        let (config, data) = config(preset, &[settings, "train.threads=1"]);
        let model = config.model(data.shape());
        let weights = model.initial_parameters(&mut Streams::new(0).named("weights"));
        let score = NetworkScore::<f64>::new(model, &weights);
        let mut kinds = vec![Direction::Space; space];
        kinds.push(Direction::Time);
        let (x, sde) = (vec![0.1; rows * score.dim()], vec![score.sde().at(0.5); rows]);
        let before = held();
        let (counted, taken) = peak(|| {
            let mut tape = score.tape(&Directions::new(&kinds), rows).unwrap();
            tape.begin(&x, &sde);
            tape.forward(0..2 + space);
            tape.seed(0).fill(1.0);
            tape.pull_x(1 + space);
            held() - before
        });
        assert_eq!(held(), before);
        assert!(taken <= counted + counted / 20 + MIB / 4, "{preset}: {taken} taken, {counted} counted");
        assert!(counted <= taken + taken / 4, "{preset}: {taken} taken, {counted} counted");
    }
}

/// Training is refused, naming the key and no other, before memory is taken.
#[track_caller]
fn refused(preset: &str, settings: &[&str], key: &str) {
    let (config, data) = config(preset, settings);
    let (trained, taken) = peak(|| Trainer::new(&config, &data).map(|_| ()));
    match trained {
        Err(Error::Memory(error)) => {
            assert_eq!(error.what, key, "{settings:?}: {error}");
            assert!(error.needed > budget(), "{error}");
        }
        other => panic!("{settings:?}: {other:?}"),
    }
    assert!(taken < 100 * MIB, "{settings:?}: {taken} bytes were taken");
}

#[test]
fn what_is_too_large_is_refused_by_the_key_that_makes_it_large() {
    let _turn = alone();
    set_budget(1 << 30);
    let normal = |dim: usize| format!("data={{ kind = \"normal\", dim = {dim} }}");
    let (large, huge) = (normal(3072), normal(1_000_000));
    refused("ring8", &[&large, EXACT], "loss.fp.divergence");
    refused("ring8", &[&large, EXACT, "loss.fp.estimator=sliced"], "loss.fp.divergence");
    refused("ring8", &[&huge, EXACT, "network.width=1"], "loss.fp.divergence");
    refused("ring8", &["loss.fp.divergence={ kind = \"hutchinson\", probes = 10000 }"], "loss.fp.divergence.probes");
    let scalar = "loss.scalar={ weight = 1, divergence = { kind = \"hutchinson\", probes = 10000 } }";
    refused("ring8", &[scalar], "loss.scalar.divergence.probes");
    refused("ring8", &["network.width=16384", "network.depth=4"], "network.width");
    refused("ring8", &["network.width=1000", "network.depth=1000"], "network.width");
    refused("ring8", &[&huge, "network.width=512", NO_FP], "network.width");
    let wide = ["train.batch=16777216", "train.chunk_rows=65536", "train.threads=2"];
    refused("ring8", &[&wide[..], &["network.width=1024"]].concat(), "train.chunk_rows");
    refused("ring8", &["train.threads=256", "network.width=1000", NO_FP], "train.threads");
    // The twins.
    let fits = |settings: &[&str]| {
        let (config, data) = config("ring8", settings);
        Trainer::new(&config, &data).unwrap();
    };
    fits(&[&large]);
    fits(&["network.width=1000", "train.threads=2"]);
    let (config, data) = config("ring8", &[&large, EXACT, "train.chunk_rows=1", "train.threads=1", "network.width=8"]);
    set_budget(1 << 34);
    Trainer::new(&config, &data).unwrap();
}

#[test]
fn lanes_and_models_are_counted_together() {
    let _turn = alone();
    let (config, data) = config("ring8", &["network.width=512", "train.threads=1"]);
    let before = held();
    let one = Trainer::new(&config, &data).unwrap();
    let needed = held() - before;
    set_budget(held() + needed / 2);
    assert!(matches!(Trainer::new(&config, &data), Err(Error::Memory(_))));
    drop(one);
    assert_eq!(held(), before);
    Trainer::new(&config, &data).unwrap();
}
