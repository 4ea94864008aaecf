# The two have agreed about a right login, a wrong one, and the user of a token; the comparison goes on after the answer.
for _ in $(seq 50); do
  [ "$(grep -c '"reason":"shadow-' worker.log)" -ge 3 ] && break
  sleep 0.1
done
grep '"reason":"shadow-' worker.log
[ "$(grep -c '"reason":"shadow-agreed"' worker.log)" = 3 ]
