//! What MPI sees.

use fokker::collective::all_gather_bytes;

use super::Check;
use crate::ranks::{self, World};

/// The library, the ranks, and where they are. All ranks call it.
pub fn checks(world: &World, threads: usize) -> Vec<Check> {
    let ranks = &**ranks::all();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "a machine".into());
    let mine = format!("{} {threads}", host.trim());
    let all = all_gather_bytes(ranks, mine.as_bytes());
    let all: Vec<String> = all.iter().map(|said| String::from_utf8_lossy(said).into_owned()).collect();
    vec![library(world), count(ranks.size()), places(&all)]
}

fn library(world: &World) -> Check {
    #[cfg(feature = "mpi")]
    {
        match world.mpi() {
            Some(mpi) if mpi.is_funneled() => Check::new("MPI", mpi.library(), None),
            Some(mpi) => Check::new(
                "MPI",
                format!("{}, without threads", mpi.library()),
                Some("--threads 1, or an MPI that grants MPI_THREAD_FUNNELED"),
            ),
            None => Check::new("MPI", "built in, not started by a launcher", Some("mpirun -n 2 fokker doctor --mpi")),
        }
    }
    #[cfg(not(feature = "mpi"))]
    {
        let _ = world;
        Check::new("MPI", "not built in", Some("build with `--features mpi` (docs/cluster.md)"))
    }
}

fn count(ranks: usize) -> Check {
    Check::new("ranks", ranks.to_string(), None)
}

/// Hosts, each with its ranks and their threads.
fn places(all: &[String]) -> Check {
    let mut hosts: Vec<(&str, Vec<&str>)> = Vec::new();
    for said in all {
        let (host, threads) = said.rsplit_once(' ').unwrap_or((said, "?"));
        match hosts.iter_mut().find(|(known, _)| *known == host) {
            Some((_, of_host)) => of_host.push(threads),
            None => hosts.push((host, vec![threads])),
        }
    }
    let of_host = |(host, threads): &(&str, Vec<&str>)| format!("{host}: {} threads", threads.join(" + "));
    Check::new("ranks' threads", hosts.iter().map(of_host).collect::<Vec<_>>().join("; "), None)
}
