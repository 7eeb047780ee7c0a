-- The highest-scored titles of one or more subreddits, from dumps of Reddit posts (CSV or Parquet; NDJSON is read by
-- src/data/sources/ndjson, which gives the same answer). DuckDB SQL. Selects the same titles in the same order as
-- top-titles.bigquery.sql does from BigQuery's tables.
--
-- posts(files) is a table macro that src/data/sources/duckdb/dump-tables.ts defines for the format at hand. It gives the
-- columns title, subreddit, score, created_utc and id, all as text; other columns of the files are not decoded.
-- number_of(text) and seconds_of(text) are macros of src/data/sources/duckdb/value-macros.ts, which read numbers, and
-- times as seconds since 1970, by the grammar that NDJSON is read by: src/data/sources/post-values.ts. Costs one pass over the files; the rows that match are sorted in memory, and on disk beyond
-- that. Bytes read of a month: the whole file where it is CSV; where it is Parquet the chunks of these five columns
-- alone, by arithmetic (as in top-titles.bigquery.sql, not measured) 91 bytes a post before compression, 1.5 GB for
-- 16 million posts.
--
-- $files        VARCHAR[]  paths of the dumps
-- $subreddits   VARCHAR[]  names in lower case, without r/
-- $from_second  DOUBLE     start of the first month in UTC, in seconds since 1970; NULL for no bound
-- $to_second    DOUBLE     start of the month after the last one, likewise
-- $min_length   BIGINT     shortest raw title, in Unicode characters
-- $title_limit  BIGINT     most titles of each subreddit
WITH typed AS (
  SELECT
    title,
    subreddit,
    number_of(score) AS number,
    seconds_of(created_utc) AS created_utc,
    id
  FROM posts($files)
),
post AS (
  SELECT
    title,
    subreddit,
    -- Whole numbers that a double holds exactly; anything else is no score.
    CASE WHEN number = trunc(number) AND abs(number) <= 9007199254740991 THEN CAST(number AS BIGINT) END AS score,
    created_utc,
    id
  FROM typed
  WHERE
    ($from_second IS NULL OR created_utc >= $from_second)
    AND ($to_second IS NULL OR created_utc < $to_second)
    AND length(title) >= $min_length
    AND list_contains($subreddits, lower(subreddit))
    -- Names are ASCII; lower alone would also take the Kelvin sign for a k.
    AND strlen(subreddit) = length(subreddit)
),
-- Dumps that overlap hold a post twice: its best row stays.
once AS (
  SELECT *
  FROM post
  QUALIFY
    id IS NULL
    OR row_number() OVER (
      PARTITION BY lower(subreddit), id
      ORDER BY score DESC NULLS LAST, created_utc ASC NULLS LAST, title ASC
    ) = 1
)
SELECT
  replace(
    replace(replace(replace(title, '&lt;', '<'), '&gt;', '>'), '&amp;', '&'),
    chr(65533), ''
  ) AS title,
  subreddit,
  score,
  id
FROM once
QUALIFY
  row_number() OVER (
    PARTITION BY lower(subreddit)
    ORDER BY score DESC NULLS LAST, created_utc ASC NULLS LAST, id ASC NULLS LAST, once.title ASC
  ) <= $title_limit
ORDER BY score DESC NULLS LAST, created_utc ASC NULLS LAST, id ASC NULLS LAST, once.title ASC
