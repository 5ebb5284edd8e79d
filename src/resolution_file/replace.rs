//! Puts a text in the place of another without ever losing one: temporary file, fsync, exchange of names.

use super::error::FileError;
use super::settling::{Hash, hash_of};
use super::{MODE, read_all};
use nix::unistd::{Gid, Group};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// Where the file is, and whose it shall be.
pub(super) struct Place {
    pub path: PathBuf,
    pub dir: PathBuf,
    name: String,
    group: Option<(String, Gid)>,
    /// Whether to try exchanging names at all. Some file systems cannot; then a second way is taken.
    pub can_exchange: bool,
}

/// What a replacement led to.
pub(super) struct Out {
    /// Our text has the name now. Otherwise there was, or came, a text nobody has read, and it was left alone.
    pub is_ours_in_place: bool,
    /// What had the name before: its handle, its present name if it still has one, and its content then.
    pub brought: Option<(File, Option<PathBuf>, Hash)>,
}

impl Out {
    const UNREAD: Out = Out { is_ours_in_place: false, brought: None };
}

impl Place {
    pub fn new(path: &Path, group: Option<&str>) -> Result<Place, FileError> {
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(FileError::NotAFile(path.to_owned()));
        };
        let dir = if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir.to_owned() };
        let group = match group {
            None => None,
            Some(name) => match Group::from_name(name) {
                Ok(Some(group)) => Some((name.to_owned(), group.gid)),
                Ok(None) | Err(_) => return Err(FileError::NoSuchGroup(name.to_owned())),
            },
        };
        let name = name.to_string_lossy().into_owned();
        Ok(Place { path: dir.join(&name), dir, name, group, can_exchange: true })
    }

    /// The file and its whole content, from one handle; `None` where there is no file.
    pub fn read(&self) -> Result<Option<(File, Vec<u8>)>, FileError> {
        match open(&self.path) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError::read(&self.path, error)),
        }
    }

    pub fn replace(&self, text: &[u8], expected: Option<&Hash>) -> Result<Out, FileError> {
        self.replace_keeping(text, expected, None)
    }

    /// Gives our text the name, if the text that has it is the one expected. What that was goes, or stays as `kept`.
    pub fn replace_keeping(
        &self,
        text: &[u8],
        expected: Option<&Hash>,
        kept: Option<&Path>,
    ) -> Result<Out, FileError> {
        let present = self.read()?.map(|(_, bytes)| hash_of(&bytes));
        if present.as_ref() != expected {
            return Ok(Out::UNREAD);
        }
        let temp = self.write_temp(text)?;
        let out = self.put(&temp, expected, kept);
        // Whatever happened, our own text is either in its place or of no use.
        if out.as_ref().map_or(true, |out| !out.is_ours_in_place) {
            let _ = fs::remove_file(&temp);
        }
        let out = out.map_err(|source| FileError::write(&self.path, source))?;
        self.sync_dir()?;
        Ok(out)
    }

    pub(super) fn put(&self, temp: &Path, expected: Option<&Hash>, kept: Option<&Path>) -> io::Result<Out> {
        if expected.is_none() {
            return Ok(Out { is_ours_in_place: self.give_free_name(temp)?, brought: None });
        }
        let (is_ours_in_place, out) = match self.exchange(temp) {
            Ok(()) => (true, temp.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Out::UNREAD),
            Err(error) if cannot_exchange(&error) => {
                let out = self.aside();
                fs::rename(&self.path, &out)?;
                (self.give_free_name(temp)?, out)
            }
            Err(error) => return Err(error),
        };
        let (file, bytes) = open(&out)?;
        let hash = hash_of(&bytes);
        // What was not read keeps a name until it is: a crash must not lose it.
        let name = match (Some(&hash) == expected, kept) {
            (true, Some(kept)) => {
                fs::rename(&out, kept)?;
                None
            }
            (true, None) => {
                fs::remove_file(&out)?;
                None
            }
            (false, _) => Some(out),
        };
        Ok(Out { is_ours_in_place, brought: Some((file, name, hash)) })
    }

    /// A free name for what has to make room.
    fn aside(&self) -> PathBuf {
        let mut nth = 0;
        loop {
            let aside = self.dir.join(format!(".{}.aside-{nth}.new", self.name));
            if !aside.exists() {
                return aside;
            }
            nth += 1;
        }
    }

    /// Gives our text the name if nobody has it. The temporary name goes.
    fn give_free_name(&self, temp: &Path) -> io::Result<bool> {
        match fs::hard_link(temp, &self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            // No hard links here. The last line comes last: nobody takes half of it for the whole.
            Err(_) => match self.create(&self.path, &fs::read(temp)?) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
                Err(error) => return Err(error),
            },
        }
        fs::remove_file(temp)?;
        Ok(true)
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn exchange(&self, temp: &Path) -> io::Result<()> {
        use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
        if !self.can_exchange {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(renameat2(AT_FDCWD, temp, AT_FDCWD, &self.path, RenameFlags::RENAME_EXCHANGE)?)
    }

    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    fn exchange(&self, _temp: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// A temporary file beside the file, whole on the disk. Its name says which text is ours.
    fn write_temp(&self, text: &[u8]) -> Result<PathBuf, FileError> {
        let digest = own_digest(text);
        let mut nth = 0;
        loop {
            let temp = self.dir.join(format!(".{}.{digest}-{nth}.new", self.name));
            match self.create(&temp, text) {
                Ok(()) => {
                    if let Err(error) = self.give_group(&temp) {
                        let _ = fs::remove_file(&temp);
                        return Err(error);
                    }
                    return Ok(temp);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && nth < 100 => nth += 1,
                Err(error) => return Err(FileError::write(&temp, error)),
            }
        }
    }

    fn give_group(&self, path: &Path) -> Result<(), FileError> {
        let Some((name, gid)) = &self.group else {
            return Ok(());
        };
        let give = || fchown(File::open(path)?, None, Some(gid.as_raw()));
        give().map_err(|source| FileError::Group { path: path.to_owned(), group: name.clone(), source })
    }

    /// A new file of our mode, whatever the umask, whole on the disk.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
        let mut write = || {
            file.set_permissions(fs::Permissions::from_mode(MODE))?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        let written = write();
        if written.is_err() {
            let _ = fs::remove_file(path);
        }
        written
    }

    pub fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        self.create(path, bytes).map_err(|source| FileError::write(path, source))?;
        self.give_group(path)?;
        self.sync_dir()
    }

    /// For a file nobody but us writes.
    pub fn write_over(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        let temp = self.write_temp(bytes)?;
        fs::rename(&temp, path).map_err(|source| {
            let _ = fs::remove_file(&temp);
            FileError::write(path, source)
        })?;
        self.sync_dir()
    }

    fn sync_dir(&self) -> Result<(), FileError> {
        let sync = || File::open(&self.dir)?.sync_all();
        sync().map_err(|source| FileError::write(&self.dir, source))
    }

    /// `resolutions.KIND.txt`.
    pub fn beside(&self, kind: &str) -> PathBuf {
        let name = match self.name.rsplit_once('.') {
            Some((stem, end)) if !stem.is_empty() => format!("{stem}.{kind}.{end}"),
            Some(_) | None => format!("{}.{kind}", self.name),
        };
        self.dir.join(name)
    }

    /// Files kept aside.
    pub fn kept(&self) -> Result<Vec<PathBuf>, FileError> {
        let stem = self.name.rsplit_once('.').map_or(self.name.as_str(), |(stem, _)| stem);
        let start = format!("{stem}.kept-");
        self.files(|name| name.starts_with(&start))
    }

    /// Temporary files of a process that died.
    pub fn leftovers(&self) -> Result<Vec<PathBuf>, FileError> {
        self.files(|name| is_temporary(&self.name, name))
    }

    /// Whether a temporary file holds the text it was made for, and so never had the name.
    pub fn is_own_text(&self, temp: &Path, bytes: &[u8]) -> bool {
        temp.file_name()
            .is_some_and(|name| name.to_string_lossy().contains(&format!(".{}-", own_digest(bytes))))
    }

    fn files(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, FileError> {
        let read = || -> io::Result<Vec<PathBuf>> {
            let mut found = Vec::new();
            for entry in fs::read_dir(&self.dir)? {
                let entry = entry?;
                if is_wanted(&entry.file_name().to_string_lossy()) {
                    found.push(entry.path());
                }
            }
            found.sort();
            Ok(found)
        };
        read().map_err(|source| FileError::read(&self.dir, source))
    }
}

/// Whether a file of the directory is a temporary one of the file called `name`.
pub(super) fn is_temporary(name: &str, other: &str) -> bool {
    other
        .strip_prefix('.')
        .and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".new"))
}

/// Enough of a digest to tell our text from any other.
fn own_digest(text: &[u8]) -> String {
    hex::encode(&hash_of(text)[..16])
}

fn open(path: &Path) -> io::Result<(File, Vec<u8>)> {
    let mut file = File::open(path)?;
    let bytes = read_all(&mut file)?;
    Ok((file, bytes))
}

fn cannot_exchange(error: &io::Error) -> bool {
    use nix::errno::Errno;
    error.kind() == io::ErrorKind::Unsupported
        || [Errno::EINVAL, Errno::ENOSYS, Errno::EOPNOTSUPP]
            .iter()
            .any(|errno| error.raw_os_error() == Some(*errno as i32))
}
