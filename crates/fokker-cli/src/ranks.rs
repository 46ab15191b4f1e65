//! The processes that a launcher, `mpirun` or `srun`, started together. The first speaks and writes; of what is done by one alone, the others do nothing.

use std::env;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Result;
use fokker::Error;
use fokker::collective::{self, Agreed, Blame, Collective, single};

use crate::fail::{self, request};

/// Those that compute together.
static RANKS: OnceLock<Arc<dyn Collective>> = OnceLock::new();

/// MPI, as long as the program runs.
pub struct World {
    #[cfg(feature = "mpi")]
    mpi: Option<fokker::collective::Mpi>,
}

/// What a launcher says of this process: its number and how many there are. The variables are those of Open MPI, of MPICH and its kin, and of Slurm's
/// `srun --mpi=pmix`.
fn launched() -> Option<(usize, usize)> {
    let number = |name: &str| env::var(name).ok()?.parse::<usize>().ok();
    let known = [
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
        ("PMI_RANK", "PMI_SIZE"),
        ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"),
    ];
    known.into_iter().find_map(|(rank, size)| Some((number(rank)?, number(size)?)))
}

/// Is this the process that speaks and writes?
pub fn is_first() -> bool {
    static FIRST: OnceLock<bool> = OnceLock::new();
    *FIRST.get_or_init(|| launched().is_none_or(|(rank, _)| rank == 0))
}

/// All of them.
pub fn all() -> &'static Arc<dyn Collective> {
    RANKS.get().unwrap_or_else(|| single())
}

impl World {
    /// Begins MPI, if a launcher started this program and the command can be shared.
    ///
    /// # Errors
    /// A wrong request if there are several processes and no MPI in this program.
    pub fn begin(is_shared: bool) -> Result<Self> {
        let several = launched().map_or(1, |(_, size)| size);
        if cfg!(not(feature = "mpi")) && several > 1 && is_shared {
            return Err(request(format!(
                "{several} processes were started together, but this fokker was built without MPI: build it with `--features mpi` (docs/cluster.md)"
            )));
        }
        #[cfg(feature = "mpi")]
        {
            let mpi = if is_shared && launched().is_some() { collective::Mpi::begin() } else { None };
            mpi.iter().for_each(|mpi| drop(RANKS.set(mpi.world())));
            Ok(Self { mpi })
        }
        #[cfg(not(feature = "mpi"))]
        Ok(Self {})
    }

    #[cfg(feature = "mpi")]
    pub fn mpi(&self) -> Option<&fokker::collective::Mpi> {
        self.mpi.as_ref()
    }

    /// Ends MPI. Where this process has failed and others have not, they wait in vain: after a moment it says why, and goes; the launcher ends them.
    pub fn end(self, failure: Option<(String, u8)>) {
        if let (Some((said, status)), true) = (failure, all().size() > 1) {
            let rank = all().rank();
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                crate::print::of_any_rank(&format!("error: rank {rank}: {said}"));
                std::process::exit(status.into());
            });
        }
    }
}

/// How long a process that has failed waits for the others to come to their end, too.
const PATIENCE: Duration = Duration::from_secs(10);

/// An error of the program's.
#[derive(Debug)]
struct Anyhow(anyhow::Error);

impl fmt::Display for Anyhow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fail::line(&self.0))
    }
}

impl std::error::Error for Anyhow {}

impl Agreed for Anyhow {
    fn elsewhere(rank: usize, said: String, blame: Blame) -> Self {
        Self(Error::elsewhere(rank, said, blame).into())
    }

    fn blame(&self) -> Blame {
        if fail::is_wrong_request(&self.0) { Blame::Request } else { Blame::Run }
    }

    fn said(&self) -> String {
        self.to_string()
    }
}

/// As [`collective::agree`], of what is done before a job.
pub fn agree<T>(mine: Result<T>) -> Result<T> {
    collective::agree(&**all(), mine.map_err(Anyhow)).map_err(|Anyhow(error)| error)
}
