//! The story: a first sync, edits on one side, on both, a newcomer, a leaver. Played alone with every outcome checked, or with
//! somebody at the editor.

use super::stage::{Broken, Stage, failed};
use crate::cli::output::print;
use crate::cli::{CommandError, Exit};
use crate::reconcile::QuestionKind;
use crate::store::{AuditRow, Outcome};
use serde_json::{Value, json};

/// Plays it through, answers by itself, checks both systems after each step.
pub async fn play_alone(stage: &mut Stage) -> Result<Exit, CommandError> {
    ended(alone(stage).await)
}

/// Waits for the first answer in the file, plays the story, and goes on showing what each save does until Ctrl-C.
pub async fn play_with_you(stage: &mut Stage) -> Result<Exit, CommandError> {
    ended(with_you(stage).await)
}

fn ended(played: Result<(), Broken>) -> Result<Exit, CommandError> {
    match played {
        Ok(()) | Err(Broken::Stopped) => Ok(Exit::Done),
        Err(Broken::Failed(error)) => Err(error),
    }
}

async fn alone(stage: &mut Stage) -> Result<(), Broken> {
    open_scene(stage).await?;
    let matched = matched(stage)?;
    check("nothing was written before the first sync was allowed", nothing_written(stage))?;

    say("An admin answers in the file: allow the first sync, and decide the questions, in one save.");
    let text = stage.text();
    let answered = answer_all(&text, |line| {
        let verb = match line {
            _ if line.contains("matched people") => format!("allow {matched}"),
            _ if line.contains(", phone") => "huma".into(),
            _ if line.contains(", bank account") => "huma".into(),
            _ if line.contains("Tvedt") => "create-xledger".into(),
            _ if line.contains("Borgen") => "create-huma".into(),
            _ => return None,
        };
        Some(verb)
    });
    stage.save(&answered)?;
    let newcomer = stage.until("Isak Tvedt in Xledger", |stage| in_xledger(stage, "Tvedt")).await?;
    stage.until("Helge Borgen in Huma", |stage| in_huma(stage, "Borgen")).await?;
    stage
        .until("all questions answered", |stage| open(stage).filter(|open| open.is_empty()).map(|_| ()))
        .await?;
    check("the person made in Xledger has his account", !newcomer["bank_account"].is_null())?;
    for (what, good) in [
        ("the difference went to Huma's phone on both sides", same_phone(stage, "different phones")),
        ("the missing account was filled", filled(stage, "only Huma has a bank account", "bank_account")),
        ("missing values were filled in Huma", filled_in_huma(stage)),
    ] {
        check(what, good)?;
    }
    check("nobody was invited, and no mail was sent", no_mail(stage))?;
    show_audit(stage, 0, 12);

    play_edits(stage).await?;
    let (huma, xledger) = quiet_pair(stage, 1)?;
    say("Different edits of one field on both sides: a question, answered by a value of the admin's own.");
    edit_huma(stage, &huma, json!({ "phone": "+47 900 33 444" }))?;
    edit_xledger(stage, xledger, json!({ "phone": "+47 413 55 666" }))?;
    let line = stage.until("the conflict", |stage| line_with(stage, ", phone")).await?;
    check("neither side was overwritten", phone_of(stage, &huma) == Some("+47 900 33 444".into()))?;
    say(
        "First a slip of the pen: `hmua` in place of `huma`. The line is answered, and nothing is done for it.",
    );
    stage.save(&stage.text().replace(&line, &line.replacen("pending", "hmua", 1)))?;
    stage.until("an answer to the slip", |stage| stage.text().contains("did you mean").then_some(())).await?;
    print(&answers_of(&stage.text()));
    let line = stage.until("the question again", |stage| line_with(stage, ", phone")).await?;
    stage.save(&stage.text().replace(&line, &line.replacen("pending", "value \"+47 900 11 222\"", 1)))?;
    stage
        .until("the admin's value on both sides", |stage| {
            let huma = phone_of(stage, &huma)?;
            let xledger = field_of(stage, xledger, "phone")?;
            (digits(&huma) == "4790011222" && digits(&xledger) == "4790011222").then_some(())
        })
        .await?;
    say("Both sides hold +47 900 11 222.");

    play_newcomer(stage).await?;
    let line = stage.until("the newcomer's question", |stage| line_with(stage, "Solberg")).await?;
    stage.save(&stage.text().replace(&line, &line.replacen("pending", "create-xledger", 1)))?;
    stage.until("the newcomer in Xledger", |stage| in_xledger(stage, "Solberg")).await?;
    say("Ingrid Solberg is in Xledger, with the fields both systems share.");
    play_leaver(stage).await?;

    say("Further cycles, with nothing edited:");
    at_rest(stage).await?;
    let audit = stage.store().and_then(|store| store.read().verify_audit().ok());
    check("the audit's chain verifies", audit.is_some())?;
    check("one record per person on each side", no_doubles(stage))?;
    show_audit(stage, 0, usize::MAX);
    say("Every check passed.");
    Ok(())
}

