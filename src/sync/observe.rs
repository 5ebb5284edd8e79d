//! Reads both sides. A read is complete or partial; only a complete one can say that somebody is absent.
//!
//! **Invariant:** nothing is written here, neither to a side nor to the store; what moved is handed on.

use crate::domain::{HumaId, Record, RecordId, Side, XledgerId};
use crate::remote::huma::{Depth, HumaListed};
use crate::remote::xledger::{ChangeKind, Cursor, Watermark};
use crate::remote::{Clock, Huma, RemoteError, Xledger};
use futures_util::StreamExt;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Details read at the same time; the client's own pace stands behind it.
const DETAILS_AT_ONCE: usize = 8;
/// Rows of one page of Xledger's full listing. Large enough to be cheap, small enough not to time out.
const XLEDGER_PAGE: u32 = 1000;
/// `dbId_in` takes as many as a mass mutation does.
pub const XLEDGER_BATCH: usize = 500;
/// Rows of one page of Huma's listing.
const HUMA_PAGE: u64 = 50;
/// So many people may fail to be read by themselves; with more it is the side that is not available.
const MOST_UNAVAILABLE: usize = 3;
/// A listing longer than this is no listing of a company.
const MOST_PAGES: u64 = 20_000;

/// What the store knows of one record, for telling what moved.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    pub digest: [u8; 32],
    pub listing_digest: Option<[u8; 32]>,
    /// It was missing from a complete listing before.
    pub missing: bool,
}

pub type Marks = BTreeMap<RecordId, Mark>;

/// One record as it was just read.
#[derive(Debug, Clone)]
pub struct Fresh {
    pub record: Record,
    pub at: Timestamp,
    /// Digest of the listing's row, where a listing showed one.
    pub listing_digest: Option<[u8; 32]>,
}

/// What one side said.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// Records that differ from what the store knows.
    pub changed: BTreeMap<RecordId, Fresh>,
    /// Records read in full and found as they were.
    pub unchanged: BTreeSet<RecordId>,
    /// Records whose listing row moved although the record did not: only the row's digest is to be kept.
    pub rows: BTreeMap<RecordId, Fresh>,
    /// Records that were missing before, and were read.
    pub here_again: BTreeSet<RecordId>,
    pub listing: Listing,
    /// Records that could not be read or understood, and where: they keep what the store knows (P6).
    pub problems: Vec<(Option<RecordId>, String)>,
    /// Where Xledger's change log was read to.
    pub watermark: Option<Watermark>,
    /// Records Xledger's change log called deleted: looked up by id before anything is concluded.
    pub called_deleted: BTreeSet<RecordId>,
    /// Every detail was read, not only those that seemed to have moved.
    pub full: bool,
}

/// Who is there. Absence can be concluded from `Complete` alone (P7).
#[derive(Debug, Clone, Default)]
pub enum Listing {
    Complete(BTreeSet<RecordId>),
    #[default]
    Partial,
}

/// How much is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every record in full.
    Full,
    /// Listing and change log, with the details of those that moved and of these.
    Moved { also: BTreeSet<RecordId> },
    /// These records alone; no listing.
    Only(BTreeSet<RecordId>),
}

impl Observation {
    fn take(&mut self, marks: &Marks, record: Record, at: Timestamp, listing_digest: Option<[u8; 32]>) {
        let mark = marks.get(&record.id);
        if mark.is_some_and(|mark| mark.missing) {
            self.here_again.insert(record.id.clone());
        }
        match mark {
            Some(mark) if mark.digest == record.digest() => {
                self.unchanged.insert(record.id.clone());
                if listing_digest.is_some() && mark.listing_digest != listing_digest {
                    self.rows.insert(record.id.clone(), Fresh { record, at, listing_digest });
                }
            }
            Some(_) | None => {
                self.changed.insert(record.id.clone(), Fresh { record, at, listing_digest });
            }
        }
    }
}

/// What stops a read as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// Called with (side, read so far, expected) while a long read goes on.
pub type Progress<'a> = dyn Fn(Side, u64, Option<u64>) + 'a;

