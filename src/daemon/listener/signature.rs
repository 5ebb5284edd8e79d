//! Proves who sent a post, over its raw bytes and in constant time.
//!
//! Sources: `apis/huma.md` section 11, `apis/xledger.md` section 10.

use crate::remote::Secret;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// A post of Xledger's whose date is further from now than this is refused.
pub const MOST_SKEW: SignedDuration = SignedDuration::from_mins(15);

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Why a post is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// What is configured is not in the post.
    Missing,
    Forged,
    Stale,
    Replayed,
}

impl Refusal {
    pub fn word(self) -> &'static str {
        match self {
            Refusal::Missing => "missing",
            Refusal::Forged => "forged",
            Refusal::Stale => "stale",
            Refusal::Replayed => "replayed",
        }
    }
}

/// Checks `Authorization: Bearer …` against the token.
pub fn prove_bearer(token: &Secret, header: Option<&str>) -> Result<(), Refusal> {
    let header = header.ok_or(Refusal::Missing)?;
    let (scheme, sent) = header.split_once(' ').ok_or(Refusal::Forged)?;
    // Comparing hashes of blake3 takes the same time whatever they are.
    let is_equal = blake3::hash(sent.trim().as_bytes()) == blake3::hash(token.expose().as_bytes());
    match scheme.eq_ignore_ascii_case("bearer") && is_equal {
        true => Ok(()),
        false => Err(Refusal::Forged),
    }
}

/// Checks `huma-hmac-sha256`: hex, base64 or base64url of the body's HMAC, padded or not, with or without `sha256=`.
pub fn prove_huma(secret: &Secret, header: Option<&str>, body: &[u8]) -> Result<(), Refusal> {
    let header = header.ok_or(Refusal::Missing)?.trim();
    let sent = header.strip_prefix("sha256=").unwrap_or(header);
    let decoded = match sent.len() {
        64 => hex::decode(sent).ok(),
        _ => STANDARD.decode(sent).or_else(|_| URL_SAFE.decode(sent)).ok(),
    };
    verify(secret.expose().as_bytes(), &[body], &decoded.ok_or(Refusal::Forged)?)
}

/// The bytes a token of Xledger's stands for; `None` for one that is no base64url.
pub fn xledger_key(token: &Secret) -> Option<Vec<u8>> {
    URL_SAFE.decode(token.expose()).ok()
}

/// Checks `X-XL-Webhook-Signature` and `Date`. Returns the signature's bytes and the date, for telling replays.
pub fn prove_xledger(
    key: &[u8],
    signature: Option<&str>,
    date: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<([u8; 32], Timestamp), Refusal> {
    let (signature, date) = (signature.ok_or(Refusal::Missing)?, date.ok_or(Refusal::Missing)?);
    let at = http_date(date).ok_or(Refusal::Forged)?;
    let sent = URL_SAFE.decode(signature.trim()).map_err(|_| Refusal::Forged)?;
    verify(key, &[at.as_second().to_string().as_bytes(), b".", body], &sent)?;
    if at.duration_since(now).abs() > MOST_SKEW {
        return Err(Refusal::Stale);
    }
    let sent = sent.try_into().map_err(|_| Refusal::Forged)?;
    Ok((sent, at))
}

fn verify(key: &[u8], message: &[&[u8]], sent: &[u8]) -> Result<(), Refusal> {
    // No key length is wrong for HMAC.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Refusal::Forged)?;
    for part in message {
        mac.update(part);
    }
    mac.verify_slice(sent).map_err(|_| Refusal::Forged)
}

/// `Tue, 24 Nov 2026 01:06:25 GMT`, the one spelling a sender may use.
fn http_date(text: &str) -> Option<Timestamp> {
    let read = DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text.trim()).ok()?;
    TimeZone::UTC.to_timestamp(read).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    #[test]
    fn a_signature_of_huma_is_taken_in_every_spelling_and_only_over_these_bytes() {
        let secret = Secret::from_text("a-secret");
        // Ends in bytes whose two base64 alphabets differ, for some body.
        for number in 0..50 {
            let body = format!("{{\"number\":{number}}}");
            let bytes = mac(b"a-secret", body.as_bytes());
            let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
            let url = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
            let spellings = [
                hex::encode(bytes),
                hex::encode_upper(bytes),
                base64.trim_end_matches('=').to_owned(),
                base64,
                format!("{url}="),
                url,
            ];
            for spelling in spellings {
                for header in [spelling.clone(), format!("sha256={spelling}")] {
                    assert_eq!(prove_huma(&secret, Some(&header), body.as_bytes()), Ok(()), "{header}");
                    assert_eq!(prove_huma(&secret, Some(&header), b"{}"), Err(Refusal::Forged));
                }
            }
        }
        assert_eq!(prove_huma(&secret, None, b"{}"), Err(Refusal::Missing));
        for bad in ["", "sha256=", "00", "not a signature"] {
            assert_eq!(prove_huma(&secret, Some(bad), b"{}"), Err(Refusal::Forged), "{bad}");
        }
    }

    #[test]
    fn a_bearer_must_be_the_whole_token() {
        let token = Secret::from_text("a-token");
        assert_eq!(prove_bearer(&token, Some("Bearer a-token")), Ok(()));
        assert_eq!(prove_bearer(&token, Some("bearer a-token")), Ok(()));
        for bad in ["Bearer a-toke", "Bearer a-token2", "Basic a-token", "a-token", ""] {
            assert_eq!(prove_bearer(&token, Some(bad)), Err(Refusal::Forged), "{bad}");
        }
        assert_eq!(prove_bearer(&token, None), Err(Refusal::Missing));
    }

    #[test]
    fn a_post_of_xledger_is_dated_within_a_quarter_of_an_hour() {
        let key = xledger_key(&Secret::from_text("c2VjcmV0LWtleS1ieXRlcw")).unwrap();
        assert_eq!(key, b"secret-key-bytes");
        let at: Timestamp = "2026-11-24T01:06:25Z".parse().unwrap();
        let date = "Tue, 24 Nov 2026 01:06:25 GMT";
        let signed = mac(&key, format!("{}.{{}}", at.as_second()).as_bytes());
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signed);
        let prove = |signature, date, body: &[u8], minutes: i64| {
            prove_xledger(&key, signature, date, body, at + SignedDuration::from_mins(minutes))
        };
        for (signature, minutes) in [(text.clone(), 0), (format!("{text}="), 15), (text.clone(), -15)] {
            let now = at + SignedDuration::from_mins(minutes);
            let proven = prove_xledger(&key, Some(&signature), Some(date), b"{}", now);
            assert_eq!(proven, Ok((signed, at)));
        }
        for minutes in [-16, 16] {
            assert_eq!(prove(Some(&text), Some(date), b"{}", minutes), Err(Refusal::Stale));
        }
        assert_eq!(prove(Some(&text), Some(date), b"[]", 0), Err(Refusal::Forged));
        let other = "Tue, 24 Nov 2026 01:06:26 GMT";
        assert_eq!(prove(Some(&text), Some(other), b"{}", 0), Err(Refusal::Forged));
        assert_eq!(prove(Some(&text), Some("yesterday"), b"{}", 0), Err(Refusal::Forged));
        assert_eq!(prove(None, Some(date), b"{}", 0), Err(Refusal::Missing));
        assert_eq!(prove(Some(&text), None, b"{}", 0), Err(Refusal::Missing));
    }
}
