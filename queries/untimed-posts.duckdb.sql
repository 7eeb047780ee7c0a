-- Posts of one or more subreddits whose created_utc is no time that can be read, so that nobody can tell their month.
-- DuckDB SQL; asked only where months are. One row for each file and spelling.
--
-- posts(files), seconds_of(text) and the parameters are those of top-titles.duckdb.sql.
--
-- $files       VARCHAR[]  paths of the dumps
-- $subreddits  VARCHAR[]  names in lower case, without r/
-- $min_length  BIGINT     shortest raw title, in Unicode characters
SELECT
  file,
  created_utc,
  count(*) AS posts
FROM posts($files)
WHERE
  seconds_of(created_utc) IS NULL
  AND length(title) >= $min_length
  AND list_contains($subreddits, lower(subreddit))
  AND strlen(subreddit) = length(subreddit)
GROUP BY file, created_utc
ORDER BY file, created_utc NULLS FIRST
