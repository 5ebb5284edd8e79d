//! What a human saw, as a keyed digest: an answer counts only while it is the same (P3).

use super::{Question, QuestionKind, Shown};
use crate::domain::Canonical;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The random key kept in the database. A plain hash beside a masked account would give the account away.
#[derive(Clone)]
pub struct FingerprintKey(pub [u8; 32]);

impl FingerprintKey {
    /// The fingerprint of a question in 64 hex digits; the first eight are shown.
    ///
    /// Over kind, subject, and for field questions the three canonical values; for people what is shown and the candidates'
    /// ids; for `held` its sorted members; for the first sync the links alone.
    pub fn of(&self, question: &Question) -> String {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes any key");
        let mut add = |bytes: &[u8]| {
            mac.update(&(bytes.len() as u64).to_be_bytes());
            mac.update(bytes);
        };
        add(question.kind.word().as_bytes());
        add(question.subject.key().as_bytes());
        match &question.shown {
            Shown::Values(values) => {
                values.canonical.iter().for_each(|value| add(canonical_bytes(value).as_bytes()))
            }
            Shown::People(people) => {
                add(people.record.to_string().as_bytes());
                for (field, spelling) in &people.values {
                    add(field.name().as_bytes());
                    add(&serde_json::to_vec(spelling).unwrap_or_default());
                }
                let mut candidates: Vec<_> =
                    people.candidates.iter().map(|c| (&c.record, &c.label)).collect();
                candidates.sort();
                for (record, label) in candidates {
                    add(record.side().word().as_bytes());
                    add(record.to_string().as_bytes());
                    if question.kind == QuestionKind::Match {
                        add(label.as_bytes());
                    }
                }
            }
            Shown::Vanished { side, .. } => add(side.word().as_bytes()),
            Shown::Held { members, creates, .. } => {
                let mut members = members.clone();
                members.sort();
                for member in &members {
                    add(member.link.to_string().as_bytes());
                    add(member.side.word().as_bytes());
                    add(member.field.name().as_bytes());
                    add(canonical_bytes(&member.old).as_bytes());
                    add(canonical_bytes(&member.new).as_bytes());
                }
                let mut creates: Vec<String> =
                    creates.iter().map(|id| format!("{}:{id}", id.side().word())).collect();
                creates.sort();
                creates.iter().for_each(|id| add(id.as_bytes()));
            }
            Shown::FirstSync(picture) => {
                let mut links: Vec<_> = picture.links.iter().collect();
                links.sort();
                for (huma, xledger) in links {
                    add(huma.0.as_bytes());
                    add(xledger.to_string().as_bytes());
                }
            }
        }
        hex::encode(mac.finalize().into_bytes())
    }
}

/// Empty and absent read alike; a value never equals them.
fn canonical_bytes(value: &Option<Canonical>) -> String {
    value.as_ref().map_or_else(|| "-".into(), |canonical| format!("={}", canonical.0))
}

impl std::fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FingerprintKey(…)")
    }
}
