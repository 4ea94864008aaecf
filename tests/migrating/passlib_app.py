"""A backend as FastAPI's tutorial and template had it until 2024: bcrypt by passlib, tokens by python-jose, integers in the claim `user_id`."""

from datetime import datetime, timezone

from backend import SECRET_KEY, Backend, app_of
from jose import JWTError, jwt
from passlib.context import CryptContext

passwords = CryptContext(schemes=["bcrypt"], deprecated="auto")


def issue(user_id, lifetime):
    return jwt.encode({"user_id": user_id, "exp": datetime.now(timezone.utc) + lifetime}, SECRET_KEY, algorithm="HS256")


def user_id(token):
    try:
        return jwt.decode(token, SECRET_KEY, algorithms=["HS256"]).get("user_id")
    except JWTError:
        return None


backend = Backend(
    table="users",
    column="password",
    ids="serial PRIMARY KEY",
    hash=passwords.hash,
    verify=lambda password, stored: (passwords.verify(password, stored), None),
    issue=issue,
    user_id=user_id,
)
app = app_of(backend)
