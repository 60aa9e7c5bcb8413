//! What a typed command does.

use super::App;
use crate::console::{
    command::{self, Command},
    effect::{Access, Effect, Read},
    operations::Toast,
    theme::nearest,
};

impl App {
    pub(super) fn command(&mut self, text: &str) {
        match command::parse(text, &self.shared) {
            Ok(command) => self.run_command(command),
            // The error is shown where it was typed, with the text to mend.
            Err(why) => self.open_palette(text, Some(why)),
        }
    }

    fn run_command(&mut self, command: Command) {
        let now = self.shared.now();
        match command {
            Command::Go(place) => self.go(&place),
            Command::Open(id) => {
                let id = id.trim().to_owned();
                self.with_root(|cx| cx.read(Read::Find(id)));
            }
            Command::AllowWrites => self.ask_for_writes(),
            Command::ForbidWrites => {
                self.set_access(Access::ReadOnly);
                self.toast = Some(Toast::good(
                    "nothing is written any more; :rw allows it again",
                    now,
                ));
            }
            Command::Sort(by) => {
                if let Err(why) = self.with_screen(|screen, cx| screen.sort(&by, cx)) {
                    self.toast = Some(Toast::note(why, now));
                }
            }
            Command::Export(format, path) => self.export(format, path),
            Command::Mouse(on) => {
                self.effects.push(Effect::Mouse(on));
                let word = if on {
                    "the wheel scrolls"
                } else {
                    "the terminal selects"
                };
                self.toast = Some(Toast::good(word, now));
            }
            Command::Theme(name) => self.theme(&name),
            Command::Environment(name) => {
                let here = self.shared.setting.environment;
                let text = if name == here.as_str() {
                    format!("this is {here} already")
                } else {
                    format!("this billdeck serves {here}; start another with `billdeck --profile NAME`")
                };
                self.toast = Some(Toast::note(text, now));
            }
            Command::Act(action) => self.act_by_name(action),
            Command::Quit => self.quit(),
        }
    }

    fn theme(&mut self, name: &str) {
        let now = self.shared.now();
        let built_in = crate::console::theme::Theme::default();
        let known = self.themes.iter().chain([&built_in]);
        match known.clone().find(|theme| theme.name() == name) {
            Some(theme) => {
                self.shared.theme = if self.no_color {
                    theme.without_colour()
                } else {
                    theme.clone()
                };
                self.toast = Some(Toast::good(format!("theme {name}"), now));
            }
            None => {
                let names: Vec<&str> = known.map(crate::console::theme::Theme::name).collect();
                let hint = nearest(name, names.iter().copied());
                let text = format!("there is no theme `{name}`{hint} Known: {}", names.join(", "));
                self.toast = Some(Toast::note(text, now));
            }
        }
    }
}
