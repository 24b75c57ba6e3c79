/** Completion for bash (Bash reference manual, "Programmable Completion"). */
import type { CompletionCommand } from "./command-tree.ts";

/** A script to source. It completes `sluice`, also where that is an alias of `npx sluice`. */
export function bashScript(name: string, commands: readonly CompletionCommand[]): string {
  const paths = commands.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  const values = commands.flatMap(({ path, options }) =>
    options.flatMap(({ word, value }) =>
      value === "none" ? [] : [`    "${`${path} ${word}`.trim()}") words="${value.join(" ")}" ;;`],
    ),
  );
  const words = commands.map(({ path, subcommands, options }) => {
    const all = [...subcommands, ...options].map(({ word }) => word);
    return `      "${path}") words="${all.join(" ")}" ;;`;
  });
  return `# bash completion of ${name}. Put into ~/.bashrc: source <(npx ${name} completion bash)
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path= words= next i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
      ${paths.join(" | ")}) path=$next ;;
    esac
  done
  case "\${path:+$path }$previous" in
${values.join("\n")}
    *)
      case "$path" in
${words.map((line) => `  ${line}`).join("\n")}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${name}
`;
}
