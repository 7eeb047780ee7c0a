/** A way through the code as a reader takes it: a heading, and the files passed in their order. */
export interface Walk {
  readonly name: string;
  /** Relative to the repository, each once. */
  readonly files: readonly string[];
}

/**
 * The walks of a page in Markdown: below a heading of level 2 whose text ends in "walks", each heading of level 3 is one,
 * and passes the files of src that its text names in backticks.
 */
export function readWalks(page: string): Walk[] {
  const sections = page.split(/^## /m).filter((section) => /^.*walks$/i.test(section.split('\n')[0] ?? ''));
  return sections.flatMap((section) =>
    section
      .split(/^### /m)
      .slice(1)
      .map((walk) => {
        const files = [...walk.matchAll(/`(src\/[^`]+\.\w+)`/g)].map(([, file]) => file!);
        return { name: walk.split('\n')[0]!.trim(), files: [...new Set(files)] };
      }),
  );
}
