//! `[people]`: whom hxsync may create, and whom or what it leaves alone.

use std::fmt;
use std::time::Duration;

use super::fields;
use super::reader::Section;
use super::value::{Problem, quoted, words};

/// `[people]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// The first sync of two systems writes nothing until a human has allowed it.
    pub approve_first_sync: bool,
    pub create_in_xledger: Creation,
    pub create_in_huma: Creation,
    /// Also pair and ask about people whose employment has ended.
    pub include_ended: bool,
    /// Least time between the two full listings that prove an absence.
    pub vanish_after: Duration,
    pub exclude: Vec<Exclusion>,
    pub exclude_fields: Vec<FieldExclusion>,
}

words! {
    /// What happens to somebody who is on the other side only.
    pub enum Creation {
        Ask = "ask",
        Always = "always",
        Never = "never",
    }
}

/// Whom an entry of `exclude` means. Ids are in the spelling of their side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// The id of a Huma user, a UUID in lower case.
    Huma(String),
    /// The `dbId` of an Xledger employee, digits only.
    Xledger(String),
    EmploymentId(String),
    /// Everybody in a Huma group, by its id.
    Group(String),
    /// Everybody of an Xledger entity, by its `ownerDbId`, digits only.
    Company(String),
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exclusion::Huma(id) => write!(f, "huma:{id}"),
            Exclusion::Xledger(id) => write!(f, "xledger:{id}"),
            Exclusion::EmploymentId(id) => write!(f, "employment-id:{id}"),
            Exclusion::Group(id) => write!(f, "group:{id}"),
            Exclusion::Company(id) => write!(f, "company:{id}"),
        }
    }
}

/// One field of somebody: an entry of `exclude_fields`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldExclusion {
    pub who: Exclusion,
    pub field: &'static str,
}

impl People {
    pub(super) fn read(section: Section<'_, '_>) -> People {
        let hour = Duration::from_secs(3600);
        let people = People {
            approve_first_sync: section.boolean("approve_first_sync", true),
            create_in_xledger: section.word("create_in_xledger", Creation::Ask),
            create_in_huma: section.word("create_in_huma", Creation::Ask),
            include_ended: section.boolean("include_ended", false),
            vanish_after: section.duration("vanish_after", hour, Duration::from_secs(1)..=hour * 24 * 30),
            exclude: section.list_as("exclude", exclusion),
            exclude_fields: section.list_as("exclude_fields", field_exclusion),
        };
        section.finish();
        people
    }
}

/// Reads `employment-id:1042` and the like. An entry that could never fit anybody is refused: it would let through
/// the very person it names.
fn exclusion(text: &str) -> Result<Exclusion, Problem> {
    let shape = || {
        Problem::new(
            format!("holds {}, which names nobody", quoted(text)),
            "Write \"huma:ID\", \"xledger:ID\", \"employment-id:1042\", \"group:ID\" or \"company:OWNER\".",
        )
    };
    let (kind, id) = text.trim().split_once(':').ok_or_else(shape)?;
    let id = id.trim();
    if id.is_empty() || id.contains(char::is_control) {
        return Err(shape());
    }
    let digits = |what: &str| {
        if id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(id.to_owned());
        }
        let next = format!("{what} in Xledger is a number, for example \"{kind}:17203\".");
        Err(Problem::new(format!("holds {}, which names nobody", quoted(text)), next))
    };
    match kind {
        "huma" if is_uuid(id) => Ok(Exclusion::Huma(id.to_ascii_lowercase())),
        "huma" => Err(Problem::new(
            format!("holds {}, which names nobody", quoted(text)),
            "An id in Huma looks like \"huma:7c0c2a52-4a0e-4a2f-9c58-0d3a2f5b1c11\"; `hxsync links list` shows it.",
        )),
        "xledger" => digits("The dbId of an employee").map(Exclusion::Xledger),
        "employment-id" => Ok(Exclusion::EmploymentId(id.to_owned())),
        "group" => Ok(Exclusion::Group(id.to_owned())),
        "company" => digits("The owner's dbId").map(Exclusion::Company),
        _ => Err(shape()),
    }
}

/// Reads `employment-id:1042 phone`: whom, and one field's name.
fn field_exclusion(text: &str) -> Result<FieldExclusion, Problem> {
    let Some((who, field)) = text.trim().rsplit_once(char::is_whitespace) else {
        return Err(Problem::new(
            format!("holds {}, which names no field", quoted(text)),
            "Write whom and the field's name, for example \"employment-id:1042 phone\".",
        ));
    };
    Ok(FieldExclusion { who: exclusion(who)?, field: fields::name(field)? })
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{mistakes, settings};
    use super::*;

    #[test]
    fn every_kind_of_exclusion_is_read_and_written_alike() {
        let read = settings(
            "[people]\nexclude = [\"huma:7C0C2A52-4a0e-4a2f-9c58-0d3a2f5b1c11\", \"xledger:42\", \
             \"employment-id:0042\", \"group:oslo\", \"company:17203\"]\nexclude_fields = [\"employment-id:1042 phone\"]\n",
        );
        let shown: Vec<String> = read.people.exclude.iter().map(Exclusion::to_string).collect();
        assert_eq!(
            shown,
            [
                "huma:7c0c2a52-4a0e-4a2f-9c58-0d3a2f5b1c11",
                "xledger:42",
                "employment-id:0042",
                "group:oslo",
                "company:17203"
            ]
        );
        let who = Exclusion::EmploymentId("1042".to_owned());
        assert_eq!(read.people.exclude_fields, [FieldExclusion { who, field: "phone" }]);
    }

    #[test]
    fn an_exclusion_that_fits_nobody_is_refused() {
        for wrong in
            ["", "1042", "huma:", "huma:1042", "xledger:abc", "company:Fjord AS", "employmentid:1042"]
        {
            assert_eq!(
                mistakes(&format!("[people]\nexclude = [\"{wrong}\"]\n")),
                [format!("`people.exclude` holds `{wrong}`, which names nobody")]
            );
        }
    }

    #[test]
    fn an_excluded_field_needs_a_person_and_a_field() {
        assert_eq!(
            mistakes("[people]\nexclude_fields = [\"employment-id:1042\"]\n"),
            ["`people.exclude_fields` holds `employment-id:1042`, which names no field"]
        );
        assert_eq!(
            mistakes("[people]\nexclude_fields = [\"employment-id:1042 phnoe\"]\n"),
            ["`people.exclude_fields` names `phnoe`, which is none of the 15 fields"]
        );
        assert_eq!(
            mistakes("[people]\nexclude = [\"xledger:1\", \"xledger:1\"]\n"),
            ["`people.exclude` holds `xledger:1` twice"]
        );
    }
}
