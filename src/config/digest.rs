//! A digest of the settings that change what values mean or whom hxsync sees.

use super::Settings;

impl Settings {
    /// Returns a hex digest over maps, filters and the variants that choose where a value lives. A cycle that finds it
    /// changed is plan-only: what the new meaning would write is asked first.
    ///
    /// The order of lists does not matter, nor does anything that only paces, formats or limits.
    pub fn mapping_digest(&self) -> String {
        let mut digest = Digest(blake3::Hasher::new());
        digest.part("format", ["1"]);
        digest
            .part("civil_status", self.maps.civil_status.iter().flat_map(|(huma, xledger)| [huma, xledger]));
        digest.part("gender", self.maps.gender.iter().flat_map(|(huma, xledger)| [huma, xledger]));
        digest.part("phone_country", [&self.fields.phone_country]);
        digest.part("job_title", [self.xledger.job_title.as_str()]);
        digest.part("address", [self.xledger.address.as_str()]);
        digest.part("email", [self.xledger.email.as_str()]);
        digest.part("owner_db_id", self.xledger.owner_db_id.map(|id| id.to_string()));
        digest.part("include_ended", [self.people.include_ended.to_string()]);
        let mut exclude: Vec<String> = self.people.exclude.iter().map(ToString::to_string).collect();
        exclude.sort();
        digest.part("exclude", exclude);
        let fields = self.people.exclude_fields.iter().map(|entry| format!("{} {}", entry.who, entry.field));
        let mut fields: Vec<String> = fields.collect();
        fields.sort();
        digest.part("exclude_fields", fields);
        digest.0.finalize().to_hex().to_string()
    }
}

/// Parts with their lengths, so that no two lists of parts look alike.
struct Digest(blake3::Hasher);

impl Digest {
    fn part(&mut self, name: &str, values: impl IntoIterator<Item = impl AsRef<str>>) {
        let values: Vec<_> = values.into_iter().collect();
        self.text(name);
        self.0.update(&(values.len() as u64).to_le_bytes());
        for value in values {
            self.text(value.as_ref());
        }
    }

    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;

    #[test]
    fn what_changes_the_meaning_of_a_value_or_a_filter_changes_the_digest() {
        let changes = [
            "",
            "[maps.civil_status]\nSingle = \"Ugift\"\n",
            "[maps.gender]\nSingle = \"Ugift\"\n",
            "[fields]\nphone_country = \"SE\"\n",
            "[xledger]\njob_title = \"contact-job-title\"\n",
            "[xledger]\naddress = \"main\"\n",
            "[xledger]\nemail = \"employee\"\n",
            "[xledger]\nowner_db_id = 1\n",
            "[people]\ninclude_ended = true\n",
            "[people]\nexclude = [\"xledger:1\"]\n",
            "[people]\nexclude = [\"xledger:1\", \"xledger:2\"]\n",
            "[people]\nexclude_fields = [\"xledger:1 phone\"]\n",
        ];
        let digests: std::collections::BTreeSet<String> =
            changes.iter().map(|change| settings(change).mapping_digest()).collect();
        assert_eq!(digests.len(), changes.len());
        assert!(digests.iter().all(|digest| digest.len() == 64));
    }

    #[test]
    fn order_pace_and_policy_leave_the_digest_alone() {
        let two = settings("[people]\nexclude = [\"xledger:1\", \"xledger:2\"]\n").mapping_digest();
        let turned = settings("[people]\nexclude = [\"xledger:2\", \"xledger:1\"]\n").mapping_digest();
        assert_eq!(two, turned);
        let paced =
            "[sync]\nsweep = \"1h\"\n[fields.phone]\nprefer = \"huma\"\n[xledger]\nclear_with = \"empty\"\n";
        assert_eq!(settings(paced).mapping_digest(), settings("").mapping_digest());
    }
}
