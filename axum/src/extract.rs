//! The user of a request.

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};
use edgegate::User;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Auth, GateRefusal};

/// The user whose bearer token a request carries: the row of the store, and the claims of the token as a type of the caller.
///
/// A request without a valid token is answered 401, as by `GET /me`. With `TOKEN_COOKIE=on` the token may be in the cookie. With
/// `Option<CurrentUser>` a request with neither an `Authorization` header nor that cookie is `None`. The state of the router must be an [`Auth`], or contain one (`FromRef`).
///
/// ```
/// use axum::{Router, extract::FromRef, routing::get};
/// use edgegate_axum::{Auth, CurrentUser};
///
/// #[derive(Clone, FromRef)]
/// struct AppState {
///     auth: Auth,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Claims {
///     exp: u64,
/// }
///
/// async fn hello(CurrentUser { user, claims }: CurrentUser<Claims>) -> String {
///     format!("{} until {}", user.email, claims.exp)
/// }
///
/// async fn welcome(user: Option<CurrentUser>) -> String {
///     user.map_or("guest".to_owned(), |current| current.user.email)
/// }
///
/// fn app(auth: Auth) -> Router {
///     Router::new().route("/hello", get(hello)).route("/", get(welcome)).with_state(AppState { auth })
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentUser<C = Value> {
    /// The user, as the store has it now.
    pub user: User,
    /// The claims of the token, as they were issued.
    pub claims: C,
}

impl<S, C> FromRequestParts<S> for CurrentUser<C>
where
    Auth: FromRef<S>,
    S: Send + Sync,
    C: DeserializeOwned + Send + 'static,
{
    type Rejection = GateRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, GateRefusal> {
        let auth = Auth::from_ref(state);
        let (user, claims) = auth.current_user_of(parts).await?;
        Ok(Self { user, claims })
    }
}

impl<S, C> OptionalFromRequestParts<S> for CurrentUser<C>
where
    Auth: FromRef<S>,
    S: Send + Sync,
    C: DeserializeOwned + Send + 'static,
{
    type Rejection = GateRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, GateRefusal> {
        if Auth::from_ref(state).authorization(parts)?.is_none() {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}
