# shellcheck shell=sh
# Checks the keys of the administrators. ssh-keygen is content with one good line, and prints a line for each
# that is.
for file in /etc/ssh/authorized_keys.d/*; do
  good=$(ssh-keygen -lf "$file" | wc -l)
  all=$(grep -cvE '^[[:space:]]*(#|$)' "$file")
  test "$good" = "$all" || { echo "$file: not a public key: $((all - good)) of $all lines"; exit 1; }
done
