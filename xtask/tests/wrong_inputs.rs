//! What the program answers to wrong input: file and line, got, expected, cure, exit code; and nothing half-written.
//!
//! The answers are snapshots in `snapshots/`. Whoever changes one reads it as the person would who made the mistake.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::House;
use insta::assert_snapshot;
use pipeline::{Key, Store};

/// A small generated web: what costs next to nothing.
const WEB: &str =
    "[[stage]]\nname = \"web\"\nuse = \"miniature-web\"\nwith = { size = \"tiny\", files = 1 }\n";
/// Two stages above the mistake, one of them a table.
const FILTER: &str = "\n[[stage]]\nname = \"filter\"\nuse = \"fineweb-filter\"\nfrom = { warc = \"web\" }\n";
const DEDUP: &str = "\n[[stage]]\nname = \"dedup\"\nuse = \"dedup\"\nfrom = { documents = \"filter\" }\n";

/// A house whose `wrong.toml` has this text.
fn house(text: &str) -> House {
    let house = House::new();
    house.write("wrong.toml", text);
    house
}

/// A stage that runs `script`, which may use the placeholders of `command`.
fn command(script: &str, writes: &str) -> String {
    format!(
        "[[stage]]\nname = \"mine\"\nuse = \"command\"\n[stage.with]\nargv = [\"sh\", \"-c\", {script:?}]\nwrites = {{ out = \"{writes}\" }}\n"
    )
}

/// The answer to `reproduce wrong.toml` with this text in it.
fn answer(text: &str) -> String {
    refused(&house(text), &["reproduce", "wrong.toml"])
}

/// Runs the program, expects a refusal, and checks that nothing got a name that is not whole.
fn refused(house: &House, arguments: &[&str]) -> String {
    let before = entries(house);
    let answer = words(house, arguments, &house.run(arguments));
    let new: Vec<String> = entries(house).difference(&before).cloned().collect();
    // what stands above the mistake may have been made; what is wrong has no name
    assert!(new.iter().all(|key| whole(house, key)), "half-written: {new:?}");
    if !answer.contains("exit code 4") && !answer.contains("exit code 6") && !answer.contains("exit code 3") {
        assert!(new.is_empty(), "{answer}\nand yet made: {new:?}");
    }
    answer
}

fn store(house: &House) -> PathBuf {
    house.path().join("runs/store")
}

/// The keys that have a final name.
fn entries(house: &House) -> BTreeSet<String> {
    let names = fs::read_dir(store(house)).into_iter().flatten().flatten();
    names
        .map(|entry| entry.file_name().into_string().expect("a key"))
        .filter(|name| !name.starts_with('.'))
        .collect()
}

fn whole(house: &House, key: &str) -> bool {
    let store = Store::open(&house.path().join("runs")).expect("a store");
    let key = Key::parse(key).expect("a key");
    let manifest = store.manifest(&key).expect("a manifest that can be read");
    manifest.is_some_and(|manifest| manifest.verify(&store.entry(&key)).is_ok())
}

/// Command line, exit code and standard error, without what differs from run to run.
fn words(house: &House, arguments: &[&str], output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{arguments:?} should be refused:\n{said}");
    let code = output.status.code().map_or_else(|| "killed".to_owned(), |code| format!("exit code {code}"));
    let here = house.path().to_str().expect("a path");
    let said = said.replace(&format!("/private{here}"), "HERE").replace(here, "HERE");
    format!("$ deepdive {}\n{code}\n{}", arguments.join(" "), without_hashes(&said))
}

/// Keys and hashes by what they are: they change with every version of a stage.
fn without_hashes(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        match (word.len(), word.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            (16, true) => out.push_str("KEY"),
            (64, true) => out.push_str("HASH"),
            _ => out.push_str(&word),
        }
        word.clear();
        out.push(c);
    }
    out.trim_end().to_owned()
}

/// The key of a stage of `wrong.toml`.
fn key(house: &House, stage: &str) -> String {
    let plan = house.done(&["reproduce", "wrong.toml", "--plan"]);
    let line = plan.lines().find(|line| line.starts_with(stage)).expect("the stage is in the plan");
    line.split_whitespace().nth(2).expect("a key").to_owned()
}

