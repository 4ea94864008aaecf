//! `GET /openapi.json`: the document that FastAPI would make of the routes that the settings switch on.
//!
//! Written as text: a tree of JSON values would take several times the room in the wasm, and would sort the members.

use super::{
    JWKS, LOGIN, LOGOUT, ME, PASSWORD, RECOVERY_EMAIL, RESET, REVOKE, SESSION, SESSIONS, USERS, VERIFICATION_EMAIL,
    VERIFY, methods_of,
};
use crate::settings::{Registration, Settings};

/// A route with one method.
struct Operation {
    path: &'static str,
    method: &'static str,
    /// The name of FastAPI's function, of which it makes the `operationId` and the summary.
    name: &'static str,
    description: &'static str,
    /// The media type and the schema of the body.
    takes: Option<(&'static str, &'static str)>,
    /// The status of success, and the JSON schema of its body.
    returns: (u16, &'static str),
    /// The statuses of refusals, in order, and what they mean.
    refuses: &'static [(u16, &'static str)],
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

const MESSAGE: (u16, &str) = (200, r##"{"$ref":"#/components/schemas/Message"}"##);
const NOTHING: &str = "";
const TOKEN: (u16, &str) = (200, r##"{"$ref":"#/components/schemas/Token"}"##);
const USER: &str = r##"{"$ref":"#/components/schemas/UserOut"}"##;

const INACTIVE: (u16, &str) = (400, "The user is not active");
const NOT_FROM_MAIL: (u16, &str) = (400, "The token is unknown, has expired, or was used");
const WRONG_PASSWORD: (u16, &str) =
    (400, "The password is wrong, the new one is not accepted, or the user is not active");
const NO_TOKEN: (u16, &str) = (401, "The token is missing, invalid or expired, or its user is gone");
const INVALID: (u16, &str) = (422, "Validation Error");
const TOO_MANY: (u16, &str) = (429, "Too many requests: Retry-After says in how many seconds to try again");
const UNAVAILABLE: (u16, &str) = (503, "Out of order or busy: Retry-After says in how many seconds to try again");

/// Of one path, they follow each other.
const OPERATIONS: [Operation; 15] = [
    Operation {
        path: LOGIN,
        method: "POST",
        name: "login",
        description: "Exchanges the e-mail address, as the username, and the password for a token. With refresh tokens, \
                      grant_type=refresh_token exchanges one of these instead.",
        takes: Some((FORM, "Body_login_login_post")),
        returns: TOKEN,
        refuses: &[
            (400, "The user is not active or not verified, or the refresh token is invalid"),
            (403, "No user has this address and password"),
            INVALID,
            TOO_MANY,
            UNAVAILABLE,
        ],
    },
    Operation {
        path: ME,
        method: "GET",
        name: "me",
        description: "The user of the token.",
        takes: None,
        returns: (200, USER),
        refuses: &[INACTIVE, NO_TOKEN, UNAVAILABLE],
    },
    Operation {
        path: ME,
        method: "DELETE",
        name: "delete_me",
        description: "Deletes the user of the token.",
        takes: Some((JSON, "CurrentPassword")),
        returns: MESSAGE,
        refuses: &[WRONG_PASSWORD, NO_TOKEN, INVALID, TOO_MANY, UNAVAILABLE],
    },
    Operation {
        path: USERS,
        method: "POST",
        name: "create_user",
        description: "Creates a user, who can log in then.",
        takes: Some((JSON, "UserIn")),
        returns: (201, USER),
        refuses: &[
            (403, "Registration is closed, or the invitation is invalid"),
            (409, "A user has this address"),
            INVALID,
            TOO_MANY,
            UNAVAILABLE,
        ],
    },
    Operation {
        path: LOGOUT,
        method: "POST",
        name: "logout",
        description: "Revokes all tokens of the user.",
        takes: None,
        returns: (204, NOTHING),
        refuses: &[INACTIVE, NO_TOKEN, UNAVAILABLE],
    },
    // With cookies, and without `REVOCATION`.
    Operation {
        path: LOGOUT,
        method: "POST",
        name: "logout",
        description: "Removes the cookies, and ends their session.",
        takes: None,
        returns: (204, NOTHING),
        refuses: &[TOO_MANY, UNAVAILABLE],
    },
    Operation {
        path: REVOKE,
        method: "POST",
        name: "revoke",
        description: "Ends the session of a refresh token.",
        takes: Some((FORM, "Body_revoke_revoke_post")),
        returns: (200, NOTHING),
        refuses: &[INVALID, TOO_MANY, UNAVAILABLE],
    },
    Operation {
        path: PASSWORD,
        method: "PATCH",
        name: "update_password",
        description: "Changes the password of the user, and ends the user's sessions.",
        takes: Some((JSON, "UpdatePassword")),
        returns: TOKEN,
        refuses: &[WRONG_PASSWORD, NO_TOKEN, INVALID, TOO_MANY, UNAVAILABLE],
    },
    Operation {
        path: SESSIONS,
        method: "GET",
        name: "sessions",
        description: "The sessions of the user. Times are in seconds since 1970.",
        takes: None,
        returns: (
            200,
            r##"{"items":{"$ref":"#/components/schemas/Session"},"type":"array","title":"Response Sessions Me Sessions Get"}"##,
        ),
        refuses: &[INACTIVE, NO_TOKEN, UNAVAILABLE],
    },
    Operation {
        path: SESSION,
        method: "DELETE",
        name: "end_session",
        description: "Ends a session of the user.",
        takes: None,
        returns: (204, NOTHING),
        refuses: &[INACTIVE, NO_TOKEN, (404, "The user has no such session"), UNAVAILABLE],
    },
    Operation {
        path: RECOVERY_EMAIL,
        method: "POST",
        name: "recover_password",
        description: "Has a link for a new password sent to a user with this address.",
        takes: None,
        returns: MESSAGE,
        refuses: &[INVALID, TOO_MANY],
    },
    Operation {
        path: RESET,
        method: "POST",
        name: "reset_password",
        description: "Stores a new password, by the token of such a link.",
        takes: Some((JSON, "NewPassword")),
        returns: MESSAGE,
        refuses: &[NOT_FROM_MAIL, INVALID, TOO_MANY, UNAVAILABLE],
    },
    Operation {
        path: VERIFICATION_EMAIL,
        method: "POST",
        name: "request_verification",
        description: "Has a link to verify the address sent to a user with this address.",
        takes: None,
        returns: MESSAGE,
        refuses: &[INVALID, TOO_MANY],
    },
    Operation {
        path: VERIFY,
        method: "POST",
        name: "verify_email",
        description: "Marks an address as verified, by the token of such a link.",
        takes: Some((JSON, "MailToken")),
        returns: MESSAGE,
        refuses: &[NOT_FROM_MAIL, INVALID, TOO_MANY, UNAVAILABLE],
    },
    Operation {
        path: JWKS,
        method: "GET",
        name: "jwks",
        description: "The public keys that verify tokens.",
        takes: None,
        returns: (200, r##"{"$ref":"#/components/schemas/JwkSet"}"##),
        refuses: &[],
    },
];

/// A schema of an object: its name and its members.
struct Schema(&'static str, &'static [Member]);

/// The name, and the JSON schema without its title.
struct Member(&'static str, &'static str, Presence);

/// Whether a member is there, and required.
#[derive(Clone, Copy)]
enum Presence {
    Required,
    Optional,
    RequiredWithSessions,
    /// A refresh has none of a login's fields.
    OptionalWithSessions,
    WithoutSessions,
    WithSessions,
    /// The cookie may have it.
    OptionalWithCookies,
    WithInvitation,
}
use Presence::{Optional, OptionalWithSessions, Required, RequiredWithSessions, WithSessions, WithoutSessions};

const ANY_INTEGER: &str = r#""type":"integer""#;
const ANY_TEXT: &str = r#""type":"string""#;
const TEXT_OR_NULL: &str = r#""anyOf":[{"type":"string"},{"type":"null"}]"#;

const ACCESS_TOKEN: Member = Member("access_token", ANY_TEXT, Required);
const CURRENT_PASSWORD: Member = Member("current_password", ANY_TEXT, Required);
const EMAIL_TOKEN: Member = Member("token", ANY_TEXT, Required);
const ID: &str = r#""anyOf":[{"type":"integer"},{"type":"string"}]"#;
const NEW_PASSWORD: Member = Member("new_password", ANY_TEXT, Required);

/// Each before those that it refers to.
const SCHEMAS: [Schema; 14] = [
    Schema(
        "Body_login_login_post",
        &[
            Member(
                "grant_type",
                r#""anyOf":[{"type":"string","pattern":"^password$"},{"type":"null"}]"#,
                WithoutSessions,
            ),
            Member(
                "grant_type",
                r#""anyOf":[{"type":"string","pattern":"^(password|refresh_token)$"},{"type":"null"}]"#,
                WithSessions,
            ),
            Member("username", ANY_TEXT, OptionalWithSessions),
            Member("password", r#""type":"string","format":"password""#, OptionalWithSessions),
            Member("scope", r#""type":"string","default":"""#, Optional),
            Member("client_id", TEXT_OR_NULL, Optional),
            Member("client_secret", r#""anyOf":[{"type":"string"},{"type":"null"}],"format":"password""#, Optional),
            Member("refresh_token", TEXT_OR_NULL, WithSessions),
        ],
    ),
    Schema(
        "Body_revoke_revoke_post",
        &[Member("token", ANY_TEXT, Presence::OptionalWithCookies), Member("token_type_hint", TEXT_OR_NULL, Optional)],
    ),
    Schema("CurrentPassword", &[CURRENT_PASSWORD]),
    Schema("HTTPError", &[Member("detail", ANY_TEXT, Required)]),
    Schema(
        "HTTPValidationError",
        &[Member("detail", r##""items":{"$ref":"#/components/schemas/ValidationError"},"type":"array""##, Optional)],
    ),
    Schema(
        "JwkSet",
        &[Member("keys", r#""items":{"type":"object","additionalProperties":true},"type":"array""#, Required)],
    ),
    Schema("MailToken", &[EMAIL_TOKEN]),
    Schema("Message", &[Member("message", ANY_TEXT, Required)]),
    Schema("NewPassword", &[EMAIL_TOKEN, NEW_PASSWORD]),
    Schema(
        "Session",
        &[
            Member("id", ANY_TEXT, Required),
            Member("created_at", ANY_INTEGER, Required),
            Member("last_used_at", ANY_INTEGER, Required),
            Member("expires_at", ANY_INTEGER, Required),
            Member("user_agent", TEXT_OR_NULL, Required),
            Member("address", TEXT_OR_NULL, Required),
        ],
    ),
    Schema(
        "Token",
        &[
            ACCESS_TOKEN,
            Member("token_type", ANY_TEXT, Required),
            Member("expires_in", ANY_INTEGER, RequiredWithSessions),
            Member("refresh_token", ANY_TEXT, RequiredWithSessions),
        ],
    ),
    Schema("UpdatePassword", &[CURRENT_PASSWORD, NEW_PASSWORD]),
    Schema(
        "UserIn",
        &[
            Member("email", r#""type":"string","format":"email""#, Required),
            Member("password", ANY_TEXT, Required),
            Member("invitation", ANY_TEXT, Presence::WithInvitation),
        ],
    ),
    Schema(
        "UserOut",
        &[Member("id", ID, Required), Member("email", ANY_TEXT, Required), Member("created_at", ANY_TEXT, Required)],
    ),
];

/// The end of the schemas, and of the document. FastAPI gives the members of the first one other titles, and `POST /login`, which is always
/// there, refers to it.
const END: &str = r#""ValidationError":{"properties":{"loc":{"items":{"anyOf":[{"type":"string"},{"type":"integer"}]},"type":"array","title":"Location"},"msg":{"type":"string","title":"Message"},"type":{"type":"string","title":"Error Type"},"input":{"title":"Input"},"ctx":{"type":"object","title":"Context"}},"type":"object","required":["loc","msg","type"],"title":"ValidationError"}},"securitySchemes":{"OAuth2PasswordBearer":{"type":"oauth2","flows":{"password":{"scopes":{},"tokenUrl":"@"}}}}}}"#;

/// The document. `prefix` is the path below which the routes are, as it stands in a URL; empty for none.
///
/// As FastAPI with a `root_path`, it names the server then. `tokenUrl` is relative to the server or to the document, depending on who
/// reads it; a path from the root is the same for all.
pub(crate) fn document(settings: &Settings, prefix: &str) -> String {
    let mut out = Document(String::new());
    out.put(r#"{"openapi":"3.1.0","info":{"title":"edgegate","version":"0.1.0"},"#, &[]);
    if !prefix.is_empty() {
        out.put(r#""servers":[{"url":"@"}],"#, &[prefix]);
    }
    out.put(r#""paths":{"#, &[]);
    let mut path = "";
    for operation in &OPERATIONS {
        let is_here = methods_of(settings, operation.path).contains(&operation.method)
            && (operation.path != LOGOUT || settings.revocation == operation.is_secured());
        if is_here {
            if operation.path != path {
                if !path.is_empty() {
                    out.close("},");
                }
                path = operation.path;
                out.put(r#""@":{"#, &[path]);
            }
            out.operation(operation);
        }
    }
    out.close(r#"}},"components":{"schemas":{"#);
    for schema in &SCHEMAS {
        if out.0.contains(&["schemas/", schema.0, "\""].concat()) {
            out.schema(settings, schema);
        }
    }
    out.put(END, &[&[prefix, if prefix.is_empty() { "login" } else { LOGIN }].concat()]);
    out.0
}

/// What is written of the document. A comma follows each member, and is removed at the end of its object.
struct Document(String);

impl Document {
    /// Appends the template, in which the next value replaces each `@`.
    fn put(&mut self, template: &str, values: &[&str]) {
        let mut values = values.iter();
        for char in template.chars() {
            match char {
                '@' => self.0.push_str(values.next().copied().unwrap_or_default()),
                char => self.0.push(char),
            }
        }
    }

    fn close(&mut self, end: &str) {
        if self.0.ends_with(',') {
            self.0.pop();
        }
        self.0.push_str(end);
    }

    fn operation(&mut self, operation: &Operation) {
        let Operation { path, method, name, description, takes, returns, refuses } = operation;
        let (method, title) = (method.to_ascii_lowercase(), title(name));
        self.put(r#""@":{"summary":"@","description":"@","operationId":"@"#, &[&method, &title, description, name]);
        for char in path.chars() {
            self.0.push(if char.is_ascii_alphanumeric() { char } else { '_' });
        }
        self.put(r#"_@","#, &[&method]);
        if operation.is_secured() {
            self.put(r#""security":[{"OAuth2PasswordBearer":[]}],"#, &[]);
        }
        if let Some((_, parameter)) = path.split_once('{') {
            let name = parameter.trim_end_matches('}');
            let parameters =
                r#""parameters":[{"name":"@","in":"path","required":true,"schema":{"type":"string","title":"@"}}],"#;
            self.put(parameters, &[name, &self::title(name)]);
        }
        if let Some((media_type, schema)) = takes {
            let body =
                r##""requestBody":{"content":{"@":{"schema":{"$ref":"#/components/schemas/@"}}},"required":true},"##;
            self.put(body, &[media_type, schema]);
        }
        self.put(r#""responses":{"#, &[]);
        self.response(returns.0, "Successful Response", returns.1);
        for (status, description) in *refuses {
            let schema = match status {
                422 => r##"{"$ref":"#/components/schemas/HTTPValidationError"}"##,
                _ => r##"{"$ref":"#/components/schemas/HTTPError"}"##,
            };
            self.response(*status, description, schema);
        }
        self.close("}},");
    }

    fn response(&mut self, status: u16, description: &str, schema: &str) {
        let template = match schema {
            "" => r#""@":{"description":"@"},"#,
            _ => r#""@":{"description":"@","content":{"application/json":{"schema":@}}},"#,
        };
        self.put(template, &[&status.to_string(), description, schema]);
    }

    fn schema(&mut self, settings: &Settings, Schema(name, members): &Schema) {
        self.put(r#""@":{"properties":{"#, &[name]);
        let mut required = Self(String::new());
        for Member(name, schema, presence) in *members {
            let Some(is_required) = presence.with(settings) else { continue };
            self.put(r#""@":{@,"title":"@"},"#, &[name, schema, &title(name)]);
            if is_required {
                required.put(r#""@","#, &[name]);
            }
        }
        self.close(r#"},"type":"object","#);
        if !required.0.is_empty() {
            required.close("],");
            self.put(r#""required":[@"#, &[&required.0]);
        }
        self.put(r#""title":"@"},"#, &[name]);
    }
}

impl Operation {
    fn is_secured(&self) -> bool {
        self.refuses.contains(&NO_TOKEN)
    }
}

impl Presence {
    /// Whether the member is required, if it is there with these settings.
    fn with(self, settings: &Settings) -> Option<bool> {
        let has_sessions = settings.refresh_token_expire_minutes.is_some();
        match self {
            Required => Some(true),
            Optional => Some(false),
            RequiredWithSessions => has_sessions.then_some(true),
            OptionalWithSessions => Some(!has_sessions),
            WithoutSessions => (!has_sessions).then_some(false),
            WithSessions => has_sessions.then_some(false),
            Self::OptionalWithCookies => Some(!settings.token_cookie),
            Self::WithInvitation => (settings.registration == Registration::Invitation).then_some(true),
        }
    }
}

/// As Python's `name.replace("_", " ").title()`.
fn title(name: &str) -> String {
    let mut out = String::new();
    let mut is_first = true;
    for char in name.chars() {
        out.push(match char {
            '_' => ' ',
            char if is_first => char.to_ascii_uppercase(),
            char => char,
        });
        is_first = char == '_';
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, from_str};

    use super::*;
    use crate::{
        routes::{OPENAPI, RESET_SLASH, ROUTES},
        settings::Vars,
    };

    /// Settings with and without each one that a route or a schema depends on.
    fn several() -> Vec<Settings> {
        let on = |is_on: bool| is_on.then(|| "on".into());
        let sets = (0_u8..64).map(|bits| {
            let has = |bit: u8| bits >> bit & 1 == 1;
            let vars = Vars {
                secret_key: Some("secret".repeat(8).into()),
                docs: on(true),
                registration: Some(["closed", "invitation"][usize::from(has(0))].into()),
                refresh_token_expire_minutes: has(1).then(|| "60".into()),
                revocation: on(has(2)),
                token_cookie: on(has(3)),
                password_change: on(has(4)),
                account_deletion: on(has(4)),
                password_recovery: on(has(5)),
                email_verification: on(has(5)),
                frontend_host: Some("https://app.example.com".into()),
                ..Vars::default()
            };
            Settings::try_from(vars).unwrap()
        });
        sets.collect()
    }

    #[test]
    fn it_has_each_route_of_the_settings_and_no_other() {
        let mut seen = BTreeSet::new();
        for settings in several() {
            let document: Value = from_str(&document(&settings, "")).unwrap();
            let mut documented: Vec<(&str, String)> = Vec::new();
            for (path, operations) in document["paths"].as_object().unwrap() {
                documented.extend(operations.as_object().unwrap().keys().map(|key| (&**path, key.to_uppercase())));
            }
            // The document does not have itself, as in FastAPI, and the other spelling of a path is no other route.
            let routes = ROUTES.iter().filter(|route| ![OPENAPI, RESET_SLASH].contains(route));
            let mut all: Vec<(&str, String)> = routes
                .flat_map(|route| methods_of(&settings, route).iter().map(|method| (*route, (*method).to_owned())))
                .collect();
            all.sort();
            documented.sort();
            assert_eq!(documented, all);
            seen.extend(all.into_iter().map(|(route, method)| [route, &*method].concat()));
        }
        assert_eq!(seen.len(), 14, "the settings above switch on every route: {seen:?}");
    }

    #[test]
    fn each_schema_is_referred_to_and_each_reference_resolves() {
        for settings in several() {
            let text = document(&settings, "");
            let document: Value = from_str(&text).unwrap();
            let references: BTreeSet<&str> = text
                .split(r##""$ref":"#/components/schemas/"##)
                .skip(1)
                .map(|rest| &rest[..rest.find('"').unwrap()])
                .collect();
            let schemas: BTreeSet<&str> =
                document["components"]["schemas"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(references, schemas);
        }
    }

    #[test]
    fn titles_are_those_of_python() {
        assert_eq!(["id", "last_used_at"].map(title), ["Id", "Last Used At"]);
    }
}
