//! What this machine's matrix products can do, by a library that knows nothing of ours.

use std::time::Instant;

use anyhow::Result;
use fokker::jet::JetError;
use fokker::memory;

/// Rows and columns of the matrices.
const SIZE: usize = 1024;

/// Products by which each thread is measured.
const REPEATS: usize = 5;

/// GFLOP/s of large square `f32` products by the `gemm` crate, each thread at its own, all at the same time.
pub fn gflops(threads: usize) -> Result<f64> {
    memory::require("--threads", memory::product(&[threads, 3 * SIZE * SIZE, size_of::<f32>()]))?;
    let of_thread = || {
        let (a, b, mut c) = (vec![0.5_f32; SIZE * SIZE], vec![0.25_f32; SIZE * SIZE], vec![0.0_f32; SIZE * SIZE]);
        let times = (0..REPEATS).map(|_| {
            let start = Instant::now();
            product(&a, &b, &mut c);
            start.elapsed().as_secs_f64()
        });
        let best = times.fold(f64::INFINITY, f64::min);
        #[allow(clippy::cast_precision_loss)]
        let flops = 2.0 * (SIZE * SIZE * SIZE) as f64;
        flops / best / 1e9
    };
    std::thread::scope(|scope| {
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, of_thread);
        let others = (1..threads).map(spawn).collect::<Result<Vec<_>, _>>();
        let others = others.map_err(|error| JetError::Threads { threads, reason: error.to_string() })?;
        let own = of_thread();
        Ok(own + others.into_iter().filter_map(|thread| thread.join().ok()).sum::<f64>())
    })
}

fn product(a: &[f32], b: &[f32], c: &mut [f32]) {
    let (n, stride) = (SIZE, SIZE.cast_signed());
    assert!(a.len() == n * n && b.len() == n * n && c.len() == n * n);
    let (c, a, b, alone) = (c.as_mut_ptr(), a.as_ptr(), b.as_ptr(), gemm::Parallelism::None);
    // SAFETY: three row-major n × n matrices of the lengths asserted above; `c` is borrowed mutably, so nothing aliases it.
    unsafe {
        gemm::gemm(
            n, n, n, c, 1, stride, false, a, 1, stride, b, 1, stride, 0.0_f32, 1.0_f32, false, false, false, alone,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_a_product() {
        let (a, b, mut c) = (vec![0.5_f32; SIZE * SIZE], vec![0.25_f32; SIZE * SIZE], vec![9.0_f32; SIZE * SIZE]);
        product(&a, &b, &mut c);
        assert!(c.iter().all(|&c| c == 128.0));
        assert!(gflops(2).unwrap() > 0.0);
    }
}