/// Changes some bytes in the middle of a file and leaves its length.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("it is there");
    let middle = bytes.len() / 2;
    for byte in bytes.iter_mut().skip(middle).take(64) {
        *byte ^= 0x55;
    }
    fs::write(path, bytes).expect("it can be written");
}

#[test]
fn pipelines_that_are_not_there_or_are_no_pipelines() {
    let house = house("");
    assert_snapshot!("unknown_pipeline", refused(&house, &["reproduce", "dmeo"]));
    assert_snapshot!("missing_path", refused(&house, &["reproduce", "mine/demo.toml"]));
    assert_snapshot!("no_stages", answer("about = \"nothing yet\"\n"));
    assert_snapshot!("invalid_toml", answer(&format!("{WEB}\n[[stage]\nname = \"filter\"\n")));
    assert_snapshot!("duplicate_key", answer(&format!("seed = 1\nseed = 2\n{WEB}")));
    assert_snapshot!("unclosed_string", answer("about = \"never ends\n"));
    fs::write(house.path().join("wrong.toml"), b"# caf\xe9\n").expect("it can be written");
    assert_snapshot!("not_utf8", refused(&house, &["reproduce", "wrong.toml"]));
    house.write("store.toml", WEB);
    assert_snapshot!("name_of_the_store", refused(&house, &["reproduce", "store.toml"]));
}

#[test]
fn settings_that_do_not_exist_or_have_wrong_values() {
    assert_snapshot!(
        "typo_in_a_setting",
        answer(&format!("{WEB}{FILTER}[stage.with.gopher_quality]\nmin_wrods = 80\n"))
    );
    assert_snapshot!("typo_in_a_stage", answer(&WEB.replace("with", "wiht")));
    assert_snapshot!("typo_at_the_top", answer(&format!("sede = 4\n{WEB}")));
    assert_snapshot!("wrong_type", answer(&WEB.replace("files = 1", "files = \"one\"")));
    assert_snapshot!("wrong_value", answer(&WEB.replace("tiny", "tinny")));
    assert_snapshot!("wrong_variant", answer(&format!("{WEB}{FILTER}with = {{ dropped_text = \"non\" }}\n")));
    assert_snapshot!("number_too_large", answer(&WEB.replace("files = 1", "files = 99999999999999999999")));
    assert_snapshot!("no_files", answer(&WEB.replace("files = 1", "files = 0")));
    assert_snapshot!("too_many_parts", answer(&WEB.replace("files = 1", "files = 1000000000000")));
}

#[test]
fn stages_wired_wrong() {
    assert_snapshot!(
        "missing_input",
        answer(&format!("{WEB}{}", FILTER.replace("from = { warc = \"web\" }", "")))
    );
    assert_snapshot!("unknown_input", answer(&format!("{WEB}{}", FILTER.replace("warc =", "wark ="))));
    assert_snapshot!(
        "unknown_stage",
        answer(&format!("{WEB}{}", FILTER.replace("fineweb-filter", "finewebfilter")))
    );
    assert_snapshot!("unknown_source", answer(&format!("{WEB}{}", FILTER.replace("\"web\"", "\"wep\""))));
    assert_snapshot!("source_not_above", answer(&format!("{FILTER}\n{WEB}")));
    assert_snapshot!("reads_itself", answer(&format!("{WEB}{}", FILTER.replace("\"web\"", "\"filter\""))));
    assert_snapshot!("table_mismatch", answer(&format!("{WEB}{}", DEDUP.replace("\"filter\"", "\"web\""))));
    assert_snapshot!(
        "unknown_output",
        answer(&format!("{WEB}{FILTER}{}", DEDUP.replace("\"filter\"", "\"filter/document\"")))
    );
    assert_snapshot!("duplicate_stage", answer(&format!("{WEB}\n{WEB}")));
    assert_snapshot!("missing_use", answer("[[stage]]\nname = \"web\"\n"));
    assert_snapshot!("bad_name", answer(&WEB.replace("\"web\"", "\"../web\"")));
    assert_snapshot!(
        "output_that_leaves_the_store",
        answer(&command("true", "x/1").replace("out =", "\"../../../home\" ="))
    );
}

