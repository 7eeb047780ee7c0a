-- Which subreddits dumps of Reddit posts hold: those spelt most like the wanted one first, then those with
-- most posts. DuckDB SQL; asked only after a query found nothing. Reads the subreddit column alone, in one
-- pass.
--
-- $files   VARCHAR[]  paths of the dumps
-- $wanted  VARCHAR    the name that was asked for, in lower case
SELECT
  lower(subreddit) AS name,
  count(*) AS posts
FROM posts($files)
WHERE subreddit IS NOT NULL
GROUP BY name
ORDER BY
  name = $wanted DESC,
  CASE WHEN damerau_levenshtein(name, $wanted) <= 2 THEN damerau_levenshtein(name, $wanted) ELSE 3 END,
  posts DESC,
  name
LIMIT 10
