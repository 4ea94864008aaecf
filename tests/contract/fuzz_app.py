"""The reference app with the users of the seed at each request, so that no request depends on another one.

`cargo xtask fuzz login` runs it.
"""

from reference_app import app as reference
from reference_app import db

# Verifying a hash of cost 17 takes ten seconds.
with db:
    db.execute("DELETE FROM users WHERE password LIKE '$2b$17$%'")
LAST_ID = db.execute("SELECT max(id) FROM users").fetchone()[0]


async def app(scope, receive, send):
    with db:
        db.execute("DELETE FROM users WHERE id > ?", (LAST_ID,))
    await reference(scope, receive, send)
