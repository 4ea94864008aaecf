"""PyJWT: signs the claims with each key, and verifies each token."""

import json
import pathlib
import sys

import jwt


def verify(token):
    try:
        key = jwt.PyJWK.from_dict(token["key"]).key
        return jwt.decode(token["token"], key, algorithms=[token["key"]["alg"]])
    except jwt.InvalidTokenError as refusal:
        return repr(refusal)


job = json.loads(pathlib.Path(sys.argv[1]).read_text())
issued = [
    jwt.encode(job["claims"], jwt.PyJWK.from_dict(key).key, algorithm=key["alg"])
    for key in job["keys"]
]
json.dump({"issued": issued, "verified": [verify(token) for token in job["tokens"]]}, sys.stdout)
