//! Votes of people: `battles/1` in a folder of the run, `part-00000.parquet` and on.
//!
//! A vote is safe when it was recorded: the last part is written anew beside itself, down to the disk, and renamed. Servers
//! take turns by a lock. The stage `battles-files` brings the folder into a run again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chat::serve::{Answer, Outcome, Refusal, Standing, Standings, Vote};
use eval::{Bootstrap, Elo};
use shard::{Batch, Battles, Footer, Reader, Writer, battles};

use crate::stages::arena::board::{Game, board};

/// Who judges.
const PERSON: &str = "person";
/// Votes of a part; the next goes into another.
const PART: u64 = 1_024;
/// How often prompts are drawn again for intervals: while somebody waits.
const DRAWS: usize = 200;

/// The ballot box of a run.
pub(super) struct Ballots {
    /// Made when the first vote comes.
    pub(super) directory: PathBuf,
    /// Models in the order in which they were trained.
    pub(super) players: Vec<String>,
    /// The last standings, which hold until there are more votes.
    pub(super) known: Mutex<Option<(u64, Standings)>>,
}

impl chat::serve::Ballots for Ballots {
    fn record(&self, vote: &Vote) -> Answer<()> {
        self.add(vote).map_err(Refusal::fault)
    }

    fn standings(&self) -> Answer<Standings> {
        self.count().map_err(Refusal::fault)
    }
}

impl Ballots {
    fn add(&self, vote: &Vote) -> anyhow::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let _turn = lock(&self.directory)?;
        let parts = parts(&self.directory)?;
        let (mut number, mut rows) = (0, vec![]);
        if let Some((last, path)) = parts.last_key_value() {
            number = last + 1;
            if Footer::read(path)?.rows < PART {
                number = *last;
                rows.extend(Reader::<Battles>::open(path)?.collect::<shard::Result<Vec<_>>>()?);
            }
        }
        let mut writer = Writer::<Battles>::create(&self.directory, &name(number), "votes of people")?;
        rows.iter().flat_map(Batch::rows).try_for_each(|row| writer.push(&row))?;
        writer.push(&battles::Row {
            prompt_id: prompt_id(&vote.asked),
            asked: &vote.asked,
            left: &vote.left,
            right: &vote.right,
            judge: PERSON,
            outcome: match vote.outcome {
                Outcome::Left => battles::Outcome::Left,
                Outcome::Right => battles::Outcome::Right,
                Outcome::Tie => battles::Outcome::Tie,
            },
            left_text: &vote.left_text,
            right_text: &vote.right_text,
        })?;
        writer.finish()?;
        Ok(())
    }

    fn count(&self) -> anyhow::Result<Standings> {
        let parts = match parts(&self.directory) {
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => vec![],
            parts => parts?.into_values().collect(),
        };
        let mut votes = 0;
        for part in &parts {
            votes += Footer::read(part)?.rows;
        }
        // whoever panicked, what stands there is whole
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, standings)) = known.as_ref().filter(|(counted, _)| *counted == votes) {
            return Ok(standings.clone());
        }
        let standings = self.rate(&parts)?;
        *known = Some((votes, standings.clone()));
        Ok(standings)
    }

    fn rate(&self, parts: &[PathBuf]) -> anyhow::Result<Standings> {
        let mut names: Vec<String> = self.players.clone();
        let mut games = vec![];
        for part in parts {
            for batch in Reader::<Battles>::open(part)? {
                for row in batch?.rows().filter(|row| row.judge == PERSON && row.left != row.right) {
                    let mut number = |name: &str| {
                        // a model of an earlier run of that name still met others
                        names.iter().position(|known| known == name).unwrap_or_else(|| {
                            names.push(name.to_owned());
                            names.len() - 1
                        })
                    };
                    let (left, right) = (number(row.left), number(row.right));
                    games.push(Game { prompt_id: row.prompt_id, left, right, outcome: row.outcome });
                }
            }
        }
        let votes = games.len();
        if games.is_empty() {
            return Ok(Standings { judge: PERSON.to_owned(), ..Standings::default() });
        }
        let board =
            board(&games, &Elo { most: 4.0, begin: 0.0 }, &Bootstrap { draws: DRAWS, seed: 0 }, PERSON)?;
        let place = |(number, standing): (usize, eval::Standing)| Standing {
            model: names[number].clone(),
            rating: standing.rating.value,
            low: standing.rating.low,
            high: standing.rating.high,
            games: standing.games() as usize,
            wins: standing.wins as usize,
            ties: standing.ties as usize,
            losses: standing.losses as usize,
        };
        let mut standings: Vec<Standing> = board.into_iter().map(place).collect();
        standings.sort_by(|a, b| b.rating.total_cmp(&a.rating).then_with(|| a.model.cmp(&b.model)));
        Ok(Standings { judge: PERSON.to_owned(), votes, standings })
    }
}

