//! Mails (`PASSWORD_RECOVERY`).

use std::{error::Error, pin::Pin};

use edgegate::host::Mail;

/// Sends mails. It is called in a task, after the answer.
///
/// ```
/// use edgegate::host::Mail;
/// use edgegate_axum::{MailError, SendMail};
///
/// /// For development: whoever reads standard error can use the links.
/// struct ToStandardError;
///
/// impl SendMail for ToStandardError {
///     async fn send(&self, mail: Mail) -> Result<(), MailError> {
///         eprintln!("A mail to {}: {}\n\n{}", mail.to, mail.subject, mail.text);
///         Ok(())
///     }
/// }
/// ```
pub trait SendMail: Send + Sync + 'static {
    /// Sends a mail. An error is logged, so it must not have the link.
    fn send(&self, mail: Mail) -> impl Future<Output = Result<(), MailError>> + Send;
}

/// Why a mail was not sent, for the log.
pub type MailError = Box<dyn Error + Send + Sync>;

/// A [`SendMail`] of any type.
pub(crate) trait AnyMail: Send + Sync {
    fn send_any(&self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + '_>>;
}

impl<S: SendMail> AnyMail for S {
    fn send_any(&self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + '_>> {
        Box::pin(self.send(mail))
    }
}
