/** Completion for fish (fish documentation, "complete"). */
import type { CompletionCommand } from "./command-tree.ts";

/** A script to source. It completes `sluice`, also where that is an alias of `npx sluice`. */
export function fishScript(name: string, commands: readonly CompletionCommand[]): string {
  const paths = commands.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  const lines = commands.flatMap(({ path, subcommands, options }) => {
    const at = `complete -c ${name} -n "__${name}_at ${quoted(path)}"`;
    return [
      ...subcommands.map(({ word, description }) => `${at} -f -a ${word} -d ${quoted(description)}`),
      ...options.map(({ word, description, value }) => {
        const argument =
          value === "none" ? " -f" : value.length === 0 ? " -r" : ` -x -a ${quoted(value.join(" "))}`;
        return `${at} -l ${word.replace(/^--/, "")}${argument} -d ${quoted(description)}`;
      }),
    ];
  });
  return `# fish completion of ${name}. Put into ~/.config/fish/config.fish: npx ${name} completion fish | source
function __${name}_at
  set -l command_path
  for word in (commandline -opc)[2..]
    set -l next (string trim "$command_path $word")
    contains -- $next ${paths.join(" ")}; and set command_path $next
  end
  test "$command_path" = "$argv[1]"
end
${lines.join("\n")}
`;
}

/** In single quotes fish knows two escapes: of the quote and of the backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
