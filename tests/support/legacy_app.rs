//! Real, unmodified applications of the kit in `../shared/legacy`, where this clone has it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Mutex,
};

use tempfile::TempDir;

use super::{free_port, package, target};

/// A running application of the kit; it ends with this value.
pub struct LegacyApp {
    script: PathBuf,
    run: TempDir,
    port: u16,
}

/// The kit, or nothing and one line where this clone does not have it.
fn kit(app: &str) -> Option<PathBuf> {
    let kit = package().parent()?.join("shared/legacy");
    let beside_worktree = package().ancestors().map(|folder| folder.join("shared/legacy")).find(|kit| kit.is_dir());
    let found = Some(kit).filter(|kit| kit.is_dir()).or(beside_worktree);
    if found.is_none() {
        eprintln!("not tested: {app} (there is no ../shared/legacy beside this clone)");
    }
    found
}

impl LegacyApp {
    /// Starts an application on a free port, or says in one line that it is not there.
    pub fn start(app: &str) -> Option<Self> {
        static INSTALLING: Mutex<()> = Mutex::new(());
        let kit = kit(app)?;
        let run = TempDir::new().expect("a folder for the application");
        let application = Self { script: kit.join(format!("apps/{app}.sh")), run, port: free_port() };
        {
            let _one_at_a_time = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            application.call(&kit.join("install.sh"), &[app]);
        }
        application.call(&application.script, &["up", &application.port.to_string()]);
        Some(application)
    }

    /// Where it is, for the gateway only.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Forgets every session, as a time-out would.
    pub fn expire_sessions(&self) {
        self.call(&self.script, &["expire"]);
    }

    fn call(&self, script: &Path, arguments: &[&str]) {
        let done = self.output(script, arguments);
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{} {arguments:?}: {said}", script.display());
    }

    fn output(&self, script: &Path, arguments: &[&str]) -> Output {
        // The Python environment is shared by all runs: making it takes much longer than using it.
        let tools = target().join("legacy-tools");
        std::fs::create_dir_all(&tools).expect("a folder for the tools");
        Command::new(script)
            .args(arguments)
            .env("LEGACY_RUN", self.run.path())
            .env("LEGACY_TOOLS", tools)
            .output()
            .expect("the kit's script can be started")
    }
}

impl Drop for LegacyApp {
    fn drop(&mut self) {
        // Stops by the pids that the kit has recorded.
        let _ = self.output(&self.script, &["down"]);
    }
}
