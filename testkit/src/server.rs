//! A program that listens on ports of 127.0.0.1.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use crate::{paths, process::Group, sh::Sh, usage, worker::free_port};

/// Time limit for a program to listen.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Time limit for one attempt to connect.
const RETRY: Duration = Duration::from_millis(2);

/// A running program; dropping it ends it.
#[derive(Debug)]
pub struct Server {
    group: Group,
    log: PathBuf,
}

impl Server {
    /// Starts the program and waits until it listens on all its ports. Its output goes to the file `log`.
    ///
    /// # Errors
    /// When the program ends or does not listen in time; the message contains its output.
    pub fn start(log: &Path, program: &Sh, ports: &[u16]) -> Result<Self> {
        let out = File::create(log)?;
        let group = program.spawn(out.try_clone()?.into(), out.into())?;
        let mut server = Self { group, log: log.to_owned() };
        ports.iter().try_for_each(|port| server.wait_for(address(*port)))?;
        Ok(server)
    }

    /// The process that was started.
    pub fn pid(&mut self) -> u32 {
        self.group.leader().id()
    }

    /// The workerd that this process has started.
    ///
    /// # Errors
    /// When there is none.
    pub fn workerd(&mut self) -> Result<u32> {
        usage::find(self.pid(), "workerd")
    }

    fn wait_for(&mut self, addr: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(addr).is_err() {
            if let Some(status) = self.group.ended()? {
                bail!("it ended ({status}):\n{}", fs::read_to_string(&self.log)?);
            }
            if Instant::now() > deadline {
                bail!("it did not listen after {} s:\n{}", START_TIMEOUT.as_secs(), fs::read_to_string(&self.log)?);
            }
            thread::sleep(RETRY);
        }
        Ok(())
    }
}

/// A bundled Worker to be started on workerd with a local D1, by `bench/serve.js`: `wrangler dev` starts a second workerd in
/// front of the Worker, whose memory grows with each request.
#[derive(Debug)]
pub struct Bundle<'a> {
    /// The folder of its modules; the main one is `worker.js`.
    pub dir: &'a Path,
    /// The folder of the local database.
    pub persist_to: &'a Path,
    /// The settings.
    pub vars: &'a [(&'a str, &'a str)],
    /// Whether it uses modules of Node.
    pub nodejs: bool,
}

impl Bundle<'_> {
    /// Starts it on a free port. Its output goes to the file `log`.
    ///
    /// # Errors
    /// Those of [`Server::start`].
    pub fn start(&self, log: &Path) -> Result<(Server, SocketAddr)> {
        let port = free_port()?;
        let vars: Map<String, Value> =
            self.vars.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let options = json!({
            "bundle": self.dir,
            "port": port,
            "persist": self.persist_to,
            "vars": vars,
            "nodejs": self.nodejs,
        });
        let program = Sh::new("node").args(["serve.js", &options.to_string()]).dir(paths::root().join("bench"));
        Ok((Server::start(log, &program, &[port])?, address(port)))
    }
}

/// This port on 127.0.0.1.
#[must_use]
pub fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
