//! Fits a document to what the settings ask for and to what the live schema offers.
//!
//! **Invariant:** a document is made smaller, never larger: it stays valid where the whole one was.

use super::options::AddressAt;
use std::collections::BTreeSet;

/// What the live schema lacks of what we would use: `Employee.trialTo`, `UpdateContactsInput.gender`,
/// `employees(objectStatus)`, `employee_deltas`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing(BTreeSet<String>);

impl Missing {
    pub fn has(&self, path: &str) -> bool {
        self.0.contains(path)
    }

    pub fn insert(&mut self, path: String) {
        self.0.insert(path);
    }

    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// The document without what is missing, reading the address that the settings name.
pub fn fit(document: &str, address: AddressAt, missing: &Missing) -> String {
    let document = match address {
        AddressAt::Home => document.to_owned(),
        // An alias, so that the answer has one shape.
        AddressAt::Main => document.replace("homeAddress {", "homeAddress: address {"),
    };
    if missing.0.is_empty() {
        return document;
    }
    let Some(open) = document.find('{') else { return document };
    let mut walk = Walk { text: &document, at: open + 1, missing };
    let mut out = document[..=open].to_owned();
    walk.selection(Owner::Root, &mut out);
    out.push_str(&document[walk.at..]);
    out
}

/// The type a selection belongs to, as far as something of it may be missing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Root,
    Employee,
    Contact,
    Subledger,
    Other,
}

impl Owner {
    fn of(self, field: &str) -> Owner {
        match (self, field) {
            (Owner::Root, "employees" | "updateEmployees" | "addEmployees") => Owner::Employee,
            (Owner::Root, "contacts" | "updateContacts") | (Owner::Employee, "contact") => Owner::Contact,
            (Owner::Root, "subledgers") | (Owner::Employee, "subledger") => Owner::Subledger,
            // A connection and its edges lead to the node; no field that may be missing has one of these names.
            (_, "edges" | "node") => self,
            _ => Owner::Other,
        }
    }

    fn path(self, field: &str) -> Option<String> {
        match self {
            Owner::Root => Some(field.to_owned()),
            Owner::Employee => Some(format!("Employee.{field}")),
            Owner::Contact => Some(format!("Contact.{field}")),
            Owner::Subledger => Some(format!("Subledger.{field}")),
            Owner::Other => None,
        }
    }
}

/// Walks the fields of our own documents: names, aliases, arguments and selections; no fragments, comments or directives.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    missing: &'a Missing,
}

impl<'a> Walk<'a> {
    /// From after `{` to after its `}`.
    fn selection(&mut self, owner: Owner, out: &mut String) {
        loop {
            out.push_str(self.space());
            match self.text[self.at..].chars().next() {
                None => return,
                Some('}') => {
                    self.at += 1;
                    out.push('}');
                    return;
                }
                Some(c) if c.is_alphanumeric() || c == '_' => self.field(owner, out),
                Some(c) => {
                    self.at += c.len_utf8();
                    out.push(c);
                }
            }
        }
    }

    fn field(&mut self, owner: Owner, out: &mut String) {
        let start = self.at;
        let mut name = self.name();
        if self.text[self.at..].starts_with(':') {
            self.at += 1;
            self.space();
            name = self.name();
        }
        let mut kept = self.text[start..self.at].to_owned();
        if self.text[self.at..].starts_with('(') {
            kept.push_str(&self.arguments(name));
        }
        let gap = self.space();
        if self.text[self.at..].starts_with('{') {
            self.at += 1;
            kept.push_str(gap);
            kept.push('{');
            self.selection(owner.of(name), &mut kept);
        } else {
            kept.push_str(gap);
        }
        if owner.path(name).is_some_and(|path| self.missing.has(&path)) {
            self.space();
        } else {
            out.push_str(&kept);
        }
    }

    /// `(…)` without `ownerSet` and `objectStatus` where the field does not take them; they stand last.
    fn arguments(&mut self, field: &str) -> String {
        let end = self.text[self.at..].find(')').map_or(self.text.len(), |end| self.at + end + 1);
        let mut arguments = self.text[self.at..end].to_owned();
        self.at = end;
        for (argument, values) in [("ownerSet", &["ALL"][..]), ("objectStatus", &["ALL", "OPEN"])] {
            if self.missing.has(&format!("{field}({argument})")) {
                for value in values {
                    arguments = arguments.replace(&format!(", {argument}: {value}"), "");
                }
            }
        }
        arguments
    }

    fn name(&mut self) -> &'a str {
        self.take(|c| c.is_alphanumeric() || c == '_')
    }

    fn space(&mut self) -> &'a str {
        self.take(|c| c.is_whitespace() || c == ',')
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "query Q($first: Int!) {
  employees(first: $first, filter: { dbId_in: [7] }, ownerSet: ALL, objectStatus: ALL) {
    edges { cursor node { dbId email trialTo contact { email gender { code } phone } } }
  }
  contacts(first: 1, objectStatus: ALL) { edges { node { email } } }
}
";

    fn without(paths: &[&str]) -> String {
        let mut missing = Missing::default();
        paths.iter().for_each(|path| missing.insert((*path).to_owned()));
        fit(DOCUMENT, AddressAt::Home, &missing)
    }

    #[test]
    fn a_document_is_left_alone_where_nothing_is_missing() {
        assert_eq!(without(&[]), DOCUMENT);
        assert_eq!(without(&["Employee.unknown"]), DOCUMENT);
    }

    #[test]
    fn a_field_goes_from_its_own_type_with_its_selection() {
        let fitted = without(&["Employee.email", "Contact.gender"]);
        assert!(fitted.contains("node { dbId trialTo contact { email phone } }"), "{fitted}");
        assert!(
            fitted.contains("contacts(first: 1, objectStatus: ALL) { edges { node { email } } }"),
            "{fitted}"
        );
    }

    #[test]
    fn a_root_field_goes_whole() {
        assert!(!without(&["contacts"]).contains("contacts"));
    }

    #[test]
    fn an_argument_goes_from_its_own_field() {
        let fitted = without(&["employees(objectStatus)", "employees(ownerSet)"]);
        assert!(fitted.contains("employees(first: $first, filter: { dbId_in: [7] }) {"), "{fitted}");
        assert!(fitted.contains("contacts(first: 1, objectStatus: ALL)"), "{fitted}");
    }

    #[test]
    fn the_main_address_is_read_under_the_name_of_the_home_address() {
        let fitted = fit("query { homeAddress { place } }", AddressAt::Main, &Missing::default());
        assert_eq!(fitted, "query { homeAddress: address { place } }");
    }
}
