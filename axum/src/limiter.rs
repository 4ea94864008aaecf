//! Rate limits that several processes share.

use std::{error::Error, pin::Pin, time::Duration};

use edgegate::host::Limit;
use tokio::time;

/// Counts requests by their keys, such as in Redis. Without one, each process counts in its own memory:
/// [`Gate::within_limit`](edgegate::Gate::within_limit).
///
/// ```
/// use edgegate::host::Limit;
/// use edgegate_axum::{LimitError, Limiter};
///
/// /// Lets no request of a known client pass.
/// struct Closed;
///
/// impl Limiter for Closed {
///     async fn is_within(&self, limit: &Limit) -> Result<bool, LimitError> {
///         Ok(limit.client.is_none())
///     }
/// }
/// ```
pub trait Limiter: Send + Sync + 'static {
    /// Counts a request by each key that is there, and returns whether it is within the limits. An `Err` is logged, and the
    /// request passes; so does one that takes more than two seconds.
    fn is_within(&self, limit: &Limit) -> impl Future<Output = Result<bool, LimitError>> + Send;
}

/// Why a request was not counted, for the log.
pub type LimitError = Box<dyn Error + Send + Sync>;

/// How long a limiter may take: one that never answers must not keep everyone out.
const PATIENCE: Duration = Duration::from_secs(2);

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A [`Limiter`] of any type.
pub(crate) trait AnyLimiter: Send + Sync {
    fn ask<'a>(&'a self, limit: &'a Limit) -> BoxFuture<'a, Result<bool, LimitError>>;
}

impl<L: Limiter> AnyLimiter for L {
    fn ask<'a>(&'a self, limit: &'a Limit) -> BoxFuture<'a, Result<bool, LimitError>> {
        Box::pin(async { time::timeout(PATIENCE, self.is_within(limit)).await? })
    }
}
