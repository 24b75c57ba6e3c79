/** Completion for zsh (zsh manual, "Completion System"). */
import type { CompletionCommand, CompletionWord } from "./command-tree.ts";

/** A script to source after `compinit`. It completes `sluice`; with `setopt complete_aliases` also where that is an alias of `npx sluice`. */
export function zshScript(name: string, commands: readonly CompletionCommand[]): string {
  const paths = commands.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  const values = commands.flatMap(({ path, options }) =>
    options.flatMap(({ word, value }) => {
      if (value === "none") return [];
      const then = value.length === 0 ? "_files" : `compadd -- ${value.map(quoted).join(" ")}`;
      return [`    "${`${path} ${word}`.trim()}") ${then}; return ;;`];
    }),
  );
  const words = commands.map(({ path, subcommands, options }) => {
    const all = [...subcommands, ...options].map(described);
    return `    "${path}") words_here=(${all.join(" ")}) ;;`;
  });
  return `#compdef ${name}
# zsh completion of ${name}. Put into ~/.zshrc, after compinit: source <(npx ${name} completion zsh)
_${name}() {
  local command_path= next i
  local -a words_here
  for ((i = 2; i < CURRENT; i++)); do
    next="\${command_path:+$command_path }\${words[i]}"
    case "$next" in
      (${paths.join(" | ")}) command_path=$next ;;
    esac
  done
  case "\${command_path:+$command_path }\${words[CURRENT-1]}" in
${values.map((line) => line.replace('"', '("').replace('")', '")')).join("\n")}
  esac
  case "$command_path" in
${words.map((line) => line.replace('"', '("')).join("\n")}
  esac
  _describe '${name}' words_here
}
compdef _${name} ${name}
`;
}

/** `word:description`, in which a colon of the word itself would need a backslash. */
function described({ word, description }: CompletionWord): string {
  return quoted(`${word.replaceAll(":", "\\:")}:${description}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
