//! The first sync of two systems, against the fixtures' known truth.

use crate::support::world::World;
use hxsync::sandbox::people::fixtures;

#[tokio::test]
async fn nothing_is_written_on_either_side_before_the_first_sync_is_allowed() {
    let mut world = World::start(&fixtures()).await;
    let report = world.full().await;
    assert!(report.awaits_first_sync, "{report:?}");
    assert_eq!(report.sides, []);
    world.full().await;
    assert_eq!(world.huma.writes().len(), 0);
    assert_eq!(world.xledger.writes().len(), 0);
    println!("{}", world.text());
}
