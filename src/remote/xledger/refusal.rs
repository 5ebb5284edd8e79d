//! What an error in Xledger's answer means. Source: `apis/xledger.md` section 7.
//!
//! | code or text                                   | meaning                                        |
//! |------------------------------------------------|------------------------------------------------|
//! | `…BURST_RATE_LIMIT_REACHED`, "Too many requests" | wait 5 s                                     |
//! | `…CONCURRENCY_LIMIT_REACHED`                   | wait 1 s                                       |
//! | `…INSUFFICIENT_CREDITS`                        | wait until `resetAt`, else 20 minutes          |
//! | "Your query timed out."                        | ask for less at once                           |
//! | `INVALID_VALUE`                                | a value or a look-up was refused               |
//! | `ARGUMENTS_OF_CORRECT_TYPE`, "Cannot query field" | our document does not fit the schema        |
//! | a word about the token                         | the login                                      |
//! | a word about access, rights, permission        | a missing right                                |
//! | anything else                                  | not known: passing for a read                  |

use super::answer::GraphqlError;
use super::central_time;
use crate::domain::Side;
use crate::remote::{Limit, RemoteError, Words};
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

const BURST_WAIT: Duration = Duration::from_secs(5);
const CONCURRENCY_WAIT: Duration = Duration::from_secs(1);
const CREDITS_WAIT: Duration = Duration::from_secs(20 * 60);
const LONGEST_CREDITS_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// One error, classed. In the order in which a more telling one hides a less telling one beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Anything else: its code, or nothing.
    Other(String),
    /// A value was refused: its code.
    Value(String),
    TooHeavy,
    /// What is not allowed, as far as it can be told.
    Right(String),
    /// What the schema does not know.
    Schema(String),
    Concurrency,
    Burst,
    Credits(Duration),
    Login,
}

impl Refusal {
    /// The most telling of `errors`; `None` if there is none.
    pub fn of(errors: &[GraphqlError], now: Timestamp) -> Option<Refusal> {
        errors.iter().map(|error| Refusal::of_one(error, now)).max()
    }

    fn of_one(error: &GraphqlError, now: Timestamp) -> Refusal {
        let has = |needle: &str| error.codes().any(|code| code.to_ascii_uppercase().contains(needle));
        let text = error.message().to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));

        if has("BURST_RATE_LIMIT") {
            return Refusal::Burst;
        }
        if has("CONCURRENCY_LIMIT") {
            return Refusal::Concurrency;
        }
        if has("INSUFFICIENT_CREDITS") {
            return Refusal::Credits(credits_wait(error.extension("resetAt"), now));
        }
        // Before any text: the words of a refused value may be anybody's name.
        if has("INVALID_VALUE") {
            return Refusal::Value("INVALID_VALUE".into());
        }
        if let Some(what) = unknown_in_schema(error.message()) {
            return Refusal::Schema(what);
        }
        if has("ARGUMENTS_OF_CORRECT_TYPE") {
            return Refusal::Schema("an argument of our request".into());
        }
        if has("UNAUTHENTICATED") || has("UNAUTHORIZED") {
            return Refusal::Login;
        }
        if has("FORBIDDEN") || has("PERMISSION") || has("ACCESS_DENIED") {
            return Refusal::Right("this operation".into());
        }
        if says(&["query timed out"]) {
            return Refusal::TooHeavy;
        }
        if says(&["too many requests"]) {
            return Refusal::Burst;
        }
        if says(&["api token", "api-token", "token"]) {
            return Refusal::Login;
        }
        if says(&[
            "permission",
            "access",
            "not allowed",
            "forbidden",
            "not authorized",
            "unauthorized",
            "scope",
        ]) {
            return Refusal::Right("this operation".into());
        }
        Refusal::Other(error.codes().find(|code| is_code(code)).unwrap_or_default().to_owned())
    }

    /// What it means for a request that only reads, or for a write that certainly was not carried out.
    pub fn into_error(self, words: Words) -> RemoteError {
        let side = Side::Xledger;
        match self {
            Refusal::Other(code) if code.is_empty() => {
                RemoteError::Unavailable { side, what: "an error of its own".into() }
            }
            Refusal::Other(code) => RemoteError::Unavailable { side, what: code },
            Refusal::Value(code) => RemoteError::Refused { side, code, words, fields: Vec::new() },
            Refusal::TooHeavy => RemoteError::Unavailable { side, what: "the query timed out".into() },
            Refusal::Right(what) => RemoteError::Forbidden { side, what },
            Refusal::Schema(what) => RemoteError::Schema { side, what },
            Refusal::Concurrency => {
                RemoteError::RateLimited { side, limit: Limit::Concurrency, retry_after: CONCURRENCY_WAIT }
            }
            Refusal::Burst => RemoteError::RateLimited { side, limit: Limit::Burst, retry_after: BURST_WAIT },
            Refusal::Credits(retry_after) => {
                RemoteError::RateLimited { side, limit: Limit::Credits, retry_after }
            }
            Refusal::Login => RemoteError::Unauthorized { side },
        }
    }

    /// The code shown beside Xledger's words.
    pub fn code(&self) -> String {
        match self {
            Refusal::Other(code) if code.is_empty() => "error".into(),
            Refusal::Other(code) | Refusal::Value(code) => code.clone(),
            Refusal::TooHeavy => "timed-out".into(),
            Refusal::Right(_) => "forbidden".into(),
            Refusal::Schema(_) => "schema".into(),
            Refusal::Concurrency => "concurrency".into(),
            Refusal::Burst => "burst".into(),
            Refusal::Credits(_) => "credits".into(),
            Refusal::Login => "login".into(),
        }
    }
}

