// All public names are listed, and a test compares the list, so that no export is added by accident.

// @ts-expect-error the glue has no types of its own
import * as glue from "../wasm/edgegate_bg.js";
import { setGlue } from "./glue.js";

setGlue(glue);

export { EdgegateError } from "./errors.js";
export { createGate } from "./gate.js";
export { consoleLog } from "./log.js";
export { bcryptCost, storedEmail } from "./stored.js";
export { bindingMail, consoleMail, webhookMail } from "./mail.js";
export { hashPassword, hashPasswords, stopWork, verifyPassword, verifyPasswords } from "./passwords.js";
export { issueToken, verifyToken } from "./tokens.js";

export type { IssueOptions, Settings } from "./core.js";
export type { AnyRequest, Bearer, CreateOptions, FetchOptions, Gate, LoginOptions } from "./gate.js";
export type { HonoContext, HonoRequest, NodeHeaders, NodeRequest } from "./head.js";
export type { Limiter, Limiters } from "./limiters.js";
export type { Log, LogEntry } from "./log.js";
export type { EmailBinding, SendMail, WebhookOptions } from "./mail.js";
export type { AttemptRow, AttemptStore, Columns, CountedLogin, MailTokenStore, NewMailToken, NewSession, NewUser, PasswordChange, RotatedRow, SessionEnd, SessionStore, SucceededLogin, UserAtLogin, UserDeletion, UserStore } from "./store.js";
export type { Claims, TokenVerdict } from "./verdict.js";
export type { WaitUntil, WebHeaders, WebRequest, WebResponse } from "./web.js";
export type { DoneVerdict, ErrorCode, HashCode, LoginVerdict, Mail, MailKind, PasswordCode, Reason, Rotation, Session, SecurityEvent, SecurityEventKind, SessionsVerdict, TokenReason, User, UserId, UserRow, UserVerdict } from "../wasm/edgegate.js";