async fn with_you(stage: &mut Stage) -> Result<(), Broken> {
    open_scene(stage).await?;
    let matched = matched(stage)?;
    let file = stage.file();
    say(&format!(
        "Now you. In another terminal, open the file in your editor, for example\n\n    nano {file}\n\n\
         and change the first word of the first question from `pending` to `allow {matched}`. You may answer others in\n\
         the same save. What you save is carried out and answered in the file within seconds. Ctrl-C ends the demo.",
        file = file.display(),
    ));
    stage.at_last(|stage| nothing_waits_for_first_sync(stage).then_some(())).await?;
    say("The first sync is allowed. What was done (from the audit, `sqlite3 -readonly` shows the same):");
    stage.until("the first writes", |stage| (!nothing_written(stage)).then_some(())).await?;
    let mut shown = show_audit(stage, 0, usize::MAX);
    play_edits(stage).await?;
    let (huma, xledger) = quiet_pair(stage, 1)?;
    say("Different edits of one field on both sides become a question for you.");
    edit_huma(stage, &huma, json!({ "phone": "+47 900 33 444" }))?;
    edit_xledger(stage, xledger, json!({ "phone": "+47 413 55 666" }))?;
    stage.until("the conflict", |stage| line_with(stage, ", phone")).await?;
    play_newcomer(stage).await?;
    play_leaver(stage).await?;
    shown = show_audit(stage, shown, usize::MAX);
    print(&format!("\n{}\n", stage.text()));
    say(&format!(
        "The rest is yours: answer in {}, or look around:\n\n    sqlite3 -readonly {} 'select * from audit'\n    hxsync --config {} status\n\n\
         What happens is shown here. Ctrl-C ends the demo.",
        stage.file().display(),
        stage.database().display(),
        stage.settings().display(),
    ));
    loop {
        stage.at_last(|stage| (audit_len(stage) > shown).then_some(())).await?;
        shown = show_audit(stage, shown, usize::MAX);
    }
}

async fn open_scene(stage: &mut Stage) -> Result<(), Broken> {
    say(&format!(
        "Huma is simulated at {}, Xledger at {}. The daemon runs between them; its settings are\n{}.",
        stage.huma.url(),
        stage.xledger.url(),
        stage.settings().display(),
    ));
    stage.until("the first-sync question", |stage| line_with(stage, "matched people")).await?;
    say(
        "It has read both sides, paired their people, and written nothing. The whole picture is in the resolution file:",
    );
    let text = stage.text();
    let picture: Vec<&str> = text.lines().skip_while(|line| !line.contains("first sync")).take(24).collect();
    print(&format!("\n{}\n    ...\n\n", picture.join("\n")));
    say(&format!("The file: {}", stage.file().display()));
    Ok(())
}

/// Edits on one side each, and of different fields on both: carried over with no question.
async fn play_edits(stage: &mut Stage) -> Result<(), Broken> {
    let (huma, xledger) = quiet_pair(stage, 0)?;
    say(
        "An HR clerk changes a bank account in Huma; a payroll clerk changes the same person's address in Xledger.",
    );
    let account = json!({ "type": "national", "number": "86011117947", "country": "NO" });
    edit_huma(stage, &huma, json!({ "bankAccount": account }))?;
    let address =
        json!({ "street_address": "Havnegata 9", "zip_code": "7010", "place": "Trondheim", "country": "NO" });
    edit_xledger(stage, xledger, json!({ "home_address": address }))?;
    stage
        .until("both edits on both sides", |stage| {
            let account = field_of(stage, xledger, "bank_account")?;
            let line1 = stage.huma.person(&huma)?.pointer("/homeAddress/line1")?.as_str()?.to_owned();
            (digits(&account) == "86011117947" && line1 == "Havnegata 9").then_some(())
        })
        .await?;
    say("Both are carried over; no question was needed.");
    Ok(())
}

