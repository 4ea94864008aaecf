"""The routes of both backends. How they hash passwords and make tokens is theirs: template_app.py and passlib_app.py."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier
from pydantic import BaseModel, EmailStr

SECRET_KEY = os.environ["SECRET_KEY"]
DATABASE_URL = os.environ["DATABASE_URL"]
LIFETIME = timedelta(minutes=int(os.environ["ACCESS_TOKEN_EXPIRE_MINUTES"]))


@dataclass(frozen=True)
class Backend:
    """What a backend has of its own."""

    table: str
    # The column of the stored hash.
    column: str
    # The type of the column `id`, which gives ids.
    ids: str
    hash: Callable[[str], str]
    # Whether the password is that of the hash, and a newer hash to store instead.
    verify: Callable[[str, str], tuple[bool, str | None]]
    issue: Callable[[int | UUID, timedelta], str]
    # The id of a valid token; `None` otherwise.
    user_id: Callable[[str], Any]
    # The paths of a login, of the own user, and of a sign-up.
    login: str = "/login"
    me: str = "/me"
    users: str = "/users"


class Token(BaseModel):
    access_token: str
    token_type: str


class UserIn(BaseModel):
    email: EmailStr
    password: str


class UserOut(BaseModel):
    id: int | UUID
    email: str
    created_at: datetime


class NewPassword(BaseModel):
    current_password: str
    new_password: str


class Message(BaseModel):
    message: str


def app_of(backend: Backend) -> FastAPI:
    users, column = Identifier(backend.table), Identifier(backend.column)

    def query(sql: str, *values: object) -> dict[str, Any] | None:
        with psycopg.connect(DATABASE_URL, row_factory=dict_row) as db:
            found = db.execute(SQL(sql).format(users=users, password=column), values)
            return found.fetchone() if found.description else None

    query(
        f"""CREATE TABLE IF NOT EXISTS {{users}} (
            id {backend.ids},
            email text NOT NULL UNIQUE,
            {{password}} text NOT NULL,
            is_active boolean NOT NULL DEFAULT true,
            created_at timestamptz NOT NULL DEFAULT now()
        )"""
    )

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    oauth2_scheme = OAuth2PasswordBearer(tokenUrl="login", auto_error=False)

    def current_user(token: Annotated[str | None, Depends(oauth2_scheme)]) -> dict[str, Any]:
        user_id = backend.user_id(token) if token is not None else None
        user = None
        if user_id is not None:
            user = query("SELECT * FROM {users} WHERE id::text = %s", str(user_id))
        if user is None:
            raise HTTPException(
                status.HTTP_401_UNAUTHORIZED, "Could not validate credentials", {"WWW-Authenticate": "Bearer"}
            )
        if not user["is_active"]:
            raise HTTPException(status.HTTP_400_BAD_REQUEST, "Inactive user")
        return user

    @app.post(backend.login)
    def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
        user = query("SELECT * FROM {users} WHERE lower(email) = lower(%s)", form.username)
        holds, newer = backend.verify(form.password, user[backend.column]) if user else (False, None)
        if user is None or not holds:
            raise HTTPException(status.HTTP_403_FORBIDDEN, "Invalid Credentials")
        if not user["is_active"]:
            raise HTTPException(status.HTTP_400_BAD_REQUEST, "Inactive user")
        if newer is not None:
            query("UPDATE {users} SET {password} = %s WHERE id = %s", newer, user["id"])
        return Token(access_token=backend.issue(user["id"], LIFETIME), token_type="bearer")

    @app.get(backend.me)
    def me(user: Annotated[dict[str, Any], Depends(current_user)]) -> UserOut:
        return UserOut(**user)

    @app.post(backend.users, status_code=status.HTTP_201_CREATED)
    def create_user(new: UserIn) -> UserOut:
        try:
            row = query(
                "INSERT INTO {users} (email, {password}) VALUES (%s, %s) RETURNING *",
                new.email,
                backend.hash(new.password),
            )
        except psycopg.errors.UniqueViolation:
            raise HTTPException(status.HTTP_409_CONFLICT, "Email already registered") from None
        return UserOut(**row)

    @app.patch(backend.me + "/password")
    def change_password(body: NewPassword, user: Annotated[dict[str, Any], Depends(current_user)]) -> Message:
        if not backend.verify(body.current_password, user[backend.column])[0]:
            raise HTTPException(status.HTTP_400_BAD_REQUEST, "Incorrect password")
        query("UPDATE {users} SET {password} = %s WHERE id = %s", backend.hash(body.new_password), user["id"])
        return Message(message="Password updated successfully")

    return app
