//! Answers in the resolution file, carried out by a real engine on both simulators.

use crate::support::staff::{Ids, KARI, LIV, OLA};
use crate::support::world::{World, answered};
use hxsync::domain::Field;
use hxsync::reconcile::QuestionKind;
use hxsync::sandbox::huma::{Fault, FaultKind};
use hxsync::sandbox::people::fixtures;
use hxsync::sync::{Cause, CycleRequest, Look, Reach};
use serde_json::{Value, json};

const CONFLICT: (QuestionKind, Option<Field>) = (QuestionKind::Conflict, Some(Field::Phone));

/// Edits a phone number to something else on each side, and lets it be asked.
async fn in_conflict(world: &mut World, person: Ids) {
    world.huma.edit(person.huma, json!({"phone": "90033444"})).expect("fits");
    world.xledger.edit_person(person.xledger, &json!({"phone": "41355666"})).expect("fits");
    world.full().await;
}

fn phones(world: &World, person: Ids) -> [String; 2] {
    [world.in_huma(person, "phone"), world.in_xledger(person, "phone")].map(|value| match value {
        Value::String(text) => text.replace("+47", "").replace(' ', ""),
        Value::Null => "-".into(),
        other => other.to_string(),
    })
}

#[tokio::test]
async fn different_edits_make_one_question_and_each_verb_does_what_it_says() {
    for (words, both) in [
        ("huma", "90033444"),
        ("xledger", "41355666"),
        ("base", "90010421"),
        ("value \"+47 922 33 444\"", "92233444"),
        ("clear", "-"),
        ("forrige", "90010421"),
        ("verdi 92233444", "92233444"),
        ("Tom", "-"),
    ] {
        let mut world = World::settled().await;
        in_conflict(&mut world, KARI).await;
        assert_eq!(world.questions(), [CONFLICT]);
        let report = world.answer(words).await;
        assert_eq!((report.answers_applied, report.answers_refused), (1, 0), "{words}\n{}", world.text());
        assert_eq!(phones(&world, KARI), [both, both], "{words}");
        assert_eq!((world.questions(), world.unsettled()), (vec![], vec![]), "{words}");
        world.assert_at_rest().await;
    }
}

#[tokio::test]
async fn differ_leaves_both_and_the_next_edit_asks_anew() {
    for words in ["differ", "ulike"] {
        let mut world = World::settled().await;
        in_conflict(&mut world, KARI).await;
        let before = world.writes();
        world.answer(words).await;
        assert_eq!(phones(&world, KARI), ["90033444", "41355666"]);
        assert_eq!((world.questions(), world.writes()), (vec![], before));
        assert_eq!(world.unsettled(), [("differ".to_string(), 1)]);
        world.assert_at_rest().await;
        world.huma.edit(KARI.huma, json!({"phone": "92233444"})).expect("fits");
        world.full().await;
        assert_eq!(world.questions(), [(QuestionKind::Difference, Some(Field::Phone))]);
        assert_eq!(world.writes(), before, "an edit of what may differ is never carried by itself");
    }
}

#[tokio::test]
async fn later_hides_the_question_until_a_value_moves() {
    let mut world = World::settled().await;
    in_conflict(&mut world, KARI).await;
    world.answer("later 7d").await;
    let asks = |world: &World| world.text().lines().any(|line| line.starts_with("pending "));
    assert!(!asks(&world), "{}", world.text());
    world.assert_at_rest().await;
    world.huma.edit(KARI.huma, json!({"phone": "92233444"})).expect("fits");
    world.full().await;
    assert!(asks(&world), "{}", world.text());
}

#[tokio::test]
async fn a_typo_on_one_line_leaves_the_other_lines_applied() {
    let mut world = World::settled().await;
    in_conflict(&mut world, KARI).await;
    in_conflict(&mut world, OLA).await;
    world
        .save(|text| {
            let mut words = ["hmua", "huma"].into_iter();
            let lines = text.lines().map(|line| match line.strip_prefix("pending") {
                Some(rest) => format!("{}{rest}\n", words.next().expect("two questions")),
                None => format!("{line}\n"),
            });
            lines.collect()
        })
        .await;
    world.full().await;
    let text = world.text();
    assert_eq!(world.questions(), [CONFLICT], "{text}");
    assert!(text.contains("did you mean \"huma\"?"), "{text}");
    let settled =
        [KARI, OLA].into_iter().filter(|person| phones(&world, *person) == ["90033444", "90033444"]);
    assert_eq!(settled.count(), 1, "{text}");
}

