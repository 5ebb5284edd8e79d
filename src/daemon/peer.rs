//! Which real user stands behind a process: names for user ids.

use crate::reconcile::Who;
use nix::unistd::{Uid, User};

/// The name of a user id; the number itself where the system knows no name.
pub fn user_name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => format!("uid {uid}"),
    }
}

/// The user at the other end of a socket. The kernel vouches for it.
pub(super) fn who(uid: u32) -> Who {
    Who::User { name: user_name(uid), certain: true }
}

/// The user who runs this process.
pub fn current_user() -> Who {
    who(Uid::current().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_a_name_is_still_told_apart() {
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(3_999_999_999), "uid 3999999999");
    }
}
