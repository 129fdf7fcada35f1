//! Machines that share a depot, and a busy S3 server for it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::serving::is_there;
use super::workspace;

/// An S3-compatible server on loopback that answers a share of all requests with 503.
pub struct BusyS3 {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<std::process::ChildStdout>,
    pub address: String,
}

impl BusyS3 {
    /// Nothing, and a word why, where no Python has moto; `DEEPDIVE_CLIENTS` may name one that has.
    #[allow(
        clippy::disallowed_methods,
        clippy::print_stdout,
        reason = "which Python has the server, the environment says"
    )]
    pub fn start(share: f64) -> Option<Self> {
        let python = std::env::var("DEEPDIVE_CLIENTS").unwrap_or("python3".to_owned());
        if !is_there(&python, &["-c", "from moto.server import ThreadedMotoServer"]) {
            println!(
                "skipped: `pip install 'moto[server]'` gets the server; DEEPDIVE_CLIENTS may name another python3"
            );
            return None;
        }
        let script = workspace().join("xtask/tests/clients/busy_s3.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(share.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut address = String::new();
        output.read_line(&mut address).expect("it prints its address");
        Some(Self { child, input, output, address: address.trim().to_owned() })
    }

    /// What a program needs to find it.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", self.address.clone()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }

    /// Ends it; what it says of its requests.
    pub fn end(mut self) -> String {
        drop(self.input.take());
        let mut said = String::new();
        self.output.read_to_string(&mut said).expect("it says how busy it was");
        self.child.wait().expect("it ends");
        said
    }
}
