//! The access token: one for all calls, renewed before it ends, one renewal at a time (`huma.md` section 3).

use crate::domain::Side;
use crate::remote::{RemoteError, Secret};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// For a life that is missing, not positive or absurd.
const LIFE_UNSAID: Duration = Duration::from_secs(60);
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// A token is renewed when this is left of its life, if that comes before four fifths are used.
const REST: Duration = Duration::from_secs(30);
/// A refused login is not tried again sooner: only a human can mend it.
const REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// What the token endpoint answered.
pub struct Granted {
    pub token: Secret,
    /// The customer; absent on a server that does not say.
    pub organization_id: Option<String>,
    pub life: Duration,
}

/// A token in use. `generation` tells it from the ones before.
pub struct Token {
    pub secret: Secret,
    pub organization_id: Option<String>,
    pub generation: u64,
}

/// Holds the token; callers that come during a renewal wait for it.
#[derive(Default)]
pub struct TokenKeeper {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    generations: u64,
    refused_at: Option<Duration>,
}

struct Held {
    token: Arc<Token>,
    renew_at: Duration,
}

impl TokenKeeper {
    /// The token to use at `now` (monotonic), asked for with `login` when there is none that lasts. `rejected` is the
    /// generation Huma has just answered 401 to: that one is not given out again.
    pub async fn token(
        &self,
        now: Duration,
        rejected: Option<u64>,
        login: impl Future<Output = Result<Granted, RemoteError>>,
    ) -> Result<Arc<Token>, RemoteError> {
        let mut state = self.state.lock().await;
        // Dropped for good: if the login below fails, the next attempt must not find it here again.
        if rejected.is_some() && rejected == state.held.as_ref().map(|held| held.token.generation) {
            state.held = None;
        }
        if let Some(held) = state.held.as_ref().filter(|held| now < held.renew_at) {
            return Ok(held.token.clone());
        }
        if state.refused_at.is_some_and(|at| now.saturating_sub(at) < REFUSED_PAUSE) {
            return Err(RemoteError::Unauthorized { side: Side::Huma });
        }
        let granted = match login.await {
            Ok(granted) => granted,
            Err(error) => {
                if matches!(error, RemoteError::Unauthorized { .. }) {
                    state.held = None;
                    state.refused_at = Some(now);
                }
                return Err(error);
            }
        };
        state.refused_at = None;
        state.generations += 1;
        let token = Arc::new(Token {
            secret: granted.token,
            organization_id: granted.organization_id,
            generation: state.generations,
        });
        state.held = Some(Held { token: token.clone(), renew_at: now + renew_after(granted.life) });
        Ok(token)
    }
}

/// Decodes the answer of the token endpoint.
///
/// # Errors
/// The path of what is missing.
pub fn decode(answer: &Value) -> Result<Granted, &'static str> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let token = text("access_token").ok_or("token.access_token")?;
    Ok(Granted {
        token: Secret::from_text(token),
        organization_id: text("organizationId").map(str::to_owned),
        life: life(answer.get("expires_in")),
    })
}

/// `expires_in` as seconds from now (H4).
fn life(expires_in: Option<&Value>) -> Duration {
    let seconds = expires_in.and_then(Value::as_u64).filter(|seconds| *seconds > 0);
    seconds.map(Duration::from_secs).filter(|life| *life <= LONGEST_LIFE).unwrap_or(LIFE_UNSAID)
}

/// When four fifths are used or 30 s remain, whichever is earlier; but never before half of a very short life, or each
/// call would ask for a token of its own.
fn renew_after(life: Duration) -> Duration {
    (life * 4 / 5).min(life.saturating_sub(REST)).max(life / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_token_is_renewed_at_four_fifths_or_with_30_seconds_left() {
        assert_eq!(renew_after(seconds(900)), seconds(720));
        assert_eq!(renew_after(seconds(100)), seconds(70));
        assert_eq!(renew_after(seconds(60)), seconds(30));
        assert_eq!(renew_after(seconds(6)), seconds(3));
    }

    #[test]
    fn a_life_without_sense_counts_as_60_seconds() {
        for odd in [None, Some(json!(0)), Some(json!(-1)), Some(json!("900")), Some(json!(u64::MAX))] {
            assert_eq!(life(odd.as_ref()), seconds(60), "{odd:?}");
        }
        assert_eq!(life(Some(&json!(900))), seconds(900));
    }

    #[test]
    fn an_answer_without_a_token_says_what_is_missing() {
        assert_eq!(decode(&json!({"token_type": "bearer"})).err(), Some("token.access_token"));
        assert_eq!(decode(&json!({"access_token": ""})).err(), Some("token.access_token"));
        let granted =
            decode(&json!({"access_token": "t", "organizationId": "o", "expires_in": 900})).unwrap();
        assert_eq!((granted.token.expose(), granted.organization_id.as_deref()), ("t", Some("o")));
    }

    #[derive(Default)]
    struct Logins {
        keeper: TokenKeeper,
        count: AtomicU64,
    }

    impl Logins {
        async fn at(&self, now: u64, rejected: Option<u64>, good: bool) -> Option<u64> {
            let login = async {
                self.count.fetch_add(1, Ordering::Relaxed);
                // Other callers get their turn while this one waits for its answer.
                tokio::task::yield_now().await;
                let token = Secret::from_text("t");
                let granted = Granted { token, organization_id: None, life: seconds(100) };
                if good { Ok(granted) } else { Err(RemoteError::Unauthorized { side: Side::Huma }) }
            };
            self.keeper.token(seconds(now), rejected, login).await.ok().map(|token| token.generation)
        }

        fn count(&self) -> u64 {
            self.count.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn callers_that_come_together_share_one_login() {
        let logins = Logins::default();
        let all = futures_util::future::join_all((0..20).map(|_| logins.at(0, None, true))).await;
        assert!(all.iter().all(|generation| *generation == Some(1)));
        assert_eq!(logins.count(), 1);
    }

    #[tokio::test]
    async fn a_token_is_used_until_its_time_to_renew() {
        let logins = Logins::default();
        assert_eq!(logins.at(0, None, true).await, Some(1));
        assert_eq!(logins.at(69, None, true).await, Some(1));
        assert_eq!(logins.at(70, None, true).await, Some(2));
    }

    #[tokio::test]
    async fn callers_rejected_with_the_same_token_renew_it_once() {
        let logins = Logins::default();
        assert_eq!(logins.at(0, None, true).await, Some(1));
        let all = futures_util::future::join_all((0..5).map(|_| logins.at(1, Some(1), true))).await;
        assert!(all.iter().all(|generation| *generation == Some(2)));
        assert_eq!(logins.count(), 2);
    }

    #[tokio::test]
    async fn a_refused_login_is_not_tried_again_at_once() {
        let logins = Logins::default();
        assert_eq!(logins.at(0, None, false).await, None);
        assert_eq!(logins.at(59, None, true).await, None);
        assert_eq!(logins.count(), 1);
        assert_eq!(logins.at(60, None, true).await, Some(1));
    }
}
