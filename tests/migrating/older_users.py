"""Fills the table of a backend with users of an earlier time: `python older_users.py APP HOW_MANY PASSWORD`.

They have bcrypt hashes, and the last one is not active. One hash for all of them, because each takes a quarter of a second.
"""

import sys
from importlib import import_module

import bcrypt
import psycopg
from backend import DATABASE_URL
from psycopg.sql import SQL, Identifier

app, how_many, password = sys.argv[1:]
backend = import_module(app).backend
stored = bcrypt.hashpw(password.encode(), bcrypt.gensalt(12)).decode()
with psycopg.connect(DATABASE_URL) as db:
    db.execute(
        SQL(
            "INSERT INTO {} (email, {}, is_active, created_at) SELECT 'older' || n || '@example.com', %s, n < %s,"
            " now() - n * interval '1 hour' FROM generate_series(1, %s) AS n"
        ).format(Identifier(backend.table), Identifier(backend.column)),
        (stored, int(how_many), int(how_many)),
    )
