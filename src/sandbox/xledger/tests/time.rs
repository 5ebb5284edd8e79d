use super::*;

/// Edits employee 101 at a moment; returns its `modifiedAt`.
async fn modified_at(sim: &XledgerSim, now: &str) -> String {
    sim.set_clock(&json!({"now": now})).unwrap();
    update_employees(sim, json!([{"node": {"dbId": 101, "code": "7"}}])).await;
    let read = data(sim, "{ employee(dbId: 101) { modifiedAt } }").await;
    read["employee"]["modifiedAt"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn times_are_oslo_wall_clock_across_both_changes_of_the_clocks() {
    let sim = start().await;
    // Spring: 02:00 becomes 03:00.
    assert_eq!(modified_at(&sim, "2026-03-29T00:59:59.9Z").await, "2026-03-29T01:59:59");
    assert_eq!(modified_at(&sim, "2026-03-29T01:00:00Z").await, "2026-03-29T03:00:00");
    // Autumn: 03:00 becomes 02:00, and the hour comes twice.
    assert_eq!(modified_at(&sim, "2026-10-25T00:30:00Z").await, "2026-10-25T02:30:00");
    assert_eq!(modified_at(&sim, "2026-10-25T01:30:00Z").await, "2026-10-25T02:30:00");
    assert_eq!(modified_at(&sim, "2026-10-25T02:00:00Z").await, "2026-10-25T03:00:00");
}

#[tokio::test]
async fn contact_and_subledger_have_times_of_their_own_unless_switched() {
    let sim = start().await;
    let fields = "{ employee(dbId: 101) { modifiedAt contact { modifiedAt } subledger { modifiedAt } } }";
    let times = |d: Value| {
        let e = &d["employee"];
        [&e["modifiedAt"], &e["contact"]["modifiedAt"], &e["subledger"]["modifiedAt"]]
            .map(|t| t.as_str().unwrap()[11..16].to_owned())
    };
    sim.set_clock(&json!({"now": "2026-03-02T10:00:00Z"})).unwrap();
    update_contacts(&sim, json!([{"node": {"dbId": 201, "phone": "1"}}])).await;
    assert_eq!(times(data(&sim, fields).await), ["10:00", "11:00", "10:00"]);
    sim.set_clock(&json!({"now": "2026-03-02T11:00:00Z"})).unwrap();
    update_employees(&sim, json!([{"node": {"dbId": 101, "bankAccount": "15030000011"}}])).await;
    assert_eq!(times(data(&sim, fields).await), ["10:00", "11:00", "12:00"]);
    sim.switch(|s| s.contact_change_touches_employee = true).unwrap();
    sim.set_clock(&json!({"now": "2026-03-02T12:00:00Z"})).unwrap();
    update_contacts(&sim, json!([{"node": {"dbId": 201, "phone": "2"}}])).await;
    assert_eq!(times(data(&sim, fields).await), ["13:00", "13:00", "12:00"]);
    let deltas = data(&sim, "{ employee_deltas(last: 1) { edges { node { dbId mutationType } } } }").await;
    assert_eq!(column(&deltas, "mutationType"), ["UPDATED"]);
}

#[tokio::test]
async fn a_running_clock_goes_on_from_where_it_was_set() {
    let sim = start().await;
    let local = sim.set_clock(&json!({"now": "2026-07-01T10:00:00Z", "running": true})).unwrap();
    assert!(local.starts_with("2026-07-01T12:00:0"), "{local}");
    assert!(sim.set_clock(&json!({"now": "yesterday"})).is_err());
}
