/**
 * A script that completes command lines in fish, which yargs writes none for: it asks the program as those for bash and zsh do.
 * Files are offered besides, as every command takes some.
 */
const fishCompletion = `# Installation: titlesmith completion > ~/.config/fish/completions/titlesmith.fish
function __titlesmith_completions
    titlesmith --get-yargs-completions (commandline -opc) (commandline -ct)
end
complete -c titlesmith -a '(__titlesmith_completions)'`;

/**
 * The script for fish, where a command line asks for that: by name, or in fish.
 * @param words of the command line.
 * @param shell of the person: `SHELL`.
 */
export function fishCompletionFor(words: readonly string[], shell: string | undefined): string | undefined {
  const [command, named, ...others] = words;
  if (command !== 'completion' || others.length > 0) return undefined;
  const isFish =
    named === 'fish' || (named === undefined && shell !== undefined && /(^|\/)fish$/.test(shell));
  return isFish ? fishCompletion : undefined;
}
