//! Who saved a file: its owner, and how sure that is.

use nix::unistd::{Gid, Group, Uid, User, geteuid};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

/// The user a save is put down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub name: String,
    /// Nobody else could have written this very file: it is another user's than the daemon's, and only theirs to write.
    pub certain: bool,
}

impl Author {
    pub(super) fn of(file: &File) -> io::Result<Author> {
        let about = file.metadata()?;
        Ok(author(about.uid(), about.gid(), about.mode()))
    }
}

fn author(uid: u32, gid: u32, mode: u32) -> Author {
    const OTHERS_WRITE: u32 = 0o022;
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    // Names come from a directory that may be out of reach; the number still tells who.
    let user = User::from_uid(uid).ok().flatten();
    let is_daemons = uid == geteuid();
    // An editor that writes in place leaves the file the daemon's: all that is known is who may write it.
    let shared = Group::from_gid(gid)
        .ok()
        .flatten()
        .filter(|_| is_daemons && mode & 0o020 != 0 && user.as_ref().is_some_and(|user| user.gid != gid));
    let name = match (shared, user) {
        (Some(group), _) => format!("a member of {}", group.name),
        (None, Some(user)) => user.name,
        (None, None) => format!("user {uid}"),
    };
    Author { name, certain: !is_daemons && mode & OTHERS_WRITE == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_only_its_owner_can_write_tells_who_for_certain() {
        let other = geteuid().as_raw() + 4321;
        assert!(author(other, 0, 0o640).certain);
        assert!(!author(other, 0, 0o660).certain);
        assert!(!author(geteuid().as_raw(), 0, 0o600).certain);
    }

    #[test]
    fn a_user_without_a_name_is_told_by_number() {
        assert_eq!(author(3_999_999_999, 0, 0o600).name, "user 3999999999");
    }
}
