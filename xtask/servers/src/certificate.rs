//! A certificate for a server on this machine, and the authority that vouches for it.

use crate::account::Account;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::program;

/// The files that [`create`] leaves in the server's folder.
pub(crate) const AUTHORITY: &str = "ca.crt";
pub(crate) const CERTIFICATE: &str = "server.crt";
pub(crate) const KEY: &str = "server.key";

/// Two certificates and not one that signs itself: strict clients take no authority's certificate for a server's.
const SETTINGS: &str = "\
[req]
distinguished_name = name
prompt = no
[name]
CN = throwaway
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
authorityKeyIdentifier = keyid
";

/// Creates a certificate for `localhost` and 127.0.0.1 that is good for two days.
pub(crate) fn create(account: Account, folder: &Folder) -> Result<()> {
    folder.write(account, "openssl.cnf", SETTINGS)?;
    openssl(account, folder, &["-extensions", "authority", "-keyout", "ca.key", "-out", AUTHORITY])?;
    let signed = ["-extensions", "server", "-subj", "/CN=localhost", "-CA", AUTHORITY, "-CAkey", "ca.key"];
    openssl(account, folder, &[signed.as_slice(), &["-keyout", KEY, "-out", CERTIFICATE]].concat())
}

fn openssl(account: Account, folder: &Folder, args: &[&str]) -> Result<()> {
    let openssl = program::find("openssl")
        .ok_or_else(|| Error::new("openssl, which makes certificates, is not installed: apt-get install openssl"))?;
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
    let mut command = account.command(&openssl, folder.path());
    command.args(["req", "-x509", "-days", "2", "-config", "openssl.cnf"]).args(key).args(args);
    program::run(&mut command).map(drop)
}
