//! A training step takes no memory: everything is there before the first one. (The one test of this binary, since it counts
//! every allocation of the process.)
#![allow(clippy::unwrap_used, missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fokker::config::Config;
use fokker::data::Data;
use fokker::train::Trainer;

struct Counting;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all work is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations in 20 steps, after 5 (the first ones fill the chunks' vectors).
fn taken(settings: &[&str]) -> usize {
    let settings: Vec<String> = ["loss.fp.weight=7.5e-5"].iter().chain(settings).map(ToString::to_string).collect();
    let config = Config::preset("ring8", &settings).unwrap();
    let data = Arc::new(Data::load(&config.data).unwrap());
    let mut trainer = Trainer::new(&config, &data).unwrap();
    for _ in 0..5 {
        trainer.step().unwrap();
    }
    let before = TAKEN.load(Ordering::Relaxed);
    for _ in 0..20 {
        trainer.step().unwrap();
    }
    TAKEN.load(Ordering::Relaxed) - before
}

#[test]
fn a_step_allocates_nothing() {
    let vector = ["loss.fp.every=1", "loss.fp.estimator=vector"];
    let sliced = ["loss.fp.every=1", "loss.fp.estimator=sliced", "loss.fp.unbiased=true"];
    for threads in ["train.threads=1", "train.threads=2"] {
        for estimator in [&vector[..], &sliced[..]] {
            let settings = [estimator, &[threads, "train.batch=200", "network.width=40"]].concat();
            assert_eq!(taken(&settings), 0, "{settings:?}");
        }
    }
    // The twin: the count counts.
    let before = TAKEN.load(Ordering::Relaxed);
    drop(std::hint::black_box(vec![0_u8; 100]));
    assert!(TAKEN.load(Ordering::Relaxed) > before);
}
