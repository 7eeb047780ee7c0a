/**
 * The name of a subreddit as it is compared: without a leading `r/` or `/r/`, and in lower case, as Reddit's names are
 * case-insensitive. What it holds is not checked.
 */
export function bareSubreddit(typed: string): string {
  return typed.replace(/^\/?r\//i, '').toLowerCase();
}
