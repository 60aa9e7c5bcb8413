//! CPU time of the listener and of all processes of Postgres, from /proc: the scheduler's own count in nanoseconds, since
//! the ticks of `/proc/<pid>/stat` are too coarse for runs of seconds.

use std::{collections::BTreeMap, fs};

use super::Outcome;

/// A reading: seconds of CPU time, user and system, per process.
pub(super) struct Reading {
    listener: f64,
    postgres: BTreeMap<u32, f64>,
}

/// What was used between two readings, in seconds.
#[derive(Clone, Copy)]
pub(super) struct Cpu {
    pub(super) listener: f64,
    pub(super) postgres: f64,
}

impl Reading {
    pub(super) fn of(listener: u32, postmaster: u32) -> Outcome<Self> {
        let mut postgres = BTreeMap::from([(postmaster, used(postmaster)?)]);
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // A process may end between the look and the reading.
            if parent(pid).is_ok_and(|parent| parent == postmaster)
                && let Ok(used) = used(pid)
            {
                postgres.insert(pid, used);
            }
        }
        Ok(Self {
            listener: used(listener)?,
            postgres,
        })
    }

    /// What was used since an earlier reading. Processes that ended in between are not in it: take both readings while
    /// the connections are open.
    pub(super) fn since(&self, before: &Self) -> Cpu {
        let postgres = self
            .postgres
            .iter()
            .map(|(pid, used)| used - before.postgres.get(pid).unwrap_or(&0.0));
        Cpu {
            listener: self.listener - before.listener,
            postgres: postgres.sum(),
        }
    }
}

/// What all threads of a process used.
fn used(pid: u32) -> Outcome<f64> {
    let mut nanos = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let on_cpu = text.split(' ').next().ok_or("schedstat has another shape")?;
        nanos += on_cpu.parse::<f64>()?;
    }
    Ok(nanos / 1e9)
}

fn parent(pid: u32) -> Outcome<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name stands in parentheses and may hold anything; the fields after it start with the state.
    let (_, fields) = text.rsplit_once(") ").ok_or("stat has another shape")?;
    Ok(fields.split(' ').nth(1).ok_or("too few fields")?.parse()?)
}