#[test]
fn files_that_extend_what_they_cannot() {
    let house = house("# one\nextends = \"other.toml\"\n");
    assert_snapshot!("extends_nothing", refused(&house, &["reproduce", "wrong.toml"]));
    house.write("other.toml", "extends = \"wrong.toml\"\n");
    assert_snapshot!("extends_in_a_circle", refused(&house, &["reproduce", "wrong.toml"]));
    house.write(
        "wrong.toml",
        "extends = \"tiny\"\n\n[[stage]]\nname = \"filtr\"\nwith = { dump = \"mine\" }\n",
    );
    assert_snapshot!("overrides_nothing", refused(&house, &["reproduce", "wrong.toml"]));
}

#[test]
fn files_from_outside() {
    let files = |list: &str| {
        format!("[[stage]]\nname = \"web\"\nuse = \"warc-files\"\n[stage.with]\nfiles = [\n  {list},\n]\n")
    };
    assert_snapshot!("missing_file", answer(&files("\"gone.warc.gz\"")));
    assert_snapshot!("pattern_matches_nothing", answer(&files("\"crawl/*.warc.gz\"")));
    assert_snapshot!("empty_path", answer(&files("\"\"")));
    assert_snapshot!("bad_pattern", answer(&files("\"crawl/***.gz\"")));
    let twice = house(&files("\"a/x.warc\", \"b/x.warc\""));
    twice.write("a/x.warc", "a");
    twice.write("b/x.warc", "b");
    assert_snapshot!("two_files_of_one_name", refused(&twice, &["reproduce", "wrong.toml"]));
    let closed = house(&files("\"closed.warc.gz\""));
    let path = closed.write("closed.warc.gz", "secret");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).expect("it is ours");
    if fs::File::open(&path).is_ok() {
        eprintln!("skipped: this user may read everything");
    } else {
        assert_snapshot!("unreadable_file", refused(&closed, &["reproduce", "wrong.toml"]));
    }
}

/// Bad data is no error: it is counted, and written down with its offset.
#[test]
fn a_file_that_is_no_archive_is_counted_and_ends_no_run() {
    let import = "\n[[stage]]\nname = \"import\"\nuse = \"warc-import\"\nfrom = { warc = \"web\" }\n";
    let house = house(&format!(
        "[[stage]]\nname = \"web\"\nuse = \"warc-files\"\nwith = {{ files = [\"noise.warc\"] }}\n{import}"
    ));
    house.write("noise.warc", &"this is no archive\n".repeat(500));
    house.done(&["reproduce", "wrong.toml"]);
    assert_snapshot!("not_an_archive", house.done(&["show", "wrong", "import", "--rows", "1"]));
}

