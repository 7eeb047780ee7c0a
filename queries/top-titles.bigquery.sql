-- The highest-scored titles of one or more subreddits, from the Reddit posts that Felipe Hoffa keeps in
-- BigQuery. BigQuery standard SQL. Selects the same titles in the same order as top-titles.duckdb.sql does
-- from dumps.
--
-- Reads the columns title, subreddit, score, created_utc and id of one table a month (2015_12, 2016_01, ...).
-- Bytes, by arithmetic from BigQuery's sizes of types, not measured there: 8 each for score and created_utc, and
-- 2 + the UTF-8 length for the texts, so about 16 + (2 + 52) + (2 + 11) + (2 + 6) = 91 a post. A month of
-- 16 million posts is 1.5 GB ($0.009 at $6.25 a TiB), the 28 months from 2017_01 to 2019_04 some 30 GB ($0.17).
-- Billed by bytes read, whatever the limit and the number of subreddits; the first TiB of a month is free. The bounds
-- keep full_corpus_201512 (posts before 2015-12) out. What a query will read is asked of BigQuery by a dry run first.
--
-- @subreddits   ARRAY<STRING>  names in lower case, without r/
-- @from_month   STRING         first month, 2017_01
-- @to_month     STRING         last month, included
-- @min_length   INT64          shortest raw title, in Unicode characters
-- @title_limit  INT64          most titles of each subreddit
WITH post AS (
  SELECT
    -- CHR(59) is the semicolon, behind which the emulator puts a space where it stands in a text.
    REPLACE(
      REPLACE(
        REPLACE(REPLACE(title, CONCAT('&lt', CHR(59)), '<'), CONCAT('&gt', CHR(59)), '>'),
        CONCAT('&amp', CHR(59)), '&'
      ),
      '\uFFFD', ''
    ) AS decoded,
    title,
    subreddit,
    score,
    SAFE_CAST(created_utc AS FLOAT64) AS created_utc,
    id
  FROM
    `fh-bigquery.reddit_posts.*`
  WHERE
    _TABLE_SUFFIX BETWEEN @from_month AND @to_month
    AND LENGTH(title) >= @min_length
    AND LOWER(subreddit) IN UNNEST(@subreddits)
    -- Names are ASCII; LOWER alone would also take the Kelvin sign for a k.
    AND BYTE_LENGTH(subreddit) = LENGTH(subreddit)
),
-- A post that stands twice counts once: its best row stays.
once AS (
  SELECT
    decoded,
    title,
    subreddit,
    score,
    created_utc,
    id,
    ROW_NUMBER() OVER (
      PARTITION BY LOWER(subreddit), id
      ORDER BY score DESC NULLS LAST, created_utc ASC NULLS LAST, title ASC
    ) AS copy
  FROM post
),
ranked AS (
  SELECT
    decoded,
    title,
    subreddit,
    score,
    created_utc,
    id,
    ROW_NUMBER() OVER (
      PARTITION BY LOWER(subreddit)
      ORDER BY score DESC NULLS LAST, created_utc ASC NULLS LAST, id ASC NULLS LAST, title ASC
    ) AS place
  FROM once
  WHERE id IS NULL OR copy = 1
)
SELECT
  ranked.decoded AS title,
  ranked.subreddit AS subreddit,
  ranked.score AS score,
  ranked.id AS id
FROM
  ranked
WHERE
  ranked.place <= @title_limit
ORDER BY
  ranked.score DESC NULLS LAST,
  ranked.created_utc ASC NULLS LAST,
  ranked.id ASC NULLS LAST,
  ranked.title ASC
