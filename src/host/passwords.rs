//! Passwords without a user store, for a host that works those of many callers side by side.

use super::{Step, start};
use crate::{
    http::Refusal,
    password::{self, Cost, PasswordHash, Rounds},
};

/// [`password::hash`], asking the host to do the work.
#[must_use]
pub fn hash(password: &str, cost: Cost) -> Step<Result<String, Refusal>> {
    let prepared = password::prepare(password, cost);
    start(|host| async move {
        let (new, job) = prepared?;
        let [hashed] = host.work(&mut Rounds::default(), [job]).await?;
        Ok(new.finish(&hashed))
    })
}

/// [`password::verify`], asking the host to do the work.
#[must_use]
pub fn verify(password: &str, stored: &str) -> Step<Result<bool, Refusal>> {
    let prepared = PasswordHash::parse(stored).map(|stored| (stored.job(password.as_bytes()), stored));
    start(|host| async move {
        let (job, stored) = prepared?;
        let [hashed] = host.work(&mut Rounds::default(), [job]).await?;
        Ok(stored.is(&hashed))
    })
}
