"""Makes vectors.json with the original libraries. The pins are in requirements.txt.

    python3 -m venv target/venv-schemes
    target/venv-schemes/bin/pip install --requirement schemes/tests/vectors/requirements.txt
    target/venv-schemes/bin/python schemes/tests/vectors/make.py > schemes/tests/vectors/vectors.json
"""

import json
import random

import django
from argon2 import low_level
from django.conf import settings
from passlib.hash import argon2 as passlib_argon2
from passlib.hash import django_pbkdf2_sha256
from werkzeug.security import _hash_internal

settings.configure()
django.setup()

from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402

rng = random.Random(1)
PASSWORDS = ["", "a", "password", "correct horse battery staple", "pässwörd ﬁ Ⅷ 🔑", "x" * 127, "x" * 128, "x" * 129, "y" * 1000]
vectors = []


def add(library, stored, password):
    vectors.append({"library": library, "stored": stored, "password": password})


for number in range(54):
    kind = [low_level.Type.D, low_level.Type.I, low_level.Type.ID][number % 3]
    version = [0x10, 0x13][number // 3 % 2]
    lanes = rng.choice([1, 2, 3, 4, 5, 8, 16])
    password = rng.choice(PASSWORDS)
    stored = low_level.hash_secret(
        password.encode(),
        rng.randbytes(rng.choice([8, 9, 16, 24, 32, 48, 64])),
        time_cost=rng.randint(1, 5),
        memory_cost=8 * lanes + rng.choice([0, 1, 7, 33, 100, 500]),
        parallelism=lanes,
        hash_len=rng.choice([4, 10, 16, 31, 32, 33, 48, 63, 64]),
        type=kind,
        version=version,
    ).decode()
    add("argon2-cffi", stored, password)
# The default of pwdlib, of argon2-cffi, and of FastAPI's template.
add("argon2-cffi", low_level.hash_secret(b"password", b"0123456789abcdef", 3, 65536, 4, 32, low_level.Type.ID).decode(), "password")


def werkzeug(method, salt, password):
    digest, actual = _hash_internal(method, salt, password)
    add("Werkzeug", f"{actual}${salt}${digest}", password)


for password in PASSWORDS:
    salt = "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=22))
    add("Django", PBKDF2PasswordHasher().encode(password, salt, iterations=rng.randint(1, 3000)), password)
    werkzeug(f"pbkdf2:sha256:{rng.randint(1, 3000)}", salt, password)
    werkzeug(f"scrypt:{2 ** rng.randint(6, 10)}:{rng.randint(1, 8)}:{rng.randint(1, 4)}", salt, password)
    add("passlib", django_pbkdf2_sha256.using(rounds=rng.randint(1, 3000), salt=salt).hash(password), password)
    cheap = passlib_argon2.using(type="ID", memory_cost=256, rounds=2, parallelism=2, salt=salt.encode())
    add("passlib", cheap.hash(password), password)
# The defaults.
add("Django", PBKDF2PasswordHasher().encode("password", "seasalt", iterations=1_000_000), "password")
werkzeug("scrypt:32768:8:1", "seasalt", "password")
werkzeug("pbkdf2:sha256:600000", "seasalt", "password")

print(json.dumps(vectors, indent=0))