#[tokio::test]
async fn p3_no_blind_decision_a_value_that_moved_before_the_answer_is_asked_again() {
    for huma_moves in [true, false] {
        let mut world = World::settled().await;
        in_conflict(&mut world, KARI).await;
        let before = world.writes();
        world.write_answer("huma").await;
        if huma_moves {
            world.huma.edit(KARI.huma, json!({"phone": "92233444"})).expect("fits");
        } else {
            world.xledger.edit_person(KARI.xledger, &json!({"phone": "92233444"})).expect("fits");
        }
        let report = world.full().await;
        let text = world.text();
        assert_eq!((report.answers_applied, report.answers_refused), (0, 1), "{text}");
        assert_eq!(world.writes(), before, "{text}");
        assert_eq!(world.questions(), [CONFLICT], "{text}");
        // The admin's line is quoted, and the question stands below with the value that moved.
        assert!(text.contains("#! \"huma ") && text.contains("refused"), "{text}");
        assert!(text.contains("92233444") || text.contains("922 33 444"), "{text}");
        world.answer("huma").await;
        let both = if huma_moves { "92233444" } else { "90033444" };
        assert_eq!(phones(&world, KARI), [both, both]);
    }
}

/// `huma` writes Xledger only; the value it takes moves in Huma after the cycle read it and before the write.
#[tokio::test]
async fn p3_no_blind_decision_a_value_that_moves_between_read_and_write_is_asked_again() {
    let mut world = World::settled().await;
    in_conflict(&mut world, KARI).await;
    world.write_answer("huma").await;
    let before = world.writes();
    // Of a cycle for those that moved, the first details read of Kari is the plan's; the second is right before the write.
    let hold = Fault::from(FaultKind::Hold { after_effect: false }).on("GET", "/users/{id}").nth(2);
    world.huma.add_fault(hold);
    let World { huma, engine, .. } = &mut world;
    let request = CycleRequest { cause: Cause::File, reach: Reach::Moved, dry_run: false };
    let edit = async {
        huma.until_held(1).await;
        huma.edit(KARI.huma, json!({"phone": "92233444"})).expect("fits");
        huma.release_held();
    };
    let limit = std::time::Duration::from_secs(10);
    let both =
        tokio::time::timeout(limit, async { tokio::join!(engine.cycle(request, &|_, _, _| {}), edit) });
    both.await.expect("the re-read is held").0.expect("the cycle runs");
    assert_eq!(world.writes(), before);
    world.full().await;
    assert_eq!(phones(&world, KARI), ["92233444", "41355666"]);
    assert_eq!(world.questions(), [CONFLICT], "{}", world.text());
    let text = world.text();
    assert!(text.contains("refused"), "the admin is told: {text}");
    assert!(!text.contains("#! \"huma") || !text.contains(": applied"), "{text}");
}

#[tokio::test]
async fn p9_text_survives_an_answer_saved_while_a_cycle_runs() {
    let mut world = World::settled().await;
    in_conflict(&mut world, KARI).await;
    in_conflict(&mut world, LIV).await;
    let path = world.file();
    world.huma.edit(OLA.huma, json!({"phone": "92233444"})).expect("fits");
    world.huma.add_fault(Fault::from(FaultKind::Hold { after_effect: false }).on("GET", "/users").nth(1));
    let World { huma, engine, .. } = &mut world;
    let request = CycleRequest { cause: Cause::Schedule, reach: Reach::Moved, dry_run: false };
    let save = async {
        huma.until_held(1).await;
        let text = std::fs::read_to_string(&path).expect("reads");
        std::fs::write(&path, text.replace("pending", "xledger ")).expect("writes");
        huma.release_held();
    };
    let limit = std::time::Duration::from_secs(10);
    let both =
        tokio::time::timeout(limit, async { tokio::join!(engine.cycle(request, &|_, _, _| {}), save) });
    both.await.expect("the listing is held").0.expect("the cycle runs");
    assert_eq!(world.text().matches("xledger  ").count(), 2, "the save still stands: {}", world.text());
    world.save(str::to_owned).await;
    world.cycle(Reach::Moved).await;
    for person in [KARI, LIV] {
        assert_eq!(phones(&world, person), ["41355666", "41355666"], "{}", world.text());
    }
}

