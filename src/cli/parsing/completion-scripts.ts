import { usageError } from '../../common/errors.js';

/**
 * Scripts that complete command lines. Each asks the program what may stand in the place of the word at hand, and leaves files to the
 * shell where that is nothing. `SHELL` is set as descriptions follow the words for zsh alone, whatever a person's own shell is.
 * The one for bash keeps to version 3.2, which macOS has.
 */
const scripts = {
  bash: `# Installation: titlesmith completion bash >> ~/.bashrc
_titlesmith_completions() {
    local word current="\${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    while IFS= read -r word; do
        if [[ -n $word && $word == "$current"* ]]; then COMPREPLY+=("$(printf %q "$word")"); fi
    done < <(SHELL=bash titlesmith --get-yargs-completions "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}
complete -o bashdefault -o default -F _titlesmith_completions titlesmith`,
  zsh: `#compdef titlesmith
# Installation: titlesmith completion zsh >> ~/.zshrc, below a line with compinit
_titlesmith_completions() {
    local -a reply
    reply=("\${(@f)$(SHELL=zsh titlesmith --get-yargs-completions "\${(@)words[1,CURRENT]}" 2>/dev/null)}")
    reply=("\${(@)reply:#}")
    if (( \${#reply} )) && _describe 'words' reply; then return 0; fi
    _default
}
compdef _titlesmith_completions titlesmith`,
  fish: `# Installation: titlesmith completion fish > ~/.config/fish/completions/titlesmith.fish
function __titlesmith_completions
    SHELL=fish titlesmith --get-yargs-completions (commandline -opc) (commandline -ct) 2>/dev/null
end
complete -c titlesmith -a '(__titlesmith_completions)'`,
} as const;

const help = `titlesmith completion [shell]

Prints a script that completes commands, options, runs and models in a shell:
${Object.keys(scripts).join(', ')}; default: the one that SHELL names.

Options:
  --shell <name>  The shell, too.
  --help          Show this help; -h too.

Examples:
  titlesmith completion bash >> ~/.bashrc
  titlesmith completion zsh >> ~/.zshrc
  titlesmith completion fish > ~/.config/fish/completions/titlesmith.fish`;

export const shellNames = Object.keys(scripts) as (keyof typeof scripts)[];

const isShell = (name: string): name is keyof typeof scripts => Object.hasOwn(scripts, name);

/**
 * The script that a command line asks for: of the shell that it names, as in `completion zsh` or `completion --shell zsh`, else of
 * the person's; or help. Undefined where it asks for something else.
 * @param shell of the person: `SHELL`.
 * @throws TitlesmithError `usage` where no script is known for the shell, or none is named and `SHELL` names none.
 */
export function completionScriptFor(
  [command, ...words]: readonly string[],
  shell: string | undefined,
): string | undefined {
  if (command !== 'completion') return undefined;
  if (words.some((word) => ['--help', '-h'].includes(word))) return help;
  const hint = `Name one of ${shellNames.join(', ')}: titlesmith completion bash.`;
  const named = words.flatMap((word) => (word === '--shell' ? [] : [word.replace(/^--shell=/, '')]));
  const [name = shell?.replace(/^.*[\\/]|\.exe$/g, ''), extra] = named;
  if (extra !== undefined) throw usageError(`${JSON.stringify(extra)} is one argument too many.`, hint);
  if (words.at(-1) === '--shell') throw usageError('--shell needs a value: the name of a shell.', hint);
  if (name === undefined) throw usageError('SHELL, which would name the shell, is not set.', hint);
  if (isShell(name)) return scripts[name];
  if (name.startsWith('-')) throw usageError(`unknown option '${name}'.`, hint);
  throw usageError(`There is no completion for the shell ${JSON.stringify(name)}.`, hint);
}
