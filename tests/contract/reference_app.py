"""The reference of the contract tests: a careful FastAPI implementation of the login that edgegate replaces.

`cargo xtask contract record` runs it (one worker, in-memory SQLite, the users of seed.json) and records its responses.
"""

import json
import os
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import bcrypt
import jwt
from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import BaseModel, EmailStr

SECRET_KEY = os.environ["SECRET_KEY"]
ALGORITHM = os.environ.get("ALGORITHM", "HS256")
ACCESS_TOKEN_EXPIRE_MINUTES = int(os.environ.get("ACCESS_TOKEN_EXPIRE_MINUTES", "30"))

db = sqlite3.connect(":memory:", check_same_thread=False)
db.row_factory = sqlite3.Row
db.execute(
    """CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL UNIQUE COLLATE NOCASE,
        password TEXT NOT NULL,
        created_at TEXT
    )"""
)
db.executemany(
    "INSERT INTO users (id, email, password, created_at) VALUES (:id, :email, :password, :created_at)",
    json.loads(Path(__file__).with_name("seed.json").read_text("utf-8"))["users"],
)
db.commit()

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
# As in FastAPI's full-stack template.
if CORS_ORIGINS := os.environ.get("CORS_ORIGINS"):
    app.add_middleware(
        CORSMiddleware,
        allow_origins=CORS_ORIGINS.split(", "),
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="login", auto_error=False)


class Token(BaseModel):
    access_token: str
    token_type: str


class UserIn(BaseModel):
    email: EmailStr
    password: str


class UserOut(BaseModel):
    id: int
    email: str
    created_at: str | None


def current_user(token: Annotated[str | None, Depends(oauth2_scheme)]) -> sqlite3.Row:
    refused = HTTPException(
        status.HTTP_401_UNAUTHORIZED, "Could not validate credentials", {"WWW-Authenticate": "Bearer"}
    )
    if token is None:
        raise refused
    try:
        user_id = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM]).get("user_id")
    except jwt.InvalidTokenError:
        raise refused from None
    user = db.execute("SELECT id, email, created_at FROM users WHERE id = ?", (user_id,)).fetchone()
    if user is None:
        raise refused
    return user


@app.post("/login")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    user = db.execute("SELECT id, password FROM users WHERE email = ?", (form.username.strip(),)).fetchone()
    if user is None or not bcrypt.checkpw(form.password.encode(), user["password"].encode()):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Invalid Credentials")
    exp = datetime.now(timezone.utc) + timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES)
    token = jwt.encode({"user_id": user["id"], "exp": exp}, SECRET_KEY, algorithm=ALGORITHM)
    return Token(access_token=token, token_type="bearer")


@app.get("/me")
def me(user: Annotated[sqlite3.Row, Depends(current_user)]) -> UserOut:
    return UserOut(**user)


@app.post("/users", status_code=status.HTTP_201_CREATED)
def create_user(new: UserIn) -> UserOut:
    password = bcrypt.hashpw(new.password.encode(), bcrypt.gensalt(rounds=4)).decode()
    created_at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with db:
            row = db.execute(
                "INSERT INTO users (email, password, created_at) VALUES (?, ?, ?)", (new.email, password, created_at)
            )
    except sqlite3.IntegrityError:
        raise HTTPException(status.HTTP_409_CONFLICT, "Email already registered") from None
    return UserOut(id=row.lastrowid, email=new.email, created_at=created_at)
