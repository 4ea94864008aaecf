//! A person who follows the document: one terminal for commands, and one for the Worker.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use testkit::{
    http, paths,
    process::Group,
    sh::Sh,
    worker::{PORT_TAKEN, free_port},
    wrangler,
};

use super::{
    backend::{OLDER_PASSWORD, OLDER_USERS, Running, sources},
    blocks::{Block, Kind, missing},
};

/// Time limit for a block, and for the start of the Worker.
const TIMEOUT: Duration = Duration::from_secs(90);

/// Where the document writes the log of the Worker.
const LOG: &str = "worker.log";

/// How often the Worker is started while a port is taken.
const ATTEMPTS: u32 = 3;

/// The account of the person. Its characters have to be encoded in a form.
const EMAIL: &str = "ada+edge@example.com";
const PASSWORD: &str = "100% correct & horse";

/// In the order in which they have to be dropped.
pub(super) struct Reader<'r> {
    worker: Option<Group>,
    running: &'r Running,
    /// The folder of the Worker.
    www: PathBuf,
    addr: SocketAddr,
}

impl<'r> Reader<'r> {
    /// Copies the Worker as a clone has it, and signs the person up at the backend.
    ///
    /// # Errors
    /// When a file cannot be copied, or the backend refuses the person.
    pub(super) fn new(running: &'r Running) -> Result<Self> {
        let www = running.folder.join("www");
        // Below `target`, so that the packages of the clone are found as they are from its own folder.
        fs::copy(paths::root().join("tsconfig.base.json"), running.folder.join("tsconfig.base.json"))?;
        copy_worker(&paths::root().join("www"), &www)?;
        set_inspector_port(&www.join("wrangler.jsonc"))?;
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let reader = Self { worker: None, running, www, addr };
        let sign_up = r#"curl -fsS "$OLD$USERS" -H 'Content-Type: application/json' -d "{\"email\":\"$EMAIL\",\"password\":\"$PASSWORD\"}""#;
        reader.foreground(sign_up)?;
        Ok(reader)
    }

    /// Runs a block, and compares what it prints.
    ///
    /// # Errors
    /// When it fails, prints something else, or does not end in time.
    pub(super) fn run(&mut self, block: &Block) -> Result<()> {
        match block.kind {
            Kind::Foreground => {
                let printed = self.foreground(&block.script)?;
                if let Some(line) = missing(&block.expected, &printed) {
                    bail!("the document says that `{line}` is printed; what is printed:\n{printed}{}", self.log());
                }
                Ok(())
            }
            Kind::Background => self.background(&block.script),
        }
    }

    /// # Errors
    /// When a check of `tests/migrating/live.sh` fails.
    pub(super) fn check_live(&self) -> Result<()> {
        self.foreground(&fs::read_to_string(sources().join("live.sh"))?).map(drop)
    }

    /// Variables and functions of a script are there in the next one, as in a terminal.
    fn foreground(&self, script: &str) -> Result<String> {
        let after = format!(
            "set -a\n[ ! -e ../state.sh ] || . ../state.sh\n{script}\n{{ export -p; declare -f; }} > ../state.sh\n"
        );
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.running.folder.join(name));
        let mut bash =
            self.bash(&after, "script.sh")?.spawn(File::create(&stdout)?.into(), File::create(&stderr)?.into())?;
        let deadline = Instant::now() + TIMEOUT;
        let status = loop {
            match bash.ended()? {
                Some(status) => break Some(status),
                None if Instant::now() > deadline => break None,
                None => sleep(Duration::from_millis(10)),
            }
        };
        drop(bash);
        let [printed, told] = [stdout, stderr].map(|file| fs::read_to_string(file).unwrap_or_default());
        match status {
            Some(status) if status.success() => Ok(printed),
            Some(status) => bail!("{status} from:\n{script}\n{printed}{told}{}", self.log()),
            None => bail!("not ended after {TIMEOUT:?}:\n{script}\n{printed}{told}{}", self.log()),
        }
    }

    fn background(&mut self, script: &str) -> Result<()> {
        // The one before it has the port.
        self.worker = None;
        // Another process may take a free port before workerd does.
        for _ in 1..ATTEMPTS {
            match self.start(script) {
                Err(_) if fs::read_to_string(self.www.join(LOG))?.contains(PORT_TAKEN) => {}
                started => return started,
            }
        }
        self.start(script)
    }

    fn start(&mut self, script: &str) -> Result<()> {
        let output = File::create(self.running.folder.join("background.log"))?;
        let mut worker = self.bash(script, "background.sh")?.spawn(output.try_clone()?.into(), output.into())?;
        let deadline = Instant::now() + TIMEOUT;
        let page = http::Request { method: "GET".into(), path: "/".into(), ..http::Request::default() };
        while http::send(self.addr, &page).is_err() {
            if worker.ended()?.is_some() || Instant::now() > deadline {
                bail!("the Worker does not answer:\n{script}{}", self.log());
            }
            sleep(Duration::from_millis(100));
        }
        self.worker = Some(worker);
        Ok(())
    }

    fn bash(&self, script: &str, name: &str) -> Result<Sh> {
        let file = self.running.folder.join(name);
        fs::write(&file, script)?;
        let Running { backend, secret_key, url, database_url, certificates, .. } = self.running;
        let [login, me, users] = backend.paths;
        let bash = Sh::new("bash").args(["-euo", "pipefail"]).args([file]).dir(&self.www);
        Ok(wrangler::quiet(bash)
            .env("OLD", url)
            .env("LOGIN", login)
            .env("ME", me)
            .env("USERS", users)
            .env("EDGE", format!("http://{}", self.addr))
            .env("SOURCE_DATABASE_URL", database_url)
            .env("TABLE", backend.table)
            .env("SECRET_KEY", secret_key)
            .env("EMAIL", EMAIL)
            .env("PASSWORD", PASSWORD)
            .env("OLDER_USERS", OLDER_USERS.to_string())
            .env("OLDER_PASSWORD", OLDER_PASSWORD)
            // workerd trusts what Node trusts.
            .env("NODE_EXTRA_CA_CERTS", certificates)
            .env("CURL_CA_BUNDLE", certificates)
            // A command that is missing here must not be taken from a registry.
            .env("npm_config_offline", "true"))
    }

    /// What a failure is told with.
    fn log(&self) -> String {
        let files = [self.www.join(LOG), self.running.folder.join("backend.log")];
        let ends = files.map(|file| {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let lines = text.lines().collect::<Vec<_>>();
            let end = lines.len().saturating_sub(20);
            format!("\n--- {}\n{}\n", file.display(), lines.get(end..).unwrap_or_default().join("\n"))
        });
        ends.concat()
    }
}

/// Without settings, state and output of a Worker that was run there.
fn copy_worker(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).context("www")? {
        let entry = entry?;
        let name = entry.file_name();
        match name.to_str() {
            Some("src" | "public" | "migrations") => paths::copy_dir(&entry.path(), &to.join(name))?,
            Some("package.json" | "tsconfig.json" | "wrangler.jsonc") => drop(fs::copy(entry.path(), to.join(name))?),
            _ => {}
        }
    }
    Ok(())
}

/// Two Workers that start at the same time would both choose wrangler's default.
fn set_inspector_port(config: &Path) -> Result<()> {
    let text = fs::read_to_string(config)?;
    let main = "  \"main\":";
    let mended = text.replacen(main, &format!("  \"dev\": {{ \"inspector_port\": {} }},\n{main}", free_port()?), 1);
    ensure!(mended != text, "{} has no `main`", config.display());
    Ok(fs::write(config, mended)?)
}
