//! Every key of the console, once. The footer, the `?` help, the `:` palette and `config/keymap.toml` are made from this
//! table, so they cannot disagree.

use super::{Action, Context};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it counts.
    pub context: Context,
    /// Its default keys; each is one key or a sequence such as `g g`.
    pub keys: &'static [&'static str],
    /// What it does.
    pub action: Action,
    /// A word or two for the footer.
    pub short: &'static str,
    /// A sentence for the help.
    pub long: &'static str,
    /// It changes something in the database or at a provider, or begins to.
    pub write: bool,
    /// Its place in the footer, smallest first; none: not shown there.
    pub hint: Option<u8>,
}

const fn row(
    context: Context,
    keys: &'static [&'static str],
    action: Action,
    short: &'static str,
    long: &'static str,
) -> Binding {
    Binding {
        context,
        keys,
        action,
        short,
        long,
        write: false,
        hint: None,
    }
}

impl Binding {
    const fn hint(self, place: u8) -> Self {
        Self {
            hint: Some(place),
            ..self
        }
    }

    const fn writes(self) -> Self {
        Self { write: true, ..self }
    }
}

/// The table, one row to a line, so that columns of keys and words can be read down.
#[rustfmt::skip]
pub static TABLE: &[Binding] = &{
    use Action as A;
    use Context as C;
    [
        row(C::Global, &[":"], A::Command, "command", "Type a command; Tab completes it").hint(92),
        row(C::Global, &["?", "F1"], A::Help, "help", "Show the keys that work here").hint(91),
        row(C::Global, &["Ctrl-p"], A::Find, "find anything", "Find an action by its words, an object by its id"),
        row(C::Global, &["Esc"], A::Escape, "back", "Close, then clear filter and marks, then go back"),
        row(C::Global, &["q"], A::Back, "back", "Go back; on the first screen, quit").hint(93),
        row(C::Global, &["Ctrl-c"], A::Interrupt, "stop", "Cancel what is running; with nothing running, quit"),
        row(C::Global, &["Ctrl-z"], A::Suspend, "suspend", "Put billdeck in the background; fg brings it back"),
        row(C::Global, &["0"], A::GoOverview, "overview", "Is anything wrong, and where do I go?").hint(80),
        row(C::Global, &["1"], A::GoCustomers, "customers", "Everybody who pays, or might").hint(81),
        row(C::Global, &["2"], A::GoSubscriptions, "subscriptions", "All subscriptions").hint(82),
        row(C::Global, &["3"], A::GoEvents, "events", "The backlog of events").hint(83),
        row(C::Global, &["6"], A::GoOrders, "orders", "Orders and payments").hint(84),
        row(C::Global, &["Tab"], A::NextPane, "next pane", "Move to the next pane"),
        row(C::Global, &["S-Tab"], A::PreviousPane, "previous pane", "Move to the pane before"),
        row(C::Global, &["["], A::HistoryBack, "earlier", "Go to the screen before, keeping this one ahead"),
        row(C::Global, &["]"], A::HistoryForward, "later", "Go forward again"),
        row(C::Global, &["-"], A::LastScreen, "last screen", "Switch between the last two screens"),
        row(C::Global, &["Ctrl-r"], A::Refresh, "refresh", "Read everything on the screen again"),
        row(C::Global, &["P"], A::PauseLive, "pause live", "Stop or go on following changes"),
        row(C::Global, &["t"], A::TimeStyle, "time style", "Show times as relative, local or UTC"),
        row(C::Global, &["i"], A::Inspector, "inspector", "Show or hide the inspector beside a list"),
        row(C::Global, &["z"], A::Zoom, "zoom", "Give the focused pane the whole screen, or take it back"),
        row(C::Global, &["@"], A::Operations, "operations", "What runs, what ran, and how it ended"),
        row(C::Global, &["Ctrl-l"], A::Redraw, "redraw", "Draw the whole screen again"),
        row(C::Move, &["j", "Down"], A::Down, "down", "One row down"),
        row(C::Move, &["k", "Up"], A::Up, "up", "One row up; at the top, take in what is new"),
        row(C::Move, &["g g", "Home"], A::Top, "first", "To the first row, taking in what is new"),
        row(C::Move, &["G", "End"], A::Bottom, "last", "To the last row"),
        row(C::Move, &["Ctrl-d"], A::HalfDown, "half page down", "Half a page down"),
        row(C::Move, &["Ctrl-u"], A::HalfUp, "half page up", "Half a page up"),
        row(C::Move, &["PgDn"], A::PageDown, "page down", "A page down"),
        row(C::Move, &["PgUp"], A::PageUp, "page up", "A page up"),
        row(C::Object, &["Enter"], A::Open, "open", "Open what the cursor is on").hint(1),
        row(C::Object, &["a"], A::Actions, "actions", "Choose from what can be done here").hint(70),
        row(C::Object, &["o"], A::OpenAtProvider, "open at provider", "Open the object in the provider's own dashboard").hint(60),
        row(C::Object, &["y y"], A::CopyId, "id", "Copy the whole id").hint(50),
        row(C::Object, &["y j"], A::CopyJson, "JSON", "Copy the object as JSON"),
        row(C::Object, &["y u"], A::CopyLink, "link", "Copy the link to the provider's dashboard"),
        row(C::Object, &["g c"], A::RelatedCustomer, "customer", "Go to the customer it belongs to"),
        row(C::Object, &["g s"], A::RelatedSubscriptions, "subscriptions", "Go to the subscriptions that belong to it"),
        row(C::Object, &["g e"], A::RelatedEvents, "events", "Go to the events about it"),
        row(C::Object, &["g o"], A::RelatedOrders, "orders", "Go to the orders of its customer"),
        row(C::Table, &["/"], A::Filter, "filter", "Show only some rows").hint(20),
        row(C::Table, &["f"], A::Facets, "facets", "Choose a filter from a menu").hint(22),
        row(C::Table, &["h", "Left"], A::Left, "column left", "One column to the left"),
        row(C::Table, &["l", "Right"], A::Right, "column right", "One column to the right"),
        row(C::Table, &["s"], A::Sort, "sort", "Sort by this column; again: the other way round"),
        row(C::Table, &["S"], A::SortMenu, "sort by", "Choose the order from a menu"),
        row(C::Table, &["Space"], A::Mark, "mark", "Mark the row, or take its mark away").hint(21),
        row(C::Table, &["v"], A::MarkRange, "mark range", "Mark from the last marked row to this one"),
        row(C::Table, &["*"], A::MarkAll, "mark all", "Mark all rows that match and are loaded"),
        row(C::Table, &["u"], A::Unmark, "unmark", "Take all marks away"),
        row(C::Table, &["e"], A::Export, "export", "Write the rows to a file, as CSV or JSON"),
        row(C::Table, &["y c"], A::CopyCell, "cell", "Copy the cell in the current column"),
        row(C::Table, &["y r"], A::CopyRow, "row", "Copy the row, columns separated by tabs"),
        row(C::Detail, &["h", "Left"], A::Fold, "fold", "Fold this part, or go to what holds it"),
        row(C::Detail, &["l", "Right"], A::Unfold, "unfold", "Unfold this part"),
        row(C::Detail, &["e"], A::ExpandAll, "expand all", "Unfold everything"),
        row(C::Detail, &["E"], A::CollapseAll, "collapse all", "Fold everything"),
        row(C::Detail, &["/"], A::Search, "search", "Find text in the document").hint(30),
        row(C::Detail, &["n"], A::SearchNext, "next match", "To the next match"),
        row(C::Detail, &["N"], A::SearchPrevious, "previous match", "To the match before"),
        row(C::Detail, &["y p"], A::CopyPath, "path", "Copy the path of this field"),
        row(C::Detail, &["y v"], A::CopyValue, "value", "Copy the value of this field or line"),
        row(C::Event, &["R"], A::Replay, "replay", "Replay the marked events, or this one, after a look").writes().hint(2),
        row(C::Event, &["V"], A::VerifyObject, "verify", "Compare the event's object with the provider").hint(3),
        row(C::Event, &["X"], A::Discard, "discard", "Put the marked events, or this one, aside").writes().hint(4),
        row(C::Event, &["A"], A::SettleAlarms, "settle alarms", "Settle the alarms about this event, saying why").writes(),
        row(C::Event, &["T"], A::Attempts, "attempts", "Show every try with its error").hint(5),
        row(C::Events, &["F"], A::Follow, "follow", "Stay on the newest row as events come in").hint(23),
        row(C::Subscription, &["V"], A::Verify, "verify", "Compare ours with the provider's, then take or leave theirs").hint(3),
        row(C::Subscription, &["K"], A::Cancel, "cancel", "Cancel now or at the end of the period").writes().hint(4),
        row(C::Subscription, &["U"], A::Resume, "resume", "Take a cancellation back, or end a pause").writes().hint(5),
        row(C::Customer, &["L"], A::Checkout, "checkout link", "Make a link where the customer can buy a plan").writes().hint(6),
        row(C::Customer, &["B"], A::Portal, "portal link", "Make a link to the provider's customer page").writes().hint(7),
        row(C::Customer, &["O"], A::LinkOwner, "set owner", "Link a customer without owner to a user or organization").writes().hint(8),
        row(C::Text, &["Enter"], A::Accept, "run", "Use the text").hint(1),
        row(C::Text, &["Esc"], A::Dismiss, "leave", "Leave without using it").hint(2),
        row(C::Text, &["Tab"], A::Complete, "complete", "Take the suggestion").hint(3),
        row(C::Text, &["Up", "Ctrl-p"], A::HistoryOlder, "older", "An older text").hint(4),
        row(C::Text, &["Down", "Ctrl-n"], A::HistoryNewer, "newer", "A newer text"),
        row(C::Text, &["Ctrl-a", "Home"], A::CursorStart, "start", "To the start of the text"),
        row(C::Text, &["Ctrl-e", "End"], A::CursorEnd, "end", "To the end of the text"),
        row(C::Text, &["Left"], A::CursorLeft, "left", "One character to the left"),
        row(C::Text, &["Right"], A::CursorRight, "right", "One character to the right, or take the suggestion"),
        row(C::Text, &["Backspace"], A::DeleteBack, "delete", "Delete the character before the cursor"),
        row(C::Text, &["Delete"], A::DeleteForward, "delete next", "Delete the character under the cursor"),
        row(C::Text, &["Ctrl-w"], A::DeleteWord, "delete word", "Delete the word before the cursor"),
        row(C::Text, &["Ctrl-u"], A::DeleteToStart, "delete to start", "Delete to the start"),
        row(C::Text, &["Ctrl-k"], A::DeleteToEnd, "delete to end", "Delete to the end"),
        row(C::Dialog, &["Tab", "Down"], A::NextField, "next", "To the next field or button").hint(1),
        row(C::Dialog, &["S-Tab", "Up"], A::PreviousField, "previous", "To the field or button before"),
        row(C::Dialog, &["Left"], A::ChooseLeft, "choose", "To the choice or button on the left"),
        row(C::Dialog, &["Right"], A::ChooseRight, "choose", "To the choice or button on the right"),
        row(C::Dialog, &["Enter"], A::Press, "press", "Press the focused button, or go on to the next field").hint(3),
        row(C::Dialog, &["Esc", "n"], A::Dismiss, "cancel", "Close without doing anything").hint(4),
        row(C::Dialog, &["y"], A::Yes, "yes", "Press the button, where no more than that is asked"),
        row(C::Dialog, &["PgDn"], A::ScrollDown, "scroll down", "Scroll what is shown down"),
        row(C::Dialog, &["PgUp"], A::ScrollUp, "scroll up", "Scroll what is shown up"),
        row(C::Replay, &["m"], A::ToggleMode, "mode", "Change between the provider's word and the recorded event").hint(5),
        row(C::Panel, &["Esc", "q"], A::Dismiss, "close", "Close the panel").hint(2),
        row(C::Panel, &["Enter"], A::Press, "choose", "Take the line under the cursor").hint(1),
    ]
};
