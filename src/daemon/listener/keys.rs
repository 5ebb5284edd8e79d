//! What posts are proven with.

use super::signature::xledger_key;
use crate::config::{SecretFile, Settings};
use crate::remote::{Secret, SecretError};
use std::fmt;

/// `Debug` shows nothing of them.
pub struct Keys {
    pub huma_secret: Option<Secret>,
    pub huma_token: Option<Secret>,
    /// The bytes of the token; `None` where it is no base64url, and then no post of Xledger's can be proven.
    pub xledger: Option<Vec<u8>>,
}

impl Keys {
    /// # Errors
    /// The first of the files that cannot be read, with its setting.
    pub fn read(settings: &Settings) -> Result<Keys, (&'static str, SecretError)> {
        let read = |file: &SecretFile| Secret::read(&file.path, None).map_err(|error| (file.key, error));
        Ok(Keys {
            huma_secret: settings.huma.webhook_secret_file.as_ref().map(read).transpose()?,
            huma_token: settings.huma.webhook_token_file.as_ref().map(read).transpose()?,
            xledger: xledger_key(&read(&settings.xledger.token_file)?),
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}
