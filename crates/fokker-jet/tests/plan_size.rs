//! A plan is small beside the workspaces that it is for, however many parts and nodes there are; so a workspace can be counted before it
//! is made. (The one test of this binary, since it counts every allocation of the process.)
#![allow(clippy::unwrap_used, missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use fokker_jet::cpu::{Parameters, Plan, Workspace};
use fokker_jet::{Function, Graph, JetSet, Live, Resampling, Shape};

struct Counting;

static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

// SAFETY: all work is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as u64;
        PEAK.fetch_max(LIVE.fetch_add(size, Relaxed) + size, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `job` returns, and the most bytes that it had.
fn peak<T>(job: impl FnOnce() -> T) -> (T, u64) {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    (job(), PEAK.load(Relaxed) - before)
}

/// Layers of one feature, all of whose parts along u_j, v and (v, u_j) are live.
fn deep(layers: usize, directions: usize) -> (Graph, JetSet) {
    let mut graph = Graph::new();
    let x = graph.input(1);
    let factor = graph.input(1);
    let scaled = graph.mul(x, factor);
    let output = (0..layers).fold(scaled, |h, layer| {
        let a = graph.dense(&format!("{layer}"), h, 1);
        let y = graph.map(a, Function::Silu);
        graph.add(h, y)
    });
    graph.set_output(output);
    let set = JetSet::first_order(1 + directions);
    (graph, (0..directions).fold(set, |set, u| set.with_pair(u, directions).unwrap()).with_tangent().unwrap())
}

#[test]
fn what_is_counted_is_what_is_taken() {
    plans_are_small_and_know_how_large_a_workspace_is();
    parameters_take_what_is_counted();
}

fn plans_are_small_and_know_how_large_a_workspace_is() {
    let (graph, set) = deep(1000, 10_000);
    let all: Vec<usize> = (1..=10_001).collect();
    let live = [Live::parts(&set, &all), Live::parts(&set, &[])];
    let start = Instant::now();
    let (plan, taken) = peak(|| Plan::new(&graph, &set, &live).unwrap());
    // Three nodes per layer, each with 20,002 numbers per row, and the cotangents of half of them kept.
    let bytes = plan.workspace_bytes::<f32>(1);
    assert!(bytes > 3000 * 30_000 * 4, "{bytes}");
    assert!(taken < 24 << 20, "{taken} bytes for a plan");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());

    // Images of many pixels: tables of their resampling, too.
    let mut graph = Graph::new();
    let x = graph.image_input(Shape { height: 2048, width: 2048, channels: 1 });
    let half = graph.resample(x, Resampling::FirDown);
    let output = graph.resample(half, Resampling::FirUp);
    graph.set_output(output);
    let set = JetSet::primal();
    let (plan, taken) = peak(|| Plan::new(&graph, &set, &[Live::parts(&set, &[])]).unwrap());
    assert!(taken < 2 << 20, "{taken} bytes for a plan");
    let (_, taken) = peak(|| Workspace::<f32>::new(&plan, 1));
    let counted = plan.workspace_bytes::<f32>(1);
    assert!(taken <= counted + (1 << 16) && counted < taken + taken / 4, "{taken} taken, {counted} counted");
}

fn parameters_take_what_is_counted() {
    let mut graph = Graph::new();
    let x = graph.input(3);
    let a = graph.dense("a", x, 70);
    let b = graph.dense("b", a, 5);
    graph.set_output(b);
    let mut image = Graph::new();
    let x = image.image_input(Shape { height: 8, width: 8, channels: 9 });
    let y = image.conv("a", x, 40, 3);
    let y = image.group_norm("b", y, 4, 1e-6);
    image.set_output(y);
    for graph in [graph, image] {
        let (_, taken) = peak(|| Parameters::new(&graph, vec![0.0_f64; graph.parameter_count()]));
        let counted = Parameters::<f64>::bytes(&graph);
        // The places of the packed columns are not numbers.
        assert!(taken >= counted && taken < counted + counted / 4 + 4096, "{taken} taken, {counted} counted");
    }
}