/// Everything Xledger said, one message a line.
pub fn words(errors: &[GraphqlError]) -> Words {
    Words(errors.iter().map(GraphqlError::message).collect::<Vec<_>>().join("\n"))
}

/// Words of the vendor's shape (`BAD_REQUEST.SOMETHING`), which hold nobody's data.
fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 80
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "._".contains(c))
}

/// `Employee.trialTo` out of `Cannot query field "trialTo" on type "Employee".`, and its like for arguments and input fields.
/// Only the names right beside the sign are taken: elsewhere a message may quote a value.
fn unknown_in_schema(message: &str) -> Option<String> {
    const QUOTES: [char; 5] = ['"', '\'', '`', '\u{201c}', '\u{201d}'];
    /// Whether the owner stands before the name.
    const SIGNS: [(&str, bool); 5] = [
        ("Cannot query field", false),
        ("Unknown argument", false),
        ("Unknown type", false),
        ("is not defined by type", false),
        ("does not have a field", true),
    ];
    let (before, after, owner_first) = SIGNS.into_iter().find_map(|(sign, owner_first)| {
        message.split_once(sign).map(|(before, after)| (before, after, owner_first))
    })?;
    let is_name = |word: &str| {
        (1..=60).contains(&word.len()) && word.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c))
    };
    let nearest = before.trim_end().strip_suffix(QUOTES).and_then(|text| text.rsplit(QUOTES).next());
    let mut names: Vec<&str> =
        nearest.into_iter().chain(after.split(QUOTES).skip(1).step_by(2)).take(2).collect();
    if owner_first {
        names.reverse();
    }
    Some(match names[..] {
        [name, owner] if is_name(name) && is_name(owner) => format!("{owner}.{name}"),
        [name] if is_name(name) => name.to_owned(),
        _ => "a field or argument of our request".into(),
    })
}