#[test]
fn a_damaged_store() {
    let house = house(&format!("{WEB}{FILTER}"));
    house.done(&["reproduce", "wrong.toml"]);
    let entry = |stage: &str| store(&house).join(key(&house, stage));
    let filter = entry("filter");
    let shard = filter.join("documents/part-00000.parquet");
    let good = fs::read(&shard).expect("it is there");
    flip(&shard);
    assert_snapshot!("verify_finds_a_wrong_hash", refused(&house, &["verify", "wrong"]));
    house.write("wrong.toml", &format!("{WEB}{FILTER}{DEDUP}"));
    assert_snapshot!("a_damaged_shard_stops_the_stage_below", refused(&house, &["reproduce", "wrong.toml"]));
    assert_snapshot!("show_meets_a_damaged_shard", refused(&house, &["show", "wrong", "filter/documents"]));
    let sizes = |answer: String| {
        answer.replace(&good.len().to_string(), "ALL").replace(&(good.len() / 2).to_string(), "HALF")
    };
    fs::write(&shard, &good[..good.len() / 2]).expect("it can be written");
    assert_snapshot!("a_shard_cut_short", sizes(refused(&house, &["reproduce", "wrong.toml"])));
    fs::remove_file(&shard).expect("it is there");
    assert_snapshot!("a_missing_shard", sizes(refused(&house, &["reproduce", "wrong.toml"])));
    assert_snapshot!("verify_finds_a_missing_shard", refused(&house, &["verify", "wrong"]));
    fs::write(&shard, &good).expect("it can be written");

    let manifest = filter.join("stage.json");
    let text = fs::read_to_string(&manifest).expect("it is there");
    fs::write(&manifest, "{\n  \"key\": 3\n}\n").expect("it can be written");
    assert_snapshot!("a_damaged_manifest", refused(&house, &["reproduce", "wrong.toml"]));
    fs::write(&manifest, text.replace("\"recipe\": {", "\"recipe\": { \"strange\": 1,"))
        .expect("it can be written");
    assert_snapshot!("another_recipe_under_the_key", refused(&house, &["reproduce", "wrong.toml"]));
    fs::remove_file(&manifest).expect("it is there");
    assert_snapshot!("a_missing_manifest", refused(&house, &["reproduce", "wrong.toml"]));
    fs::remove_dir_all(&filter).expect("it is there");
    assert_snapshot!("verify_finds_an_entry_gone", refused(&house, &["verify", "wrong"]));
    // the cure helps
    house.done(&["reproduce", "wrong.toml"]);
}

#[test]
fn runs_and_stages_that_are_not_there() {
    let house = house(WEB);
    assert_snapshot!("gc_keeps_an_unknown_run_of_none", refused(&house, &["gc", "--keep", "demo"]));
    assert_snapshot!("show_without_runs", refused(&house, &["show", "wrong"]));
    house.done(&["reproduce", "wrong.toml"]);
    assert_snapshot!("show_unknown_run", refused(&house, &["show", "wrnog"]));
    assert_snapshot!("verify_unknown_run", refused(&house, &["verify", "wrnog"]));
    assert_snapshot!("show_unknown_stage", refused(&house, &["show", "wrong", "filter"]));
    assert_snapshot!("show_tokens_of_no_stage", refused(&house, &["show", "wrong", "--tokens"]));
    assert_snapshot!("show_unknown_output", refused(&house, &["show", "wrong", "web/pages"]));
    assert_snapshot!("explain_unknown_stage", refused(&house, &["explain", "fineweb"]));
    assert_snapshot!("gc_keeps_an_unknown_run", refused(&house, &["gc", "--keep", "demo"]));
    assert_snapshot!(
        "until_unknown_stage",
        refused(&house, &["reproduce", "wrong.toml", "--until", "filter"])
    );
    assert_snapshot!("malformed_task", refused(&house, &["reproduce", "wrong.toml", "--task", "4/4"]));
    let record = house.path().join("runs/wrong/run.json");
    fs::write(&record, "{ \"stages\": [\n  3 ] }").expect("it can be written");
    assert_snapshot!("damaged_run", refused(&house, &["show", "wrong"]));
    assert_snapshot!("gc_meets_a_damaged_run", refused(&house, &["gc"]));
    house.write(
        "runs/wrong/run.json",
        "{ \"stages\": [ { \"name\": \"web\", \"use\": \"x\", \"key\": \"../../..\" } ] }",
    );
    assert_snapshot!("run_with_a_strange_key", refused(&house, &["verify", "wrong"]));
}

#[test]
fn locks_that_are_missing_differ_or_are_damaged() {
    let house = house(WEB);
    assert_snapshot!("locked_without_lock", refused(&house, &["reproduce", "wrong.toml", "--locked"]));
    house.done(&["reproduce", "wrong.toml"]);
    house.write("wrong.toml", &format!("seed = 8\n{WEB}"));
    assert_snapshot!("lock_that_differs", refused(&house, &["reproduce", "wrong.toml", "--locked"]));
    let lock = house.path().join("wrong.lock");
    let text = fs::read_to_string(&lock).expect("the first run wrote it");
    fs::write(&lock, text.replace("content = ", "contents = ")).expect("it can be written");
    assert_snapshot!("damaged_lock", refused(&house, &["reproduce", "wrong.toml"]));
    fs::write(&lock, b"\xff\xfe").expect("it can be written");
    assert_snapshot!("lock_that_is_no_text", refused(&house, &["reproduce", "wrong.toml"]));
}