async fn play_newcomer(stage: &mut Stage) -> Result<(), Broken> {
    say("A newcomer is registered in Huma.");
    let newcomer = json!({
        "givenName": "Ingrid", "familyName": "Solberg", "email": "ingrid.solberg@fjordbygg.example",
        "phone": "+47 480 12 345", "birthDate": "1994-02-17", "employmentId": "2077",
    });
    stage
        .huma
        .add_person(newcomer)
        .map_err(|error| Broken::Failed(failed(format!("the newcomer: {error}"))))?;
    stage.until("the newcomer's question", |stage| line_with(stage, "Solberg")).await?;
    Ok(())
}

async fn play_leaver(stage: &mut Stage) -> Result<(), Broken> {
    let (huma, xledger) = quiet_pair(stage, 2)?;
    say("Payroll ends an employment in Xledger.");
    edit_xledger(stage, xledger, json!({ "notice_date": "2090-05-01", "employment_to": "2090-07-31" }))?;
    stage
        .until("the last day in Huma", |stage| {
            let person = stage.huma.person(&huma)?;
            (person["lastDayOfWork"] == "2090-07-31" && person["terminationNoticeDate"] == "2090-05-01")
                .then_some(())
        })
        .await?;
    say("Huma's position has both dates.");
    Ok(())
}

/// Three further cycles that write nothing anywhere, not even an audit row.
async fn at_rest(stage: &mut Stage) -> Result<(), Broken> {
    let moved = |stage: &Stage| (stage.huma.writes().len(), stage.xledger.writes().len(), audit_len(stage));
    let cycles = |stage: &Stage| {
        let store = stage.store()?;
        let last = store.read().last_cycles(1).ok()?.into_iter().next()?;
        last.ended_at.map(|_| last.id)
    };
    // A cycle may be under way that still has something to finish.
    let begun = stage.until("a cycle", cycles).await?;
    stage.until("two cycles", |stage| cycles(stage).filter(|id| *id >= begun + 2)).await?;
    let (before, at) = (moved(stage), stage.until("a cycle", cycles).await?);
    let after = stage.until("three cycles", |stage| cycles(stage).filter(|id| *id >= at + 3)).await?;
    check("cycles with nothing edited send no write and add no audit row", moved(stage) == before)?;
    say(&format!("{} cycles: no write on either side, no audit row.", after - at));
    Ok(())
}

fn say(text: &str) {
    print(&format!("\n-- {text}\n"));
}

fn check(what: &str, good: bool) -> Result<(), Broken> {
    if good {
        print(&format!("   checked: {what}\n"));
        Ok(())
    } else {
        Err(Broken::Failed(failed(format!("a check of the demo failed: {what}"))))
    }
}

/// Replaces the first word of pending lines by what `answer` says.
fn answer_all(text: &str, answer: impl Fn(&str) -> Option<String>) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let verb = line.starts_with("pending").then(|| answer(line)).flatten();
        lines.push(verb.map_or_else(|| line.to_owned(), |verb| line.replacen("pending", &verb, 1)));
    }
    lines.join("\n") + "\n"
}

fn line_with(stage: &Stage, part: &str) -> Option<String> {
    let text = stage.text();
    text.lines().find(|line| line.starts_with("pending") && line.contains(part)).map(str::to_owned)
}

fn answers_of(text: &str) -> String {
    text.lines().filter(|line| line.starts_with("#!")).map(|line| format!("    {line}\n")).collect()
}

fn open(stage: &Stage) -> Option<Vec<String>> {
    let store = stage.store()?;
    let open = store.read().open_questions().ok()?;
    Some(open.into_iter().map(|question| question.item).collect())
}

fn matched(stage: &Stage) -> Result<u64, Broken> {
    stage
        .store()
        .and_then(|store| store.read().linked_count().ok())
        .ok_or_else(|| Broken::Failed(failed("the database cannot be read")))
}

fn nothing_written(stage: &Stage) -> bool {
    stage.huma.writes().is_empty() && stage.xledger.writes().is_empty()
}

fn nothing_waits_for_first_sync(stage: &Stage) -> bool {
    stage.store().and_then(|store| store.read().open_questions().ok()).is_some_and(|open| {
        let asked = |kind| open.iter().any(|stored| stored.question.as_ref().is_some_and(|q| q.kind == kind));
        !asked(QuestionKind::FirstSync)
    })
}

fn no_mail(stage: &Stage) -> bool {
    let counters = stage.huma.counters();
    counters.invitations_sent == 0 && counters.email_change_mails == 0
}

fn in_xledger(stage: &Stage, family_name: &str) -> Option<Value> {
    xledger_people(stage).into_iter().find(|person| person["last_name"] == family_name)
}

