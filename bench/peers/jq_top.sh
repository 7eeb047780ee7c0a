#!/usr/bin/env bash
# The same question by jq and sort: jq_top.sh FILE.zst SUBREDDIT > titles
set -euo pipefail
zstd -dcq --long=31 "$1" |
  jq -r --arg wanted "${2,,}" \
    'select((.subreddit // "" | ascii_downcase) == $wanted and (.title | length) >= 8) | [.score, .created_utc, .id, .title] | @tsv' |
  sort -t "$(printf '\t')" -k1,1nr -k2,2n -k3,3 | head -n 16000 | cut -f4- || true
