//! A pool of sqlx, reduced to what the store needs.

use std::borrow::Cow;

use sqlx::SqlStr;

/// A value of a statement.
#[derive(Clone)]
pub enum Param<'p> {
    Boolean(bool),
    Integer(i64),
    Text(Cow<'p, str>),
    OptionalText(Option<&'p str>),
}

impl<'p> Param<'p> {
    pub(super) fn text(text: &'p str) -> Self {
        Self::Text(text.into())
    }
}

/// Runs statements whose rows have one column, a text. Implemented for the pools of sqlx.
pub trait Engine: Send + Sync + 'static {
    /// Runs a statement and returns its rows.
    fn rows(&self, sql: &SqlStr, params: &[Param<'_>])
    -> impl Future<Output = Result<Vec<String>, sqlx::Error>> + Send;

    /// Runs the statements in one transaction, which no writer sees in part, and returns the rows of the last one.
    fn transaction(
        &self,
        statements: &[(&SqlStr, &[Param<'_>])],
    ) -> impl Future<Output = Result<Vec<String>, sqlx::Error>> + Send;
}

/// The same for each database: the bounds of a generic implementation would be longer.
macro_rules! engine {
    ($database:ident, $arguments:ident, $begin:literal) => {
        impl $crate::sql::engine::Engine for sqlx::Pool<sqlx::$database> {
            async fn rows(
                &self,
                sql: &sqlx::SqlStr,
                params: &[$crate::sql::engine::Param<'_>],
            ) -> Result<Vec<String>, sqlx::Error> {
                let arguments = arguments(params)?;
                sqlx::query_scalar_with::<_, String, _>(sql.clone(), arguments).fetch_all(self).await
            }

            async fn transaction(
                &self,
                statements: &[(&sqlx::SqlStr, &[$crate::sql::engine::Param<'_>])],
            ) -> Result<Vec<String>, sqlx::Error> {
                let mut transaction = self.begin_with($begin).await?;
                let mut rows = Vec::new();
                for (sql, params) in statements {
                    let query = sqlx::query_scalar_with::<_, String, _>((*sql).clone(), arguments(params)?);
                    rows = query.fetch_all(&mut *transaction).await?;
                }
                transaction.commit().await?;
                Ok(rows)
            }
        }

        fn arguments(params: &[$crate::sql::engine::Param<'_>]) -> Result<$arguments, sqlx::Error> {
            use sqlx::Arguments as _;
            use $crate::sql::engine::Param;

            let mut arguments = $arguments::default();
            for param in params {
                match param {
                    Param::Boolean(value) => arguments.add(*value),
                    Param::Integer(value) => arguments.add(*value),
                    Param::Text(value) => arguments.add(value.clone().into_owned()),
                    Param::OptionalText(value) => arguments.add(value.map(str::to_owned)),
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(arguments)
        }
    };
}

pub(super) use engine;