fn xledger_people(stage: &Stage) -> Vec<Value> {
    match stage.xledger.people() {
        Value::Array(people) => people,
        Value::Object(mut all) => {
            all.remove("people").and_then(|people| people.as_array().cloned()).unwrap_or_default()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
    }
}

fn in_huma(stage: &Stage, family_name: &str) -> Option<Value> {
    stage.huma.people().into_iter().find(|person| person["familyName"] == family_name)
}

/// The ids of the so-many-th of the people who were in agreement from the start.
fn quiet_pair(stage: &Stage, index: usize) -> Result<(String, i64), Broken> {
    let both =
        stage.people.iter().filter_map(|person| Some((person.huma.as_ref()?, person.xledger.as_ref()?)));
    let pair = both.map(|(huma, xledger)| (huma.id.clone(), xledger.db_id)).nth(index);
    pair.ok_or_else(|| Broken::Failed(failed("the cast is incomplete")))
}

fn pair_of(stage: &Stage, note: &str) -> Option<(String, i64)> {
    let person = stage.people.iter().find(|person| person.note == note)?;
    Some((person.huma.as_ref()?.id.clone(), person.xledger.as_ref()?.db_id))
}

fn phone_of(stage: &Stage, huma: &str) -> Option<String> {
    stage.huma.person(huma)?["phone"].as_str().map(str::to_owned)
}

fn field_of(stage: &Stage, xledger: i64, name: &str) -> Option<String> {
    stage.xledger.person(xledger)?[name].as_str().map(str::to_owned)
}

fn same_phone(stage: &Stage, note: &str) -> bool {
    let Some((huma, xledger)) = pair_of(stage, note) else { return false };
    let last = |text: String| digits(&text).chars().rev().take(8).collect::<String>();
    phone_of(stage, &huma).map(last) == field_of(stage, xledger, "phone").map(last)
}

fn filled(stage: &Stage, note: &str, name: &str) -> bool {
    pair_of(stage, note).and_then(|(_, xledger)| field_of(stage, xledger, name)).is_some()
}

fn filled_in_huma(stage: &Stage) -> bool {
    let person = pair_of(stage, "only Xledger has phone, date of birth and gender")
        .and_then(|(huma, _)| stage.huma.person(&huma));
    person.is_some_and(|person| ["phone", "birthDate", "gender"].iter().all(|name| person[*name].is_string()))
}

fn no_doubles(stage: &Stage) -> bool {
    let unique = |people: Vec<Value>, name: &str| {
        let mut numbers: Vec<String> =
            people.iter().filter_map(|person| person[name].as_str().map(str::to_owned)).collect();
        let count = numbers.len();
        numbers.sort();
        numbers.dedup();
        numbers.len() == count
    };
    unique(stage.huma.people(), "employmentId") && unique(xledger_people(stage), "code")
}

fn edit_huma(stage: &Stage, id: &str, edits: Value) -> Result<(), Broken> {
    let edited = stage.huma.edit(id, edits);
    edited.map(|_| ()).map_err(|error| Broken::Failed(failed(format!("the clerk in Huma: {error}"))))
}

fn edit_xledger(stage: &Stage, id: i64, edits: Value) -> Result<(), Broken> {
    let edited = stage.xledger.edit_person(id, &edits);
    edited.map(|_| ()).map_err(|error| Broken::Failed(failed(format!("the clerk in Xledger: {error}"))))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn audit(stage: &Stage) -> Vec<AuditRow> {
    stage.store().and_then(|store| store.read().audit_from(1, u32::MAX).ok()).unwrap_or_default()
}

fn audit_len(stage: &Stage) -> usize {
    audit(stage).len()
}

/// Prints the audit's rows from number `from` on, values left out; answers how many there are.
fn show_audit(stage: &Stage, from: usize, most: usize) -> usize {
    let rows = audit(stage);
    let fresh: Vec<&AuditRow> = rows.iter().skip(from).filter(|row| row.outcome != Outcome::Agreed).collect();
    for row in fresh.iter().take(most) {
        let side = row.side.map_or("", |side| side.word());
        let field = row.field.map_or("", |field| field.words());
        let person = row.person.as_deref().unwrap_or("");
        print(&format!(
            "   {:9} {:24} {:22} {:8} {} ({})\n",
            row.outcome.word(),
            person,
            field,
            side,
            row.why,
            row.who
        ));
    }
    if fresh.len() > most {
        print(&format!("   ... and {} more\n", fresh.len() - most));
    }
    rows.len()
}