/// Reads Huma: the listing (both `isActive` values, merged by id), then details as far as `reach` goes.
///
/// # Errors
/// A login, right or connection that fails for everybody. One person who cannot be read is a problem of that person.
pub async fn observe_huma(
    huma: &Arc<dyn Huma>,
    clock: &Arc<dyn Clock>,
    marks: &Marks,
    reach: &Reach,
    progress: &Progress<'_>,
) -> Result<Observation, ReadError> {
    let mut seen = Observation { full: *reach == Reach::Full, ..Observation::default() };
    let wanted: BTreeMap<HumaId, Option<[u8; 32]>> = match reach {
        Reach::Only(ids) => huma_ids(ids).map(|id| (id, None)).collect(),
        Reach::Full | Reach::Moved { .. } => {
            let (rows, complete) = list_huma(huma, &mut seen).await?;
            let ids: BTreeSet<RecordId> = rows.keys().cloned().map(RecordId::Huma).collect();
            let wanted = rows
                .into_iter()
                .filter(|(id, row)| {
                    let id = RecordId::Huma(id.clone());
                    let moved = marks.get(&id).is_none_or(|mark| mark.listing_digest != Some(row.digest));
                    moved
                        || match reach {
                            Reach::Moved { also } => also.contains(&id),
                            Reach::Full | Reach::Only(_) => true,
                        }
                })
                .map(|(id, row)| (id, Some(row.digest)))
                .collect();
            if complete {
                seen.listing = Listing::Complete(ids);
            }
            wanted
        }
    };
    let expected = wanted.len() as u64;
    let (mut read, mut unavailable) = (0, 0);
    let mut details = futures_util::stream::iter(wanted)
        .map(|(id, row)| async move {
            let answer = huma.user(&id, Depth::Copies).await;
            (id, row, answer)
        })
        .buffered(DETAILS_AT_ONCE);
    while let Some((id, row, answer)) = details.next().await {
        read += 1;
        progress(Side::Huma, read, Some(expected));
        match answer {
            Ok(Some(record)) => seen.take(marks, record, clock.now(), row),
            // Listed a moment ago and not found: hidden from the key, or gone meanwhile. Proves nothing alone.
            Ok(None) => seen.problems.push((Some(RecordId::Huma(id)), "not found".into())),
            Err(RemoteError::Unexpected { path, .. }) => seen.problems.push((Some(RecordId::Huma(id)), path)),
            Err(RemoteError::Unavailable { what, .. }) if unavailable < MOST_UNAVAILABLE => {
                unavailable += 1;
                seen.problems.push((Some(RecordId::Huma(id)), what));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(seen)
}

/// The whole listing by id, and whether it is proven complete.
async fn list_huma(
    huma: &Arc<dyn Huma>,
    seen: &mut Observation,
) -> Result<(BTreeMap<HumaId, HumaListed>, bool), RemoteError> {
    let mut rows = BTreeMap::new();
    let mut complete = true;
    for active in [true, false] {
        // Rows move between pages while people are renamed: list once more where the number does not fit, and take both.
        let mut fits = false;
        for _ in 0..2 {
            fits = list_once(huma, active, &mut rows, seen).await?;
            if fits {
                break;
            }
        }
        complete &= fits;
    }
    Ok((rows, complete))
}

/// Adds one pass over the listing to `rows`; whether as many different people came as the listing said there were.
async fn list_once(
    huma: &Arc<dyn Huma>,
    active: bool,
    rows: &mut BTreeMap<HumaId, HumaListed>,
    seen: &mut Observation,
) -> Result<bool, RemoteError> {
    let mut here: BTreeSet<HumaId> = BTreeSet::new();
    let (mut offset, mut service_users, mut unreadable) = (0, 0, 0);
    let mut total = None;
    for _ in 0..MOST_PAGES {
        let page = huma.list(active, offset).await?;
        let bad = page.unreadable.len() as u64;
        service_users += page.received - page.items.len() as u64 - bad;
        unreadable += bad;
        for (id, path) in page.unreadable {
            seen.problems.push((id.map(RecordId::Huma), path));
        }
        for row in page.items {
            here.insert(row.id.clone());
            rows.insert(row.id.clone(), row);
        }
        total = page.total.or(total);
        offset += page.received;
        if page.received < HUMA_PAGE && total.is_none_or(|total| offset >= total || page.received == 0) {
            break;
        }
        if total.is_some_and(|total| offset >= total) {
            break;
        }
    }
    let different = here.len() as u64 + service_users + unreadable;
    Ok(unreadable == 0 && total.is_none_or(|total| different == total))
}

/// Reads Xledger: the full listing, or what its change log and times of change name.
///
/// # Errors
/// A login, right or connection that fails for everybody.
pub async fn observe_xledger(
    xledger: &Arc<dyn Xledger>,
    clock: &Arc<dyn Clock>,
    marks: &Marks,
    reach: &Reach,
    since: Option<&Watermark>,
    owners: &Owners<'_>,
    progress: &Progress<'_>,
) -> Result<Observation, ReadError> {
    match (reach, since) {
        (Reach::Only(ids), _) => read_xledger(xledger, clock, marks, xledger_ids(ids).collect()).await,
        (Reach::Moved { also }, Some(since)) => {
            match moved_in_xledger(xledger, clock, marks, also, since, owners).await {
                // The log no longer goes back that far: read everything.
                Err(ReadError::Remote(RemoteError::Refused { .. })) => {
                    list_xledger(xledger, clock, marks, progress).await
                }
                other => other,
            }
        }
        (Reach::Full, _) | (Reach::Moved { .. }, None) => list_xledger(xledger, clock, marks, progress).await,
    }
}

/// Finds the employees that point at contacts and subledgers.
pub type Owners<'a> = dyn Fn(&[i64], &[i64]) -> Result<BTreeSet<XledgerId>, crate::store::StoreError> + 'a;

async fn list_xledger(
    xledger: &Arc<dyn Xledger>,
    clock: &Arc<dyn Clock>,
    marks: &Marks,
    progress: &Progress<'_>,
) -> Result<Observation, ReadError> {
    let mut seen = Observation { full: true, ..Observation::default() };
    // The log's place comes before the listing, so that what moves meanwhile is read again.
    let cursor = xledger.newest_change().await?;
    let mut after: Option<Cursor> = None;
    let mut since: Option<String> = None;
    let mut ids = BTreeSet::new();
    let mut complete = true;
    for _ in 0..MOST_PAGES {
        let page = xledger.page(after.as_ref(), XLEDGER_PAGE).await?;
        complete &= page.unreadable.is_empty();
        for bad in page.unreadable {
            seen.problems.push((bad.id.map(RecordId::Xledger), bad.path));
        }
        for record in page.records {
            ids.insert(record.id.clone());
            seen.take(marks, record, clock.now(), None);
        }
        since = since.max(page.newest_modified_at);
        progress(Side::Xledger, ids.len() as u64, None);
        match page.last {
            Some(last) if page.has_next && after.as_ref() != Some(&last) => after = Some(last),
            // More is said to follow, and there is no way to it.
            _ if page.has_next => {
                complete = false;
                break;
            }
            _ => break,
        }
    }
    if complete {
        seen.listing = Listing::Complete(ids);
    }
    seen.watermark = Some(Watermark { cursor, since });
    Ok(seen)
}

async fn moved_in_xledger(
    xledger: &Arc<dyn Xledger>,
    clock: &Arc<dyn Clock>,
    marks: &Marks,
    also: &BTreeSet<RecordId>,
    since: &Watermark,
    owners: &Owners<'_>,
) -> Result<Observation, ReadError> {
    let mut ids: BTreeSet<XledgerId> = xledger_ids(also).collect();
    let mut deleted = BTreeSet::new();
    let mut watermark = since.clone();
    for _ in 0..MOST_PAGES {
        let changes = xledger.changes(&watermark).await?;
        for (id, kind) in changes.employees {
            match kind {
                ChangeKind::Added | ChangeKind::Updated => {
                    deleted.remove(&RecordId::Xledger(id));
                }
                ChangeKind::Deleted => {
                    deleted.insert(RecordId::Xledger(id));
                }
            }
            ids.insert(id);
        }
        ids.extend(owners(&changes.contacts, &changes.subledgers)?);
        let stuck = watermark == changes.watermark;
        watermark = changes.watermark;
        if !changes.has_more || stuck {
            break;
        }
    }
    let mut seen = read_xledger(xledger, clock, marks, ids.into_iter().collect()).await?;
    seen.watermark = Some(watermark);
    seen.called_deleted = deleted;
    Ok(seen)
}

async fn read_xledger(
    xledger: &Arc<dyn Xledger>,
    clock: &Arc<dyn Clock>,
    marks: &Marks,
    ids: Vec<XledgerId>,
) -> Result<Observation, ReadError> {
    let mut seen = Observation::default();
    for batch in ids.chunks(XLEDGER_BATCH) {
        let found = xledger.by_ids(batch).await?;
        for bad in found.unreadable {
            seen.problems.push((bad.id.map(RecordId::Xledger), bad.path));
        }
        for record in found.records {
            seen.take(marks, record, clock.now(), None);
        }
    }
    Ok(seen)
}

fn huma_ids(ids: &BTreeSet<RecordId>) -> impl Iterator<Item = HumaId> + '_ {
    ids.iter().filter_map(|id| match id {
        RecordId::Huma(id) => Some(id.clone()),
        RecordId::Xledger(_) => None,
    })
}

fn xledger_ids(ids: &BTreeSet<RecordId>) -> impl Iterator<Item = XledgerId> + '_ {
    ids.iter().filter_map(|id| match id {
        RecordId::Xledger(id) => Some(*id),
        RecordId::Huma(_) => None,
    })
}
