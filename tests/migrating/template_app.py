"""A backend that hashes and signs as FastAPI's full-stack template does since 2025: by pwdlib (new hashes are Argon2id, and a bcrypt hash is
replaced at a login) and PyJWT, with UUIDs in the claim `sub`, and has
its paths.

The calls and their order are those of backend/app/core/security.py there (MIT); the code is this project's.
"""

from datetime import datetime, timezone

import jwt
from backend import SECRET_KEY, Backend, app_of
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

passwords = PasswordHash((Argon2Hasher(), BcryptHasher()))


def issue(user_id, lifetime):
    return jwt.encode({"exp": datetime.now(timezone.utc) + lifetime, "sub": str(user_id)}, SECRET_KEY, algorithm="HS256")


def user_id(token):
    try:
        return jwt.decode(token, SECRET_KEY, algorithms=["HS256"]).get("sub")
    except jwt.InvalidTokenError:
        return None


backend = Backend(
    table="user",
    column="hashed_password",
    ids="uuid PRIMARY KEY DEFAULT gen_random_uuid()",
    hash=passwords.hash,
    verify=passwords.verify_and_update,
    issue=issue,
    user_id=user_id,
    login="/api/v1/login/access-token",
    me="/api/v1/users/me",
    users="/api/v1/users/signup",
)
app = app_of(backend)
