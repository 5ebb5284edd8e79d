//! The file through editors' ways of saving, races and accidents. Time is handed in; nothing sleeps.

mod vim;

use super::*;
use std::io::{Seek, Write};
use std::os::unix::fs::PermissionsExt;

const OURS: &str = "pending K7Q4.9f2c1a07\n# end of file, 1 question\n";
const SAVED: &str = "huma K7Q4.9f2c1a07\n# end of file, 1 question\n";
const NEXT: &str = "# hxsync: no questions\n# end of file, no questions\n";

/// A file in a directory of its own, and a clock that is moved by hand.
struct Bench {
    directory: tempfile::TempDir,
    file: ResolutionFile,
    seconds: u64,
}

impl Bench {
    fn new() -> Bench {
        Bench::with(ApplyOn::Save)
    }

    fn with(apply_on: ApplyOn) -> Bench {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("resolutions.txt");
        let settle = Duration::from_secs(2);
        let settings = Settings { path, group: None, settle, apply_on };
        let mut bench = Bench { directory, file: ResolutionFile::new(settings).unwrap(), seconds: 0 };
        assert_eq!(bench.rewrite(OURS), Rewrite::Done);
        bench
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("resolutions.txt")
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn moment(&self) -> Moment {
        Moment { monotonic: Duration::from_secs(self.seconds), now: Timestamp::now() }
    }

    fn observe(&mut self) -> Seen {
        self.file.observe(self.moment()).unwrap()
    }

    /// Looks, waits, looks: until something is to be done, or nothing has moved.
    fn settled(&mut self) -> Seen {
        for _ in 0..30 {
            match self.observe() {
                Seen::NotYet { .. } => self.seconds += 1,
                seen => return seen,
            }
        }
        panic!("it never settles");
    }

    fn save(&mut self) -> Save {
        match self.settled() {
            Seen::Save(save) => save,
            other => panic!("{other:?}"),
        }
    }

    fn rewrite(&mut self, text: &str) -> Rewrite {
        self.file.rewrite(text, Timestamp::now()).unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[test]
fn our_own_text_is_known_and_leaves_nothing_else_behind() {
    let mut bench = Bench::new();
    assert_eq!(bench.observe(), Seen::Known);
    assert_eq!(bench.rewrite(NEXT), Rewrite::Done);
    assert_eq!(bench.observe(), Seen::Known);
    assert_eq!((bench.text(), bench.names()), (NEXT.into(), vec!["resolutions.txt".into()]));
}

#[test]
fn the_group_may_write_whatever_the_umask() {
    let bench = Bench::new();
    let mode = fs::metadata(bench.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
}

#[test]
fn a_group_that_does_not_exist_is_named() {
    let path = PathBuf::from("resolutions.txt");
    let group = Some("no-such-group".to_owned());
    let settings = Settings { path, group, settle: Duration::ZERO, apply_on: ApplyOn::Save };
    let error = ResolutionFile::new(settings).err().unwrap();
    assert_eq!(error.to_string(), "the group `no-such-group` does not exist");
}

#[test]
fn a_save_in_place_written_in_two_parts_counts_once_it_is_whole() {
    let mut bench = Bench::new();
    let (first, second) = SAVED.split_at(10);
    let mut editor = fs::File::create(bench.path()).unwrap();
    assert!(matches!(bench.observe(), Seen::NotYet { .. }));
    editor.write_all(first.as_bytes()).unwrap();
    bench.seconds += 3;
    assert!(matches!(bench.observe(), Seen::NotYet { .. }));
    editor.write_all(second.as_bytes()).unwrap();
    let save = bench.save();
    assert_eq!(save.bytes, SAVED.as_bytes());
    bench.file.taken(&save).unwrap();
    assert_eq!(bench.rewrite(NEXT), Rewrite::Done);
    assert_eq!(bench.settled(), Seen::Known);
}

#[test]
fn a_save_by_rename_with_backup_and_probe_is_taken() {
    let mut bench = Bench::new();
    fs::write(bench.beside("4913"), "").unwrap();
    fs::remove_file(bench.beside("4913")).unwrap();
    fs::rename(bench.path(), bench.beside("resolutions.txt~")).unwrap();
    assert!(matches!(bench.observe(), Seen::NotYet { .. }));
    fs::write(bench.path(), SAVED).unwrap();
    fs::remove_file(bench.beside("resolutions.txt~")).unwrap();
    assert_eq!(bench.save().bytes, SAVED.as_bytes());
}

#[test]
fn the_same_text_written_again_is_no_save() {
    let mut bench = Bench::new();
    fs::write(bench.beside("new"), OURS).unwrap();
    fs::rename(bench.beside("new"), bench.path()).unwrap();
    assert_eq!(bench.settled(), Seen::Known);
}

#[test]
fn while_an_editor_holds_it_a_save_is_taken_and_the_file_left_alone() {
    let mut bench = Bench::new();
    fs::write(bench.beside(".resolutions.txt.swp"), b"b0VIM").unwrap();
    fs::write(bench.path(), SAVED).unwrap();
    let save = bench.save();
    assert!(save.lock.is_some());
    bench.file.taken(&save).unwrap();
    assert!(matches!(bench.rewrite(NEXT), Rewrite::Locked(_)));
    assert_eq!(bench.text(), SAVED);
    bench.file.write_answers("#! applied\n# end of file\n").unwrap();
    assert!(bench.beside("resolutions.answers.txt").exists());
    fs::remove_file(bench.beside(".resolutions.txt.swp")).unwrap();
    assert_eq!(bench.rewrite(NEXT), Rewrite::Done);
    bench.file.remove_answers().unwrap();
    assert_eq!(bench.names(), ["resolutions.txt"]);
}

#[test]
fn with_close_nothing_is_taken_until_the_editor_lets_go() {
    let mut bench = Bench::with(ApplyOn::Close);
    fs::write(bench.beside(".resolutions.txt.swp"), b"b0VIM").unwrap();
    fs::write(bench.path(), SAVED).unwrap();
    for _ in 0..20 {
        assert!(matches!(bench.observe(), Seen::NotYet { .. }));
        bench.seconds += 1;
    }
    fs::remove_file(bench.beside(".resolutions.txt.swp")).unwrap();
    assert_eq!(bench.save().bytes, SAVED.as_bytes());
}

#[test]
fn p9_a_save_nobody_read_is_never_written_over() {
    let mut bench = Bench::new();
    fs::write(bench.path(), SAVED).unwrap();
    assert_eq!(bench.rewrite(NEXT), Rewrite::TakeInFirst);
    assert_eq!(bench.text(), SAVED);
    assert_eq!(bench.save().bytes, SAVED.as_bytes());
    assert_eq!(bench.names(), ["resolutions.txt"]);
}

/// Between our last look and the exchange: `put` is what runs after it.
fn race(can_exchange: bool) {
    let mut bench = Bench::new();
    bench.file.place.can_exchange = can_exchange;
    let temp = bench.beside(".resolutions.txt.00-0.new");
    fs::write(&temp, NEXT).unwrap();
    fs::write(bench.path(), SAVED).unwrap();
    let known = hash_of(OURS.as_bytes());
    let out = bench.file.place.put(&temp, Some(&known), None).unwrap();
    assert_eq!(bench.file.settle_out(out, Some(known), NEXT), Rewrite::TakeInFirst);
    assert_eq!(bench.text(), NEXT);
    // A crash here would find it by its name.
    assert_eq!(bench.names().len(), 2);
    let save = bench.save();
    assert_eq!((save.bytes.as_slice(), save.is_late), (SAVED.as_bytes(), true));
    bench.file.taken(&save).unwrap();
    assert_eq!(bench.settled(), Seen::Known);
    assert_eq!(bench.names(), ["resolutions.txt"]);
    assert_eq!(bench.rewrite(OURS), Rewrite::Done);
}

#[test]
fn p9_a_save_between_reading_and_exchange_comes_out_and_is_taken_in() {
    race(true);
}

#[test]
fn p9_and_where_names_cannot_be_exchanged_too() {
    race(false);
}

#[test]
fn p9_an_editor_that_had_the_file_open_while_it_was_replaced_is_still_heard() {
    for can_exchange in [true, false] {
        let mut bench = Bench::new();
        bench.file.place.can_exchange = can_exchange;
        let mut editor = fs::OpenOptions::new().write(true).open(bench.path()).unwrap();
        assert_eq!(bench.rewrite(NEXT), Rewrite::Done);
        editor.set_len(0).unwrap();
        editor.rewind().unwrap();
        editor.write_all(&SAVED.as_bytes()[..10]).unwrap();
        assert!(matches!(bench.observe(), Seen::NotYet { .. }));
        editor.write_all(&SAVED.as_bytes()[10..]).unwrap();
        let save = bench.save();
        assert_eq!((save.bytes.as_slice(), save.is_late), (SAVED.as_bytes(), true));
        bench.file.taken(&save).unwrap();
        assert_eq!(bench.settled(), Seen::Known);
        assert_eq!(bench.text(), NEXT);
    }
}

#[test]
fn a_late_save_that_never_becomes_whole_is_kept() {
    let mut bench = Bench::new();
    let mut editor = fs::OpenOptions::new().write(true).open(bench.path()).unwrap();
    assert_eq!(bench.rewrite(NEXT), Rewrite::Done);
    editor.set_len(0).unwrap();
    editor.write_all(b"huma K7Q4.9f2c1a07\n").unwrap();
    let Seen::LateDamaged { kept } = bench.settled() else { panic!() };
    assert_eq!(fs::read(bench.beside(&kept)).unwrap(), b"huma K7Q4.9f2c1a07\n");
    assert_eq!(bench.settled(), Seen::Known);
}

#[test]
fn a_replaced_file_is_read_for_a_minute_and_then_let_go() {
    let mut bench = Bench::new();
    bench.rewrite(NEXT);
    bench.observe();
    assert_eq!(bench.file.late.len(), 1);
    bench.seconds += 61;
    bench.observe();
    assert_eq!(bench.file.late.len(), 0);
}

#[test]
fn where_names_cannot_be_exchanged_a_file_made_in_between_is_left_alone() {
    let mut bench = Bench::new();
    bench.file.place.can_exchange = false;
    assert_eq!(bench.rewrite(NEXT), Rewrite::Done);
    assert_eq!((bench.text(), bench.names()), (NEXT.into(), vec!["resolutions.txt".into()]));
    fs::remove_file(bench.path()).unwrap();
    let temp = bench.beside(".resolutions.txt.00-0.new");
    fs::write(&temp, OURS).unwrap();
    fs::write(bench.path(), SAVED).unwrap();
    let out = bench.file.place.put(&temp, None, None).unwrap();
    assert!(!out.is_ours_in_place);
    assert_eq!(bench.text(), SAVED);
}

fn damaged(bench: &mut Bench, expected: Damage) -> Vec<String> {
    assert_eq!(bench.settled(), Seen::Damaged(expected));
    let kept = bench.file.kept_name_for(expected, Timestamp::now());
    let done = bench.file.replace_damaged(NEXT, kept.as_deref(), Timestamp::now()).unwrap();
    assert_eq!(done, Rewrite::Done);
    assert_eq!(bench.settled(), Seen::Known);
    assert_eq!(bench.text(), NEXT);
    let mut names = bench.names();
    names.retain(|name| name != "resolutions.txt");
    assert!(names.iter().all(|name| Some(name) == kept.as_ref()), "{names:?}");
    names
}

#[test]
fn a_text_without_its_last_line_is_kept_beside_a_new_file() {
    let mut bench = Bench::new();
    fs::write(bench.path(), "huma K7Q4.9f2c1a07\n").unwrap();
    let kept = damaged(&mut bench, Damage::NoTrailer);
    assert_eq!(fs::read_to_string(bench.beside(&kept[0])).unwrap(), "huma K7Q4.9f2c1a07\n");
    assert!(kept[0].starts_with("resolutions.kept-") && kept[0].ends_with("Z.txt"), "{kept:?}");
}

#[test]
fn an_emptied_file_is_made_anew() {
    let mut bench = Bench::new();
    fs::write(bench.path(), "").unwrap();
    assert_eq!(damaged(&mut bench, Damage::Empty).len(), 1);
}

#[test]
fn a_deleted_file_is_made_anew_and_its_last_text_kept() {
    let mut bench = Bench::new();
    fs::remove_file(bench.path()).unwrap();
    let kept = damaged(&mut bench, Damage::Deleted);
    assert_eq!(fs::read_to_string(bench.beside(&kept[0])).unwrap(), OURS);
}

#[test]
fn a_half_saved_file_that_is_completed_before_it_is_replaced_is_taken() {
    let mut bench = Bench::new();
    fs::write(bench.path(), "huma K7Q4.9f2c1a07\n").unwrap();
    assert_eq!(bench.settled(), Seen::Damaged(Damage::NoTrailer));
    fs::write(bench.path(), SAVED).unwrap();
    let done = bench.file.replace_damaged(NEXT, None, Timestamp::now()).unwrap();
    assert_eq!(done, Rewrite::TakeInFirst);
    assert_eq!(bench.save().bytes, SAVED.as_bytes());
}

#[test]
fn twenty_kept_files_stay_the_newest_ones() {
    let mut bench = Bench::new();
    for nth in 0..25 {
        fs::write(bench.beside(&format!("resolutions.kept-20260101T0000{nth:02}Z.txt")), "x").unwrap();
    }
    fs::write(bench.path(), "no last line").unwrap();
    bench.settled();
    let kept = bench.file.kept_name_for(Damage::NoTrailer, Timestamp::now());
    bench.file.replace_damaged(NEXT, kept.as_deref(), Timestamp::now()).unwrap();
    let names = bench.names();
    assert_eq!(names.iter().filter(|name| name.contains(".kept-")).count(), 20);
    assert!(names.contains(&kept.unwrap()));
    assert!(names.contains(&"resolutions.kept-20260101T000024Z.txt".to_owned()));
}

#[test]
fn p9_after_a_crash_our_own_text_goes_and_any_other_is_kept_and_taken_in() {
    let mut bench = Bench::new();
    let digest = hex::encode(&hash_of(NEXT.as_bytes())[..16]);
    fs::write(bench.beside(&format!(".resolutions.txt.{digest}-0.new")), NEXT).unwrap();
    assert_eq!(bench.file.recover(Timestamp::now()).unwrap(), []);
    fs::write(bench.beside(&format!(".resolutions.txt.{digest}-0.new")), SAVED).unwrap();
    let saves = bench.file.recover(Timestamp::now()).unwrap();
    assert_eq!(saves.iter().map(|save| save.bytes.as_slice()).collect::<Vec<_>>(), [SAVED.as_bytes()]);
    assert!(bench.names().iter().any(|name| name.contains(".kept-")));
    assert!(!bench.names().iter().any(|name| name.ends_with(".new")));
}

#[test]
fn p9_two_writers_at_once_never_lose_a_save() {
    let mut bench = Bench::new();
    let path = bench.path();
    let texts: Vec<String> =
        (0..200).map(|nth| format!("later {nth}d K7Q4.9f2c1a07\n# end of file\n")).collect();
    let written = texts.clone();
    let temp = bench.beside("editor");
    // One editor saves by rename as fast as it can and waits for each to be gone; we take in and rewrite as fast as we can.
    let (heard, hears) = std::sync::mpsc::channel::<()>();
    let editor = std::thread::spawn(move || {
        for text in &written {
            fs::write(&temp, text).unwrap();
            fs::rename(&temp, &path).unwrap();
            hears.recv_timeout(Duration::from_secs(20)).expect("every save is heard");
        }
    });
    let mut taken = Vec::new();
    let mut rounds = 0;
    while taken.len() < texts.len() && rounds < 200_000 {
        rounds += 1;
        if let Seen::Save(save) = bench.observe() {
            bench.file.taken(&save).unwrap();
            taken.push(String::from_utf8(save.bytes).unwrap());
            heard.send(()).unwrap();
        }
        bench.rewrite(if rounds % 2 == 0 { OURS } else { NEXT });
        bench.seconds += 2;
    }
    editor.join().unwrap();
    assert_eq!(taken, texts);
}

#[tokio::test]
async fn saves_of_every_fashion_and_locks_wake_the_watcher() {
    let bench = Bench::new();
    let long = Duration::from_secs(3600);
    let mut watcher = Watcher::new(&bench.path(), long).unwrap();
    let limit = Duration::from_secs(20);
    let path = bench.path();
    type Step<'a> = (&'static str, Box<dyn Fn() + 'a>);
    let steps: [Step<'_>; 4] = [
        ("in place", Box::new(|| fs::write(&path, SAVED).unwrap())),
        (
            "rename",
            Box::new(|| {
                fs::write(path.with_file_name("new"), OURS).unwrap();
                fs::rename(path.with_file_name("new"), &path).unwrap();
            }),
        ),
        ("lock", Box::new(|| fs::write(path.with_file_name(".resolutions.txt.swp"), "x").unwrap())),
        ("unlock", Box::new(|| fs::remove_file(path.with_file_name(".resolutions.txt.swp")).unwrap())),
    ];
    for (what, step) in &steps {
        while watcher.try_hint() {}
        step();
        tokio::time::timeout(limit, watcher.hint()).await.unwrap_or_else(|_| panic!("{what} woke nobody"));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn without_events_the_poll_says_when_to_look() {
    let mut watcher = Watcher::poll_only(Duration::from_millis(1));
    tokio::time::timeout(Duration::from_secs(20), watcher.hint()).await.unwrap();
}

#[test]
fn the_file_is_handed_to_the_group() {
    use nix::unistd::{Gid, Group, getegid, geteuid};
    use std::os::unix::fs::MetadataExt;
    // Only root may give a file to a group it is not in.
    let gid = if geteuid().is_root() { Gid::from_raw(1) } else { getegid() };
    let Some(group) = Group::from_gid(gid).unwrap() else {
        eprintln!("skipped: group {gid} has no name here");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resolutions.txt");
    let settings = Settings {
        path: path.clone(),
        group: Some(group.name),
        settle: Duration::ZERO,
        apply_on: ApplyOn::Save,
    };
    let mut file = ResolutionFile::new(settings).unwrap();
    file.rewrite(OURS, Timestamp::now()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().gid(), gid.as_raw());
}