#[test]
fn programs_that_do_not_do_what_their_stage_says() {
    assert_snapshot!("program_that_fails", answer(&command("echo 'no such model' >&2; exit 3", "notes/1")));
    assert_snapshot!("program_that_is_killed", answer(&command("kill -9 $$", "notes/1")));
    assert_snapshot!("program_that_writes_nothing", answer(&command("true", "notes/1")));
    assert_snapshot!(
        "program_that_writes_no_parquet",
        answer(&command("echo hello > {out}/part-00000.parquet", "documents/1"))
    );
    assert_snapshot!(
        "program_that_writes_a_link",
        answer(&command("ln -s /etc/hostname {out}/a.txt", "notes/1"))
    );
    assert_snapshot!(
        "program_that_writes_a_link_to_a_directory",
        answer(&command("ln -s /etc {out}/a", "notes/1"))
    );
    assert_snapshot!("unknown_placeholder", answer(&command("cat {documnets} > {out}/a.txt", "notes/1")));
    let argv = "argv = [\"no-such-program\"]\n#";
    assert_snapshot!(
        "program_not_found",
        answer(&command("true", "notes/1").replacen("argv", &format!("{argv}argv"), 1))
    );
    let argv = "argv = []\n#";
    assert_snapshot!(
        "no_program",
        answer(&command("true", "notes/1").replacen("argv", &format!("{argv}argv"), 1))
    );
    // a table, but not the one that it says
    let house = house(&format!("{WEB}{FILTER}\n{}", command("cp {in}/*.parquet {out}/", "documents/1")));
    let text = fs::read_to_string(house.path().join("wrong.toml")).expect("it is there");
    let from = "use = \"command\"\nfrom = { in = \"filter/dropped\" }\n[stage.with]\nreads = { in = \"dropped/1\" }\n";
    house.write("wrong.toml", &text.replace("use = \"command\"\n[stage.with]\n", from));
    assert_snapshot!("program_that_writes_another_table", refused(&house, &["reproduce", "wrong.toml"]));
}

#[test]
fn a_second_process_on_the_same_key() {
    let house = house(WEB);
    let key = key(&house, "web");
    let lock = house.write(&format!("runs/store/.locks/{key}.0-00000"), "4711");
    let held = fs::File::open(lock).expect("it was just written");
    held.lock().expect("nobody else holds it");
    assert_snapshot!("busy", refused(&house, &["reproduce", "wrong.toml"]));
    drop(held);
    assert_snapshot!("parts_of_other_tasks", refused(&house, &["reproduce", "wrong.toml", "--task", "1/2"]));
    house.done(&["reproduce", "wrong.toml"]);
}

/// A limit on file sizes stands for a full disk: the write fails in the middle of a file.
#[test]
fn a_disk_without_room() {
    let house = house(WEB);
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" reproduce wrong.toml";
    let program = env!("CARGO_BIN_EXE_deepdive");
    let mut shell = std::process::Command::new("sh");
    let output =
        shell.args(["-c", script, program]).current_dir(house.path()).output().expect("there is a shell");
    assert_snapshot!("no_room", words(&house, &["reproduce", "wrong.toml"], &output));
    assert!(entries(&house).is_empty());
    house.done(&["reproduce", "wrong.toml"]);
    assert!(entries(&house).iter().all(|key| whole(&house, key)));
}

#[test]
fn a_runs_directory_that_cannot_be_one() {
    let house = house(WEB);
    house.write("runs", "a file");
    assert_snapshot!(
        "runs_is_a_file",
        words(&house, &["reproduce", "wrong.toml"], &house.run(&["reproduce", "wrong.toml"]))
    );
}
