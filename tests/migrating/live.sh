# What the document does not show of step 7: users of the older scheme, and one who is not active.
status() { curl -sS -o /dev/null -w '%{http_code}' "$1/login" -d "username=$2" --data-urlencode "password=$OLDER_PASSWORD"; }

for side in "$OLD" "$EDGE"; do
  [ "$(status "$side" older1@example.com)" = 200 ]
  [ "$(status "$side" OLDER2@example.com)" = 200 ]
  [ "$(status "$side" "older$OLDER_USERS@example.com")" = 400 ]
  [ "$(status "$side" nobody@example.com)" = 403 ]
done
