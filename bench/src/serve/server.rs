//! The program as a server, in a process of its own, and what it costs.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;

use super::client;

pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

/// What a server has used and done so far.
pub struct Cost {
    pub cpu_seconds: f64,
    tokens: f64,
}

impl Cost {
    /// CPU time of a token since an earlier moment, in µs.
    pub fn since(&self, before: &Cost) -> anyhow::Result<f64> {
        let tokens = self.tokens - before.tokens;
        anyhow::ensure!(tokens > 0.0, "no token was written");
        eprintln!("{tokens} tokens, {:.2} CPU seconds", self.cpu_seconds - before.cpu_seconds);
        Ok((self.cpu_seconds - before.cpu_seconds) / tokens * 1e6)
    }
}

impl Server {
    /// Serves the run at `path`, as `runs/demo`.
    pub fn start(path: &Path) -> anyhow::Result<Self> {
        let program = std::env::var_os("DEEPDIVE").context("`cargo xtask bench serve` says which program")?;
        let (runs, name) = (path.parent().context("no runs")?, path.file_name().context("no run")?);
        let mut command = Command::new(program);
        command.arg("serve").arg(name).arg("--runs").arg(runs).args(["--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        let address = address.and_then(|address| address.parse().ok());
        let address = address.with_context(|| format!("no address: {line:?}"))?;
        Ok(Self { child, address })
    }

    /// CPU time of the process so far, and tokens that its models wrote.
    pub fn cost(&self) -> anyhow::Result<Cost> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // behind the name, which may have spaces: the 14th and 15th field are user and system time, in hundredths
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks =
            |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).context("no CPU time");
        let cpu_seconds = (ticks(11)? + ticks(12)?) / 100.0;
        let metrics = client::get(self.address, "/metrics")?;
        let of = metrics.lines().filter(|line| line.starts_with("deepdive_answer_tokens_total"));
        let tokens = of.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
        Ok(Cost { cpu_seconds, tokens })
    }

    /// Memory of the process.
    pub fn megabytes(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no memory")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1e3)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it has nothing to save
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
