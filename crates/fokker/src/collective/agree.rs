//! What all ranks must agree on before one of them goes another way.

use super::{Collective, all_gather_bytes};

/// Whose doing an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The run's.
    Run,
    /// The request's: it was wrong.
    Request,
    /// Whoever wanted the job to stop.
    Stop,
}

/// An error that another rank's stands for where all is well.
pub trait Agreed: std::error::Error {
    /// That of rank `rank`, which said so.
    fn elsewhere(rank: usize, said: String, blame: Blame) -> Self;

    /// Whose doing it is.
    fn blame(&self) -> Blame;

    /// The error with its causes, on one line.
    fn said(&self) -> String;
}

/// The same result on all ranks, as far as going on is concerned: if any has failed, all have. Who has failed keeps its own error; the others
/// have that of the first who did.
///
/// # Errors
/// This rank's, or [that of another](Agreed::elsewhere).
///
/// ```
/// use fokker::collective::{agree, in_threads};
/// use fokker::Error;
/// let ends = in_threads(2, |ranks| {
///     let all_well = agree(&**ranks, Ok::<_, Error>(())).is_ok();
///     let mine = if ranks.rank() == 1 { Err(Error::Output("no".into())) } else { Ok(()) };
///     (all_well, agree(&**ranks, mine).map_err(|error| error.to_string()))
/// });
/// assert_eq!(ends, [(true, Err("rank 1: no".into())), (true, Err("no".into()))]);
/// ```
pub fn agree<T, E: Agreed>(ranks: &dyn Collective, mine: Result<T, E>) -> Result<T, E> {
    if ranks.size() == 1 {
        return mine;
    }
    // Nothing, if all is well; else a byte and the words.
    let message = match &mine {
        Ok(_) => Vec::new(),
        Err(error) => [&[error.blame() as u8], error.said().as_bytes()].concat(),
    };
    let said = all_gather_bytes(ranks, &message);
    let failed = said.iter().enumerate().find_map(|(rank, said)| Some((rank, said.split_first()?)));
    match (mine, failed) {
        (Ok(_), Some((rank, (&blame, words)))) => {
            let blames = [Blame::Run, Blame::Request, Blame::Stop];
            let blame = blames.into_iter().find(|&known| known as u8 == blame).unwrap_or(Blame::Run);
            Err(E::elsewhere(rank, String::from_utf8_lossy(words).into_owned(), blame))
        }
        (mine, _) => mine,
    }
}

/// What rank 0 alone does; the others have `None`, and the error if there is one.
///
/// # Errors
/// As [`agree`].
///
/// ```
/// use fokker::{Error, collective::{first, in_threads}};
/// let ends = in_threads(2, |ranks| first(&**ranks, || Ok::<_, Error>("written")).ok().flatten());
/// assert_eq!(ends, [Some("written"), None]);
/// ```
pub fn first<T, E: Agreed>(ranks: &dyn Collective, job: impl FnOnce() -> Result<T, E>) -> Result<Option<T>, E> {
    let mine = if ranks.rank() == 0 { job().map(Some) } else { Ok(None) };
    agree(ranks, mine)
}

/// Does any rank say so?
///
/// ```
/// use fokker::collective::{any, in_threads};
/// assert_eq!(in_threads(3, |ranks| any(&**ranks, ranks.rank() == 2)), [true; 3]);
/// assert_eq!(in_threads(3, |ranks| any(&**ranks, false)), [false; 3]);
/// ```
pub fn any(ranks: &dyn Collective, mine: bool) -> bool {
    if ranks.size() == 1 {
        return mine;
    }
    let mut said = [f32::from(u8::from(mine))];
    ranks.all_reduce(&mut said);
    said[0] > 0.0
}

/// Refuses ranks that were not started alike: `things` are what must be the same on all, with a text or a digest of each.
///
/// # Errors
/// [`Error::RanksDiffer`](crate::Error::RanksDiffer), on all ranks.
///
/// ```
/// use fokker::collective::{in_threads, require_same};
/// let ends = in_threads(3, |ranks| {
///     let steps = if ranks.rank() == 2 { "200" } else { "100" };
///     require_same(&**ranks, &[("data", "ring"), ("config", steps)]).map_err(|error| error.to_string())
/// });
/// assert!(ends.iter().all(|end| *end == Err("ranks 0 and 2 were not started alike: the config differs".into())));
/// ```
pub fn require_same(ranks: &dyn Collective, things: &[(&'static str, &str)]) -> Result<(), crate::Error> {
    if ranks.size() == 1 {
        return Ok(());
    }
    for &(what, text) in things {
        let said = all_gather_bytes(ranks, text.as_bytes());
        if let Some(rank) = said.iter().position(|other| *other != said[0]) {
            return Err(crate::Error::RanksDiffer { what: what.into(), rank });
        }
    }
    Ok(())
}
