-- Which subreddits dumps of Reddit posts hold, and how many posts of each. DuckDB SQL; asked only after a query found
-- nothing. Reads the subreddit column alone, in one pass.
--
-- posts(files) is the table macro of top-titles.duckdb.sql.
--
-- $files   VARCHAR[]  paths of the dumps
SELECT
  lower(subreddit) AS name,
  count(*) AS posts
FROM posts($files)
WHERE subreddit IS NOT NULL
GROUP BY name
