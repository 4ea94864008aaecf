# What the document does not show of step 7: users of the older scheme, and one who is not active.
status() { curl -sS -o /dev/null -w '%{http_code}' "$1" -d "username=$2" --data-urlencode "password=$OLDER_PASSWORD"; }

for login in "$OLD$LOGIN" "$EDGE/login"; do
  [ "$(status "$login" older1@example.com)" = 200 ]
  [ "$(status "$login" OLDER2@example.com)" = 200 ]
  [ "$(status "$login" "older$OLDER_USERS@example.com")" = 400 ]
  [ "$(status "$login" nobody@example.com)" = 403 ]
done
