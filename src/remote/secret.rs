//! Secrets: read from a file, never shown.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A token or password. `Debug` shows nothing of it; its memory is wiped when it goes.
#[derive(Clone)]
pub struct Secret(SecretString);

/// Why a secret could not be had. Names the file, never a part of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the secret file {} does not exist", .0.display())]
    Missing(PathBuf),
    #[error("the secret file {} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// Everybody on the machine has some right to it.
    #[error("the secret file {} is open to everybody (mode {mode:04o}); run `chmod 600` on it", path.display())]
    WorldReadable { path: PathBuf, mode: u32 },
    #[error("the secret file {} is empty", .0.display())]
    Empty(PathBuf),
    #[error("the secret file {} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
}

impl SecretError {
    /// The file it is about.
    pub fn path(&self) -> &Path {
        match self {
            SecretError::Missing(path) | SecretError::Empty(path) | SecretError::NotText(path) => path,
            SecretError::Unreadable { path, .. } | SecretError::WorldReadable { path, .. } => path,
        }
    }
}

impl Secret {
    /// Reads `path`, white space around its text left out; where that does not exist, `fallback`.
    ///
    /// # Errors
    /// [`SecretError::WorldReadable`] for any right of "others" on the file: then it is no secret.
    pub fn read(path: &Path, fallback: Option<&Path>) -> Result<Secret, SecretError> {
        match (Secret::read_one(path), fallback) {
            (Err(SecretError::Missing(_)), Some(fallback)) => Secret::read_one(fallback),
            (outcome, _) => outcome,
        }
    }

    /// A secret that is already in memory.
    pub fn from_text(text: impl Into<String>) -> Secret {
        Secret(SecretString::from(text.into()))
    }

    /// The secret itself, for the request that needs it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn read_one(path: &Path) -> Result<Secret, SecretError> {
        let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => SecretError::Missing(path.to_owned()),
            _ => unreadable(source),
        })?;
        // Of the file that was opened, not of whatever the path names a moment later.
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
        if mode & 0o007 != 0 {
            return Err(SecretError::WorldReadable { path: path.to_owned(), mode });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| SecretError::NotText(path.to_owned()))?;
        // Held as a secret at once, so that the untrimmed text is wiped too.
        let whole = Secret::from_text(text);
        match whole.expose().trim() {
            "" => Err(SecretError::Empty(path.to_owned())),
            trimmed => Ok(Secret::from_text(trimmed)),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn file(directory: &tempfile::TempDir, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn white_space_around_a_secret_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory, "a", b" s3cret\r\n", 0o600);
        assert_eq!(Secret::read(&path, None).unwrap().expose(), "s3cret");
    }

    #[test]
    fn a_credential_of_the_service_manager_is_accepted() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory, "a", b"s3cret", 0o400);
        assert!(Secret::read(&path, None).is_ok());
    }

    #[test]
    fn the_fallback_is_read_only_where_the_first_is_missing() {
        let directory = tempfile::tempdir().unwrap();
        let fallback = file(&directory, "b", b"second", 0o600);
        let missing = directory.path().join("a");
        assert_eq!(Secret::read(&missing, Some(&fallback)).unwrap().expose(), "second");
        let empty = file(&directory, "a", b"", 0o600);
        assert!(
            matches!(Secret::read(&empty, Some(&fallback)), Err(SecretError::Empty(path)) if path == empty)
        );
    }

    #[test]
    fn a_secret_open_to_everybody_is_refused_with_the_way_out() {
        let directory = tempfile::tempdir().unwrap();
        for mode in [0o644, 0o602, 0o601] {
            let path = file(&directory, "a", b"s3cret", mode);
            let error = Secret::read(&path, None).unwrap_err();
            assert!(matches!(error, SecretError::WorldReadable { mode: seen, .. } if seen == mode));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn each_kind_of_bad_file_has_its_own_error() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        assert!(matches!(Secret::read(&missing, None), Err(SecretError::Missing(path)) if path == missing));
        let blank = file(&directory, "blank", b" \n", 0o600);
        assert!(matches!(Secret::read(&blank, None), Err(SecretError::Empty(_))));
        let binary = file(&directory, "binary", &[0xff, 0xfe], 0o600);
        assert!(matches!(Secret::read(&binary, None), Err(SecretError::NotText(_))));
        let folder = directory.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(matches!(Secret::read(&folder, None), Err(SecretError::Unreadable { .. })));
    }

    #[test]
    fn p10_debug_of_a_secret_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", Secret::from_text("s3cret")), "Secret(…)");
    }
}
