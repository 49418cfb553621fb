//! Who runs a server: whoever runs the tests, except root, because no database server lets root run it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};

/// Who runs a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// The user that a server's package made for it.
    Package { uid: u32, gid: u32 },
    /// Whoever runs the tests.
    Same,
}

impl Account {
    /// Returns who runs a server whose package made the user `name`.
    ///
    /// # Errors
    ///
    /// When root asks, and there is no such user.
    pub(crate) fn for_server(name: &str) -> Result<Self> {
        let own = fs::metadata("/proc/self").map_err(|error| Error::io("cannot tell who this is", &error))?;
        if own.uid() != 0 {
            return Ok(Self::Same);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(|error| Error::io("cannot read /etc/passwd", &error))?;
        find(&users, name).ok_or_else(|| Error::new(format!("there is no user `{name}`, and root cannot be it")))
    }

    /// Returns a command that this account runs in `folder`, and that is killed when the thread that spawned it ends.
    pub(crate) fn command(self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new("setpriv");
        // Temporary files too: a MariaDB that starts removes those of all others in the same place.
        command.current_dir(folder).env("TMPDIR", folder);
        command.args(["--pdeathsig", "KILL"]);
        if let Self::Package { uid, gid } = self {
            command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"]);
        }
        command.arg("--").arg(program);
        command
    }

    /// Makes this account the owner of a file or folder.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        let Self::Package { uid, gid } = self else { return Ok(()) };
        chown(path, Some(uid), Some(gid))
            .map_err(|error| Error::io(format_args!("cannot change the owner of {}", path.display()), &error))
    }
}

fn find(users: &str, name: &str) -> Option<Account> {
    let mut fields = users.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(name))?;
    let uid = fields.nth(2)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account::Package { uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\nmysqlx:x:1:2::/:/bin/false\nmysql:x:103:111:,,,:/:/bin/false\n";
        assert_eq!(find(users, "mysql"), Some(Account::Package { uid: 103, gid: 111 }));
        assert_eq!(find(users, "postgres"), None);
    }
}