/// Until `resetAt`: RFC 3339, else Central European wall-clock text, else seconds since 1970 if above 10^9, else seconds.
fn credits_wait(reset_at: Option<&Value>, now: Timestamp) -> Duration {
    let until = |at: Timestamp| at.duration_since(now).as_secs();
    let number = |seconds: f64| if seconds > 1e9 { seconds as i64 - now.as_second() } else { seconds as i64 };
    let seconds = match reset_at {
        Some(Value::Number(seconds)) => seconds.as_f64().map(number),
        Some(Value::String(text)) => {
            let text = text.trim();
            text.parse::<Timestamp>()
                .ok()
                .or_else(|| central_time::moment_of(text))
                .map(until)
                .or_else(|| text.parse::<f64>().ok().filter(|seconds| seconds.is_finite()).map(number))
        }
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => None,
    };
    match seconds {
        Some(seconds) => {
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).clamp(BURST_WAIT, LONGEST_CREDITS_WAIT)
        }
        None => CREDITS_WAIT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> Timestamp {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }

    fn classed(error: Value) -> Refusal {
        Refusal::of(&[serde_json::from_value(error).unwrap()], now()).unwrap()
    }

    #[test]
    fn three_limits_have_three_waits() {
        assert_eq!(
            classed(json!({"message": "Too many requests", "code": "BAD_REQUEST.BURST_RATE_LIMIT_REACHED"})),
            Refusal::Burst
        );
        assert_eq!(classed(json!({"message": "Too many requests"})), Refusal::Burst);
        assert_eq!(
            classed(json!({"message": "x", "code": "BAD_REQUEST.CONCURRENCY_LIMIT_REACHED"})),
            Refusal::Concurrency
        );
        assert_eq!(
            classed(json!({"message": "x", "code": "BAD_REQUEST.INSUFFICIENT_CREDITS"})),
            Refusal::Credits(Duration::from_secs(1200))
        );
    }

    #[test]
    fn the_end_of_a_credit_period_is_read_in_every_form_and_kept_in_bounds() {
        let seconds = |reset_at: Value| credits_wait(Some(&reset_at), now()).as_secs();
        assert_eq!(seconds(json!("2026-11-23T08:10:00Z")), 600);
        assert_eq!(seconds(json!("2026-11-23T10:10:00+02:00")), 600);
        assert_eq!(seconds(json!("2026-11-23T09:10:00")), 600, "Central European");
        assert_eq!(seconds(json!(600)), 600);
        assert_eq!(seconds(json!("600")), 600);
        assert_eq!(seconds(json!(now().as_second() + 600)), 600);
        assert_eq!(seconds(json!("2026-11-23T07:00:00Z")), 5, "past");
        assert_eq!(seconds(json!("2027-11-23T07:00:00Z")), 86_400, "far");
        assert_eq!(seconds(json!("soon")), 1200);
        assert_eq!(seconds(json!("NaN")), 1200);
    }

    #[test]
    fn a_word_about_the_token_is_the_login_and_one_about_access_a_right() {
        let token = r#"Bad format for API Token. Expected header: "Authorization: token <your-token>""#;
        assert_eq!(classed(json!({"message": token})), Refusal::Login);
        assert_eq!(classed(json!({"message": "The API token has expired"})), Refusal::Login);
        assert!(matches!(
            classed(json!({"message": "You do not have access to Employee"})),
            Refusal::Right(_)
        ));
    }

    #[test]
    fn a_refused_value_is_not_taken_for_a_login_whatever_its_words_are() {
        let error =
            json!({"message": "No match for \"Token Access AS\"", "extensions": {"code": "INVALID_VALUE"}});
        assert_eq!(classed(error), Refusal::Value("INVALID_VALUE".into()));
    }

    #[test]
    fn a_document_that_does_not_fit_names_what_is_unknown() {
        let field = json!({"message": "Cannot query field \"trialTo\" on type \"Employee\"."});
        assert_eq!(classed(field), Refusal::Schema("Employee.trialTo".into()));
        let other_words = json!({"message": "type `Query` does not have a field `employee_deltas`", "extensions": {"code": "ARGUMENTS_OF_CORRECT_TYPE"}});
        assert_eq!(classed(other_words), Refusal::Schema("Query.employee_deltas".into()));
        let typed = json!({"message": "x", "extensions": {"code": "ARGUMENTS_OF_CORRECT_TYPE"}});
        assert_eq!(classed(typed), Refusal::Schema("an argument of our request".into()));
    }

    #[test]
    fn p10_a_value_quoted_by_a_schema_error_is_not_repeated() {
        let error = json!({"message": "Argument \"inputs\" got \"Kari\": Field \"trialTo\" is not defined by type \"Node\"."});
        assert_eq!(classed(error), Refusal::Schema("Node.trialTo".into()));
    }

    #[test]
    fn the_most_telling_of_several_errors_counts() {
        let errors: Vec<GraphqlError> =
            serde_json::from_value(json!([{"message": "something"}, {"message": "Your query timed out."}, {"message": "invalid token"}]))
                .unwrap();
        assert_eq!(Refusal::of(&errors, now()), Some(Refusal::Login));
        assert_eq!(Refusal::of(&errors[..2], now()), Some(Refusal::TooHeavy));
        assert_eq!(Refusal::of(&[], now()), None);
    }

    #[test]
    fn p10_an_error_shows_a_code_and_never_the_words() {
        let errors: Vec<GraphqlError> =
            serde_json::from_value(json!([{"message": "Kari Nordmann", "code": "Kari Nordmann"}])).unwrap();
        let error = Refusal::of(&errors, now()).unwrap().into_error(words(&errors));
        assert_eq!(error.to_string(), "Xledger is not available (an error of its own)");
        assert!(!format!("{error:?}").contains("Kari"));
    }
}
