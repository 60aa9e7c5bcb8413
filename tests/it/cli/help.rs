//! The whole tree of help texts, and the files for shells.

use std::fmt::Write as _;

use clap::Command;

use super::Place;

#[test]
fn the_command_line_is_sound() {
    billdeck::cli::command().debug_assert();
}

fn helps(command: &mut Command, path: &str, into: &mut String) {
    let path = format!("{path}{}", command.get_name());
    writeln!(into, "===== {path}\n{}", command.render_long_help()).unwrap();
    for below in command.get_subcommands_mut() {
        if below.get_name() != "help" {
            helps(below, &format!("{path} "), into);
        }
    }
}

#[test]
fn every_help_text() {
    let mut command = billdeck::cli::command().term_width(100);
    command.build();
    let mut all = String::new();
    helps(&mut command, "", &mut all);
    insta::with_settings!({ filters => [(r"\d+\.\d+\.\d+", "VERSION")] }, {
        insta::assert_snapshot!(all);
    });
}

#[test]
fn completions_and_manual_name_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.run(&["completions", shell]);
        assert_eq!(script.code, 0);
        assert!(script.out.contains("subscriptions"), "{shell}");
    }
    let page = place.run(&["man"]);
    assert_eq!(page.code, 0);
    assert!(page.out.contains("subscriptions"));
    assert_eq!(place.run(&["man", "--dir", "pages"]).code, 0);
    assert!(place.path().join("pages/billdeck-events-replay.1").is_file());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut child = place.command(&["completions", "zsh"]).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