#[tokio::test]
async fn p9_text_survives_a_lock_is_respected_and_the_answers_stand_beside_the_file() {
    let mut world = World::settled().await;
    in_conflict(&mut world, KARI).await;
    let path = world.file();
    let lock = path.with_file_name(".#resolutions.txt");
    let owner = format!("kari@localhost.{}:1", std::process::id());
    std::os::unix::fs::symlink(&owner, &lock).expect("a lock as emacs makes it");
    world.write_answer("huma").await;
    let saved = world.text();
    world.cycle(Reach::Moved).await;
    assert_eq!(phones(&world, KARI), ["90033444", "90033444"], "a settled save is applied under a lock");
    assert_eq!(world.text(), saved, "the file is not rewritten under a lock");
    let beside = path.with_file_name("resolutions.answers.txt");
    let answers = std::fs::read_to_string(&beside).expect("the answers stand beside it");
    assert!(answers.contains("huma"), "{answers}");
    std::fs::remove_file(&lock).expect("the editor closes");
    world.cycle(Reach::Moved).await;
    assert!(world.text().contains("#! \"huma"), "{}", world.text());
    assert!(!beside.exists());
}

#[tokio::test]
async fn p9_text_survives_a_file_without_trailer_is_kept_and_a_new_one_made() {
    let mut world = World::settled().await;
    in_conflict(&mut world, KARI).await;
    let cut: String =
        world.text().replacen("pending", "huma", 1).lines().take(12).map(|l| format!("{l}\n")).collect();
    assert!(cut.contains("huma "), "{cut}");
    let saved = cut.clone();
    world.save(|_| saved).await;
    world.cycle(Reach::Moved).await;
    assert_eq!(phones(&world, KARI), ["90033444", "41355666"], "no answer is taken from half a file");
    let directory = world.file().parent().expect("a directory").to_owned();
    let kept: Vec<_> = std::fs::read_dir(directory)
        .expect("lists")
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("resolutions.kept-"))
        .collect();
    let [kept] = kept.as_slice() else { panic!("not one kept file: {kept:?}") };
    assert_eq!(std::fs::read_to_string(kept.path()).expect("reads"), cut);
    let text = world.text();
    assert!(text.contains(&*kept.file_name().to_string_lossy()), "{text}");
    assert!(text.contains("# end of file") && text.contains("pending"), "{text}");
}

#[tokio::test]
async fn p9_text_survives_a_deleted_file_is_made_again() {
    let mut world = World::settled().await;
    in_conflict(&mut world, KARI).await;
    std::fs::remove_file(world.file()).expect("removed");
    assert_eq!(world.look().await, Look::Ready, "the missing file went unnoticed");
    world.cycle(Reach::Moved).await;
    assert!(world.text().lines().any(|line| line.starts_with("pending ")), "{}", world.text());
    assert_eq!(phones(&world, KARI), ["90033444", "41355666"]);
}

/// What hxsync answered, unwrapped.
fn answers(world: &World) -> String {
    world.text().replace("\n#!   ", " ")
}

#[tokio::test]
async fn p9_an_answer_queued_by_an_earlier_save_is_told_what_became_of_it() {
    let mut world = World::start(&fixtures()).await;
    world.full().await;
    world.save(|text| answered(text, "Robin Fure (1123), gender", "huma")).await;
    world.cycle(Reach::Moved).await;
    let queued = "queued; carried out once the first sync is allowed.";
    assert!(answers(&world).contains(queued), "{}", world.text());
    world.allow_first_sync().await;
    let refused = "refused, Xledger has no gender for Huma's word.";
    assert!(answers(&world).contains(refused), "{}", world.text());
}

#[tokio::test]
async fn p9_answers_held_back_by_an_editor_are_in_the_file_when_it_closes() {
    let mut world = World::settled().await;
    in_conflict(&mut world, KARI).await;
    let lock = world.file().with_file_name(".resolutions.txt.swp");
    std::fs::write(&lock, "b0").expect("written");
    world.answer("huma").await;
    assert!(!world.text().contains("#! \"huma "), "{}", world.text());
    std::fs::remove_file(&lock).expect("removed");
    assert_eq!(world.look().await, Look::Nothing);
    assert!(world.text().contains("#! \"huma "), "{}", world.text());
}
