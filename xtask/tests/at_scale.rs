//! `common-crawl` as an array of jobs: several processes, one of which dies, make what one process makes.

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::House;
use common::server::{Server, serve};

const JOBS: usize = 4;

/// Six archives under the addresses that Common Crawl would have.
fn crawl(house: &House) -> BTreeMap<String, Vec<u8>> {
    house.write(
        "web.toml",
        "extends = \"pipelines/tiny.toml\"\n[[stage]]\nname = \"web\"\nwith = { files = 6 }\n",
    );
    house.done(&["reproduce", "web.toml", "--until", "web"]);
    let (mut files, mut list) = (BTreeMap::new(), String::new());
    for part in 0..6 {
        let made = house.path().join(format!("runs/web/web/warc/web-{part:05}.warc.gz"));
        let path = format!("crawl-data/CC-MAIN-2024-10/segments/1/warc/CC-MAIN-{part:05}.warc.gz");
        list.extend([&path, "\n"]);
        files.insert(format!("/{path}"), std::fs::read(made).expect("it was made"));
    }
    files.insert("/crawl-data/CC-MAIN-2024-10/warc.paths.gz".to_owned(), list.into_bytes());
    files
}

/// `common-crawl.toml` itself, from another host, as far as documents.
fn pipeline(server: &Server) -> String {
    let address = &server.address;
    format!(
        "extends = \"pipelines/common-crawl.toml\"\n[[stage]]\nname = \"web\"\n[stage.with]\n\
         paths = \"{address}/crawl-data/CC-MAIN-2024-10/warc.paths.gz\"\nhost = \"{address}/\"\ncount = 6\n"
    )
}

fn job(house: &House, number: usize) -> Child {
    let task = format!("{number}/{JOBS}");
    let mut command = house.command(&["reproduce", "crawl.toml", "--until", "dedup", "--task", &task]);
    let log = std::fs::File::create(log(house, number)).expect("it can be made");
    command.stdout(Stdio::null()).stderr(log).spawn().expect("the program starts")
}

fn log(house: &House, number: usize) -> PathBuf {
    house.path().join(format!("job-{number}.log"))
}

#[test]
fn four_jobs_one_of_which_dies_make_what_one_process_makes() {
    let (alone, array) = (House::new(), House::new());
    let server = serve(crawl(&alone), &[]);
    for house in [&alone, &array] {
        house.write("crawl.toml", &pipeline(&server));
    }
    alone.done(&["reproduce", "crawl.toml", "--until", "dedup"]);

    let mut jobs: Vec<Child> = (0..JOBS).map(|number| job(&array, number)).collect();
    std::thread::sleep(Duration::from_millis(150));
    jobs[1].kill().expect("SIGKILL");
    // each job is called again while it says that parts of others are not there yet; the dead one too
    for round in 0.. {
        assert!(round < 20, "the jobs wait for each other");
        let codes: Vec<_> = jobs.iter_mut().map(|child| child.wait().expect("it ends").code()).collect();
        for (number, code) in codes.iter().enumerate() {
            let said = std::fs::read_to_string(log(&array, number)).expect("it was made");
            assert!(matches!(code, None | Some(0 | 7)), "job {number} ended with {code:?}: {said}");
        }
        if codes.iter().all(|code| *code == Some(0)) {
            break;
        }
        jobs = (0..JOBS).map(|number| job(&array, number)).collect();
    }
    assert_eq!(array.contents("crawl"), alone.contents("crawl"));
    assert_eq!(array.keys("crawl"), alone.keys("crawl"));
    let rows = |house: &House| house.done(&["show", "crawl", "filter"]);
    assert_eq!(rows(&array), rows(&alone), "the funnel counts every page once");
}
