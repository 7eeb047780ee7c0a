/** What is wrong with a line that is no YAML, and what to do, by the parser's codes. */
const faults: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'this line begins with a tab. Indent it with spaces.',
  DUPLICATE_KEY: 'this key stands here a second time. Remove one of the two.',
  BAD_INDENT:
    'this line is indented otherwise than those it belongs to, or a bracket before it is not closed.',
  MISSING_CHAR: 'a quote, a bracket, a colon or a comma is missing here or before.',
  BLOCK_IN_FLOW:
    'a list or map by lines cannot stand between brackets. Write it by lines alone, or with brackets alone.',
  BLOCK_AS_IMPLICIT_KEY:
    'this line is indented otherwise than those before it, or has a second colon. Indent all of a list alike, and put a value with a colon in quotes.',
  MULTILINE_IMPLICIT_KEY: 'a key is on one line, with a colon and a space behind it: "steps: 400".',
  UNEXPECTED_TOKEN:
    'this does not belong here. A key is followed by a colon and a space, and an item of a list begins with "- ".',
  BAD_ALIAS: 'an alias (*name) names no anchor (&name). A value that begins with * is put in quotes.',
  BAD_DQ_ESCAPE:
    'a backslash between double quotes begins no known character. Write it twice, or use single quotes.',
  BAD_SCALAR_START: 'a value cannot begin with this character. Put it in quotes.',
  MULTIPLE_DOCS: 'the file holds several documents. Remove the lines of three hyphens.',
};

/** A parser's error in words of ours, one line: what is wrong with the line, and what to do. */
export function yamlFault({ code, message }: { readonly code: string; readonly message: string }): string {
  const said = message.replaceAll(/\s+/g, ' ').replace(/\.?$/, '.');
  return faults[code] ?? `no YAML: ${said}`;
}
