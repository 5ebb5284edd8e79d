//! The scalars of the schema as the derive of graphql_client wants them, read leniently.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A dbId: a JSON number or a JSON string of digits when read, a number when sent. 0 means "none" to Xledger; see [`some`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id64(pub i64);

// The names of the schema, where the derive looks for them.
pub type Int64String = Id64;
pub type DateString = String;
pub type DateTimeString = String;

/// The id, unless there is none: absent, null or 0.
pub fn some(id: Option<Id64>) -> Option<i64> {
    id.map(|Id64(id)| id).filter(|id| *id != 0)
}

impl Serialize for Id64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Id64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl de::Visitor<'_> for Either {
            type Value = Id64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a 64-bit integer as a number or as text")
            }

            fn visit_i64<E: de::Error>(self, id: i64) -> Result<Id64, E> {
                Ok(Id64(id))
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<Id64, E> {
                i64::try_from(id).map(Id64).map_err(|_| E::custom("an id beyond 64 bits"))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id64, E> {
                match text.trim() {
                    "" => Ok(Id64(0)),
                    text => text.parse().map(Id64).map_err(|_| E::custom("an id that is no integer")),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<i64> {
        some(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn an_id_is_read_from_a_number_and_from_text() {
        assert_eq!(read("17203"), Some(17203));
        assert_eq!(read("\"17203\""), Some(17203));
        assert_eq!(read("\"9007199254740993\""), Some(9_007_199_254_740_993));
        assert!(serde_json::from_str::<Id64>("\"abc\"").is_err());
        assert!(serde_json::from_str::<Id64>("1.5").is_err());
    }

    #[test]
    fn zero_null_and_blank_are_no_id() {
        assert_eq!(["0", "\"0\"", "null", "\"\""].map(read), [None; 4]);
    }

    #[test]
    fn an_id_is_sent_as_a_number() {
        assert_eq!(serde_json::to_string(&Id64(42)).unwrap(), "42");
    }
}
