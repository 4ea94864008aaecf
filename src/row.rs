//! A row of the store, read column by column.

use std::fmt;

use serde_json::{Map, Value};

/// The user store returned an invalid row. It never contains the value.
///
/// ```
/// use edgegate::UserRow;
///
/// let error = UserRow::from_columns(serde_json::Map::new()).unwrap_err();
/// assert_eq!(error.column, "id");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidRow {
    /// The column that is missing or has the wrong type; `row` when the row is not an object.
    pub column: &'static str,
}

impl fmt::Display for InvalidRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the column `{}` of the user store's row is not valid", self.column)
    }
}

impl std::error::Error for InvalidRow {}

/// The columns of a row. A column that was read is `null` afterwards.
pub(crate) struct Columns(pub(crate) Map<String, Value>);

impl Columns {
    pub(crate) fn text(&mut self, column: &'static str) -> Result<String, InvalidRow> {
        self.nullable_text(column)?.ok_or(InvalidRow { column })
    }

    pub(crate) fn nullable_text(&mut self, column: &'static str) -> Result<Option<String>, InvalidRow> {
        match self.take(column) {
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(InvalidRow { column }),
        }
    }

    pub(crate) fn integer(&mut self, column: &'static str) -> Result<i64, InvalidRow> {
        self.optional_integer(column)?.ok_or(InvalidRow { column })
    }

    /// `None` when there is no such column.
    pub(crate) fn optional_integer(&mut self, column: &'static str) -> Result<Option<i64>, InvalidRow> {
        self.take(column).map(|value| value.as_i64().ok_or(InvalidRow { column })).transpose()
    }

    /// `None` when there is no such column. `NULL` is `false`, as in Python.
    pub(crate) fn optional_flag(&mut self, column: &'static str) -> Result<Option<bool>, InvalidRow> {
        let Some(value) = self.take(column) else { return Ok(None) };
        match value {
            Value::Null => Ok(Some(false)),
            Value::Bool(flag) => Ok(Some(flag)),
            // SQLite has integers, and a column that a statement casts is a text.
            value if value == 1 || value == "1" || value == "true" => Ok(Some(true)),
            value if value == 0 || value == "0" || value == "false" => Ok(Some(false)),
            _ => Err(InvalidRow { column }),
        }
    }

    /// Whether the column is true, as in Python: also a time at which something happened. `None` when there is no such column.
    pub(crate) fn optional_truth(&mut self, column: &'static str) -> Option<bool> {
        let value = self.take(column)?;
        let is_false =
            value.is_null() || value == false || value == 0 || ["", "0", "false"].iter().any(|text| value == *text);
        Some(!is_false)
    }

    /// All columns but these. Inserted one by one: collecting into a map sorts first, by 4 KB of code.
    pub(crate) fn without(self, read: &[&str]) -> Map<String, Value> {
        let mut others = Map::new();
        for (column, value) in self.0.into_iter().filter(|(column, _)| !read.contains(&column.as_str())) {
            others.insert(column, value);
        }
        others
    }

    pub(crate) fn take(&mut self, column: &str) -> Option<Value> {
        self.0.get_mut(column).map(Value::take)
    }
}
