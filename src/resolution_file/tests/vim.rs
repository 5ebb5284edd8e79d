//! Saves of the real vim, where it is installed.

use super::*;
use std::process::Command;

/// Runs an editor without a screen; `false` where it is not installed.
fn edit(program: &str, arguments: &[&str], path: &Path) -> bool {
    match Command::new(program).args(arguments).arg(path).status() {
        Ok(status) => {
            assert!(status.success(), "{program} {arguments:?}");
            true
        }
        Err(_) => {
            eprintln!("skipped: {program} is not installed");
            false
        }
    }
}

#[test]
fn vim_saves_in_each_of_its_fashions_are_taken() {
    for fashion in
        ["set backupcopy=yes", "set backupcopy=no", "set backup", "set nowritebackup", "set ff=dos bomb"]
    {
        let mut bench = Bench::new();
        let command = format!("{fashion} | %s/^pending/huma/ | wq");
        if !edit("vim", &["-u", "NONE", "-i", "NONE", "-es", "-c", &command], &bench.path()) {
            return;
        }
        let save = bench.save();
        let parsed = crate::resolution::parse(&save.bytes, &[]);
        assert_eq!((parsed.answers.len(), parsed.problems.len()), (1, 0), "{fashion}");
        assert!(save.lock.is_none(), "{fashion}");
        bench.file.taken(&save).unwrap();
        assert_eq!(bench.rewrite(NEXT), Rewrite::Done);
    }
}

#[test]
fn a_living_vim_is_told_by_its_swap_file() {
    let mut bench = Bench::new();
    let script = "set updatecount=1 | %s/^pending/huma/ | w | call writefile([getpid()], expand('%:h') . '/pid') | \
                  while !filereadable(expand('%:h') . '/go') | sleep 20m | endwhile | q";
    let child =
        Command::new("vim").args(["-u", "NONE", "-i", "NONE", "-es", "-c", script]).arg(bench.path()).spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: vim is not installed");
        return;
    };
    let began = std::time::Instant::now();
    while !bench.beside("pid").exists() && began.elapsed() < Duration::from_secs(20) {
        std::thread::yield_now();
    }
    let lock = bench.file.lock(Timestamp::now());
    let save = bench.save();
    let rewrite = bench.rewrite(NEXT);
    fs::write(bench.beside("go"), "").unwrap();
    child.wait().unwrap();
    assert_eq!(lock.expect("vim holds the file").pid, Some(child.id() as i32));
    assert!(save.lock.is_some() && matches!(rewrite, Rewrite::Locked(_)));
    bench.file.taken(&save).unwrap();
    assert_eq!(bench.rewrite(NEXT), Rewrite::Done);
}
