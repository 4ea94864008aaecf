"""What a user of the generated Python client would write. Arguments: the URL, an e-mail address, a password."""

import sys

from generated import AuthenticatedClient, Client
from generated.api.default import create_user_users_post, login_login_post, me_me_get
from generated.models import BodyLoginLoginPost, HTTPError, Token, UserIn, UserOut

base_url, email, password = sys.argv[1:]

with Client(base_url=base_url) as client:
    created = create_user_users_post.sync(client=client, body=UserIn(email=email, password=password))
    assert isinstance(created, UserOut), created
    refused = login_login_post.sync_detailed(
        client=client, body=BodyLoginLoginPost(username=email, password="a wrong password")
    )
    assert refused.status_code == 403 and isinstance(refused.parsed, HTTPError), refused
    token = login_login_post.sync(client=client, body=BodyLoginLoginPost(username=email, password=password))
    assert isinstance(token, Token), token

with AuthenticatedClient(base_url=base_url, token=token.access_token) as client:
    me = me_me_get.sync(client=client)
    assert isinstance(me, UserOut) and me == created, me

print(me.email)
