//! A side that works when it is told to, in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context;
use serde_json::Value;

use crate::peers;

/// A child that answers a line with a line of JSON.
pub struct Served {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Served {
    /// Starts `bench/SCRIPT SETTINGS --serve`; nothing where peers are not installed.
    pub fn start(script: &str, settings: &Value) -> anyhow::Result<Option<Self>> {
        let Some(python) = peers::installed() else { return Ok(None) };
        let mut command = Command::new(python);
        command.arg(peers::script(script)).args([&settings.to_string(), "--serve"]);
        Self::of(command).map(Some)
    }

    /// Starts a program.
    pub fn of(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let orders = child.stdin.take().context("a child without input")?;
        let answers = BufReader::new(child.stdout.take().context("a child without output")?);
        Ok(Self { child, orders, answers })
    }

    /// What the child reports of what it is told to do.
    pub fn answer(&mut self, order: &str) -> anyhow::Result<Value> {
        writeln!(self.orders, "{order}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).context("the child stopped")
    }

    /// The CPU seconds of it.
    pub fn seconds(&mut self, order: &str) -> anyhow::Result<f64> {
        self.answer(order)?["seconds"].as_f64().context("the child told no seconds")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // it has nothing to save
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
