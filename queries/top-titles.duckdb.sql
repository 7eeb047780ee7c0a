-- The highest-scored titles of one or more subreddits, from dumps of Reddit posts (NDJSON, CSV or Parquet).
-- DuckDB SQL. Selects the same titles in the same order as top-titles.bigquery.sql does from BigQuery's
-- tables.
--
-- posts(files) is a table macro that src/pipeline/sources/duckdb/posts.ts defines for the format at hand. It
-- gives the columns title, subreddit, score, created_utc and id, all as text; other columns of the files are
-- not decoded. Costs one pass over the files; the rows that match are sorted in memory, and on disk beyond
-- that.
--
-- $files        VARCHAR[]  paths of the dumps
-- $subreddits   VARCHAR[]  names in lower case, without r/
-- $from_second  DOUBLE     start of the first month in UTC, in seconds since 1970; NULL for no bound
-- $to_second    DOUBLE     start of the month after the last one, likewise
-- $min_length   BIGINT     shortest raw title, in Unicode characters
-- $title_limit  BIGINT     most titles of each subreddit
WITH post AS (
  SELECT
    title,
    subreddit,
    TRY_CAST(score AS BIGINT) AS score,
    -- Dumps write seconds as 1335842178, "1335842178" or 1335842178.0; Parquet files also as a time.
    coalesce(TRY_CAST(created_utc AS DOUBLE), epoch(TRY_CAST(created_utc AS TIMESTAMP))) AS created_utc,
    id
  FROM posts($files)
)
SELECT
  replace(
    replace(replace(replace(post.title, '&lt;', '<'), '&gt;', '>'), '&amp;', '&'),
    chr(65533), ''
  ) AS title,
  post.subreddit AS subreddit,
  post.score AS score,
  post.id AS id
FROM post
WHERE
  ($from_second IS NULL OR post.created_utc >= $from_second)
  AND ($to_second IS NULL OR post.created_utc < $to_second)
  AND length(post.title) >= $min_length
  AND list_contains($subreddits, lower(post.subreddit))
  -- Names are ASCII; lower alone would also take the Kelvin sign for a k.
  AND strlen(post.subreddit) = length(post.subreddit)
QUALIFY
  row_number() OVER (
    PARTITION BY lower(post.subreddit)
    ORDER BY
      post.score DESC NULLS LAST,
      post.created_utc ASC NULLS LAST,
      post.id ASC NULLS LAST,
      post.title ASC
  ) <= $title_limit
ORDER BY
  post.score DESC NULLS LAST,
  post.created_utc ASC NULLS LAST,
  post.id ASC NULLS LAST,
  post.title ASC
