# What the document does not show of step 7: users of the older scheme, and one who is not active.
expect() {
  local status
  status=$(curl -sS -o /dev/null -w '%{http_code}' "$2" -d "username=$3" --data-urlencode "password=$OLDER_PASSWORD")
  [ "$status" = "$1" ] || { echo "$2 answers $status for $3, and not $1" && return 1; }
}

for login in "$OLD$LOGIN" "$EDGE/login"; do
  expect 200 "$login" older1@example.com
  expect 200 "$login" OLDER2@example.com
  expect 400 "$login" "older$OLDER_USERS@example.com"
  expect 403 "$login" nobody@example.com
done
