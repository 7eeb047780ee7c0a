-- The highest-scored titles of one or more subreddits, from the Reddit posts that Felipe Hoffa keeps in
-- BigQuery. BigQuery standard SQL. Selects the same titles in the same order as top-titles.duckdb.sql does
-- from dumps.
--
-- Reads the columns title, subreddit, score, created_utc and id of one table a month (2015_12, 2016_01, ...):
-- about 100 bytes a post, 0.5 to 1.5 GB a month, so 20 to 40 GB for 2017_01 to 2019_04. Billed by bytes read,
-- whatever the limit; the first TiB of a month is free. The bounds keep full_corpus_201512 (posts before
-- 2015-12) out.
--
-- @subreddits   ARRAY<STRING>  names in lower case, without r/
-- @from_month   STRING         first month, 2017_01
-- @to_month     STRING         last month, included
-- @min_length   INT64          shortest raw title, in Unicode characters
-- @title_limit  INT64          most titles of each subreddit
SELECT
  REPLACE(
    REPLACE(REPLACE(REPLACE(post.title, '&lt;', '<'), '&gt;', '>'), '&amp;', '&'),
    '\uFFFD', ''
  ) AS title,
  post.subreddit AS subreddit,
  post.score AS score,
  post.id AS id
FROM
  `fh-bigquery.reddit_posts.*` AS post
WHERE
  _TABLE_SUFFIX BETWEEN @from_month AND @to_month
  AND LENGTH(post.title) >= @min_length
  AND LOWER(post.subreddit) IN UNNEST(@subreddits)
  -- Names are ASCII; LOWER alone would also take the Kelvin sign for a k.
  AND BYTE_LENGTH(post.subreddit) = LENGTH(post.subreddit)
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY LOWER(post.subreddit)
    ORDER BY
      post.score DESC NULLS LAST,
      SAFE_CAST(post.created_utc AS FLOAT64) ASC NULLS LAST,
      post.id ASC NULLS LAST,
      post.title ASC
  ) <= @title_limit
ORDER BY
  post.score DESC NULLS LAST,
  SAFE_CAST(post.created_utc AS FLOAT64) ASC NULLS LAST,
  post.id ASC NULLS LAST,
  post.title ASC
