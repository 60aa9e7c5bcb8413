//! Lists as files.

use std::path::Path;

use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncWriteExt as _, BufWriter},
};

use super::{
    desk::{Desk, DeskError, DeskResult},
    effect::{Export, ExportFormat, ExportList},
    msg::Exported,
    widgets::listing::Record,
};
use crate::domain::views::{Page, PageRequest};

fn failed(path: &Path, error: &std::io::Error) -> DeskError {
    let hint = match error.kind() {
        std::io::ErrorKind::AlreadyExists => Some("name another file: `:export csv FILE`".to_owned()),
        _ => Some("name a file in a place you can write to: `:export csv FILE`".to_owned()),
    };
    DeskError {
        code: "export_failed".to_owned(),
        message: format!("{} could not be written: {error}", path.display()),
        hint,
        outcome_unknown: false,
        link_lost: false,
    }
}

/// Reads the list page by page and writes it. A file that exists is left alone, and only its owner can read the new one:
/// it holds personal data.
pub(crate) async fn export(desk: &dyn Desk, wanted: &Export) -> DeskResult<Exported> {
    let path = &wanted.path;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let file = options.open(path).await.map_err(|error| failed(path, &error))?;
    let mut writer = Writer {
        file: BufWriter::new(file),
        format: wanted.format,
        columns: None,
        rows: 0,
    };
    let written = write_all(desk, wanted, &mut writer).await;
    match written {
        Ok(cut_off) => Ok(Exported {
            rows: writer.rows,
            path: path.clone(),
            cut_off,
        }),
        Err(error) => {
            // Half a file would pass for a whole one.
            let _removed = tokio::fs::remove_file(path).await;
            Err(error)
        }
    }
}

async fn write_all(desk: &dyn Desk, wanted: &Export, writer: &mut Writer) -> DeskResult<bool> {
    let mut page = PageRequest::first(PageRequest::MAX_LIMIT);
    loop {
        let next = match &wanted.list {
            ExportList::Events(filter, sort) => {
                writer
                    .page(wanted, desk.events(filter, *sort, &page).await?)
                    .await?
            }
            ExportList::Customers(filter, sort) => {
                writer
                    .page(wanted, desk.customers(filter, *sort, &page).await?)
                    .await?
            }
            ExportList::Subscriptions(filter, sort) => {
                writer
                    .page(wanted, desk.subscriptions(filter, *sort, &page).await?)
                    .await?
            }
            ExportList::Orders(filter) => writer.page(wanted, desk.orders(filter, &page).await?).await?,
        };
        let complete = wanted.only.as_ref().is_some_and(|only| writer.rows >= only.len());
        let full = writer.rows >= Export::MAX_ROWS;
        match next {
            Some(cursor) if !complete && !full => page.cursor = Some(cursor),
            rest => {
                writer
                    .finish()
                    .await
                    .map_err(|error| failed(&wanted.path, &error))?;
                return Ok(rest.is_some() && full);
            }
        }
    }
}

struct Writer {
    file: BufWriter<File>,
    format: ExportFormat,
    columns: Option<Vec<String>>,
    rows: usize,
}

impl Writer {
    async fn page<R: Record + serde::Serialize>(
        &mut self,
        wanted: &Export,
        page: Page<R>,
    ) -> DeskResult<Option<String>> {
        for row in &page.items {
            let is_wanted = wanted.only.as_ref().is_none_or(|only| only.contains(&row.key()));
            if is_wanted && self.rows < Export::MAX_ROWS {
                let text = self.row(row).map_err(|error| failed(&wanted.path, &error))?;
                let written = self.file.write_all(text.as_bytes()).await;
                written.map_err(|error| failed(&wanted.path, &error))?;
                self.rows += 1;
            }
        }
        Ok(page.next_cursor)
    }

    fn row(&mut self, row: &impl serde::Serialize) -> std::io::Result<String> {
        let value = serde_json::to_value(row)?;
        match self.format {
            ExportFormat::Json => {
                let lead = if self.rows == 0 { "[\n" } else { ",\n" };
                Ok(format!("{lead}{value}"))
            }
            ExportFormat::Csv => {
                let mut csv = csv::Writer::from_writer(Vec::new());
                let fields = value.as_object();
                if self.columns.is_none() {
                    let names: Vec<String> = fields
                        .into_iter()
                        .flat_map(|fields| fields.keys().cloned())
                        .collect();
                    csv.write_record(&names)?;
                    self.columns = Some(names);
                }
                let names = self.columns.iter().flatten();
                let cells: Vec<String> = names.map(|name| cell(value.get(name))).collect();
                csv.write_record(&cells)?;
                let bytes = csv.into_inner().map_err(csv::IntoInnerError::into_error)?;
                String::from_utf8(bytes).map_err(std::io::Error::other)
            }
        }
    }

    async fn finish(&mut self) -> std::io::Result<()> {
        if self.format == ExportFormat::Json {
            let end = if self.rows == 0 { "[]\n" } else { "\n]\n" };
            self.file.write_all(end.as_bytes()).await?;
        }
        self.file.flush().await
    }
}

/// A value as a cell. A text that a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => {
            if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                format!("'{text}")
            } else {
                text.clone()
            }
        }
        Some(other) => other.to_string(),
    }
}
