"""python-jose: signs the claims with each key, and verifies each token."""

import json
import pathlib
import sys

from jose import JOSEError, jwt


def verify(token):
    try:
        return jwt.decode(token["token"], token["key"], algorithms=[token["key"]["alg"]])
    except JOSEError as refusal:
        return repr(refusal)


job = json.loads(pathlib.Path(sys.argv[1]).read_text())
issued = [jwt.encode(job["claims"], key, algorithm=key["alg"]) for key in job["keys"]]
json.dump({"issued": issued, "verified": [verify(token) for token in job["tokens"]]}, sys.stdout)