/// One server at a time writes; who dies lets go.
fn lock(directory: &Path) -> io::Result<File> {
    let path = directory.with_extension("lock");
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    file.lock()?;
    Ok(file)
}

fn name(number: u64) -> String {
    format!("part-{number:05}.parquet")
}

/// All parts by their numbers.
fn parts(directory: &Path) -> io::Result<BTreeMap<u64, PathBuf>> {
    let mut parts = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let told = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number = told.strip_prefix("part-").and_then(|rest| rest.strip_suffix(".parquet"));
        if let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) {
            parts.insert(number, path);
        }
    }
    Ok(parts)
}

/// Names a prompt by its words.
fn prompt_id(asked: &str) -> u64 {
    let hash = blake3::hash(asked.as_bytes());
    hash.as_bytes()[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use chat::serve::Ballots as _;

    use super::*;

    fn ballots(directory: &Path) -> Ballots {
        let players = ["base", "chat"].map(str::to_owned).to_vec();
        Ballots { directory: directory.join("ballots"), players, known: Mutex::default() }
    }

    fn vote(asked: &str, left: &str, right: &str, outcome: Outcome) -> Vote {
        let text = |of: &str| format!("{of} answers {asked}");
        Vote {
            asked: asked.to_owned(),
            left: left.to_owned(),
            right: right.to_owned(),
            left_text: text(left),
            right_text: text(right),
            outcome,
        }
    }

    #[test]
    fn votes_are_kept_counted_and_shared() {
        let directory = tempfile::tempdir().unwrap();
        let none = ballots(directory.path()).standings().unwrap();
        assert_eq!((none.votes, none.judge.as_str(), none.standings.len()), (0, "person", 0));
        // several servers on one run: nobody's vote is lost
        std::thread::scope(|scope| {
            for server in 0..4 {
                let ballots = ballots(directory.path());
                scope.spawn(move || {
                    for at in 0..10 {
                        let asked = format!("{server} {at}");
                        let vote = match at {
                            0 => vote(&asked, "base", "chat", Outcome::Tie),
                            1 => vote(&asked, "base", "chat", Outcome::Left),
                            _ => vote(&asked, "chat", "base", Outcome::Left),
                        };
                        ballots.record(&vote).unwrap();
                    }
                });
            }
        });
        let counted = ballots(directory.path()).standings().unwrap();
        assert_eq!(counted.votes, 40);
        let [first, second] = &counted.standings[..] else { panic!("{counted:?}") };
        assert_eq!((first.model.as_str(), first.wins, first.ties, first.losses), ("chat", 32, 4, 4));
        assert_eq!((second.model.as_str(), second.games), ("base", 40));
        assert!(first.low <= first.rating && first.rating <= first.high && first.rating > second.rating);
        let rows = Reader::<Battles>::open(&directory.path().join("ballots/part-00000.parquet")).unwrap();
        let mut asked = std::collections::BTreeSet::new();
        for batch in rows {
            for row in batch.unwrap().rows() {
                assert_eq!((row.judge, row.prompt_id), ("person", prompt_id(row.asked)));
                asked.insert(row.asked.to_owned());
            }
        }
        assert_eq!(asked.len(), 40);
    }

    #[test]
    fn a_full_part_is_left_alone_and_a_damaged_one_is_not_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let ballots = ballots(directory.path());
        fs::create_dir(&ballots.directory).unwrap();
        let mut writer = Writer::<Battles>::create(&ballots.directory, &name(0), "test").unwrap();
        for _ in 0..PART {
            let row = battles::Row { left: "a", right: "b", judge: PERSON, ..battles::Row::default() };
            writer.push(&row).unwrap();
        }
        writer.finish().unwrap();
        for at in 0..2 {
            ballots.record(&vote(&at.to_string(), "base", "chat", Outcome::Right)).unwrap();
        }
        let rows = |number| Footer::read(&ballots.directory.join(name(number))).unwrap().rows;
        assert_eq!((rows(0), rows(1)), (PART, 2));
        // models that are no longer served have their places, too
        let known: Vec<String> =
            ballots.standings().unwrap().standings.into_iter().map(|one| one.model).collect();
        assert!(known.contains(&"a".to_owned()) && known.contains(&"chat".to_owned()), "{known:?}");
        let last = ballots.directory.join(name(1));
        fs::write(&last, "no shard").unwrap();
        assert!(ballots.record(&vote("?", "base", "chat", Outcome::Left)).is_err());
        assert_eq!(fs::read(&last).unwrap(), b"no shard");
    }
}
