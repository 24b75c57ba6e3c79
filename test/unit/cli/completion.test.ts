/** Completion: bash asks the script what may follow; the other shells' scripts are held as they are, for a small command line. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { commandTree } from "../../../packages/cli/src/completion/command-tree.ts";
import { fishScript } from "../../../packages/cli/src/completion/fish.ts";
import { zshScript } from "../../../packages/cli/src/completion/zsh.ts";
import { createProgram } from "../../../packages/cli/src/program.ts";
import type { Terminal } from "../../../packages/cli/src/run.ts";
import { commandLine } from "../../support/cli.ts";
import { temporaryDirectory } from "../../support/local-lambda.ts";

const execute = promisify(execFile);

/** Small, with what a shell might stumble over. */
function small(): Command {
  const program = new Command("sluice");
  program
    .command("show")
    .description("what's there: all of it")
    .addOption(new Option("--level <level>", "how grave").choices(["low", "high"]))
    .option("--file <path>", "a file")
    .option("--json", "print JSON");
  program.command("keys").command("list").description("every key");
  return program;
}

describe("sluice completion bash", () => {
  async function scriptFile(): Promise<string> {
    const script = join(await temporaryDirectory(), "sluice.bash");
    const cli = await commandLine();
    const { stdout, exitCode } = await cli.run("completion", "bash");
    expect(exitCode).toBe(0);
    await writeFile(script, stdout);
    return script;
  }

  /** What bash offers when Tab is pressed behind these words, the last of which may be begun. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    const asked = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await execute("bash", [
      "--norc",
      "-c",
      asked,
      "bash",
      await scriptFile(),
      "sluice",
      ...words,
    ]);
    return stdout.split("\n").filter((word) => word !== "");
  }

  it.each<[words: readonly string[], offers: readonly string[]]>([
    [["que"], ["queue"]],
    [["queue", "r"], ["redrive"]],
    [["queue", "redrive", "--dr"], ["--dry-run"]],
    [
      ["tail", "--level", ""],
      ["default", "warning", "error"],
    ],
    [["tail", "--json", "--level", "w"], ["warning"]],
    [
      ["replay", "--from", ""],
      ["spill", "dlq", "log"],
    ],
    [["keys", "create", "--alias", "queue", "--peri"], ["--period"]],
    [["doctor", "--no"], ["--no-canary"]],
    [["doctor", "--config", ""], []],
    [["nonsense", "qu"], ["queue"]],
  ])("offers behind %j %j", async (words, offers) => {
    expect(await offered(...words)).toEqual(offers);
  });

  it("offers every command of the program", async () => {
    const names = createProgram({} as Terminal).commands.map((command) => command.name());
    expect(await offered("")).toEqual(expect.arrayContaining(names));
    expect(names.length).toBeGreaterThan(10);
  });

  it("is what bash takes without a word", async () => {
    expect(await execute("bash", ["-n", await scriptFile()])).toMatchObject({ stderr: "" });
  });
});

describe("sluice completion", () => {
  it("has descriptions and values for zsh", () => {
    expect(zshScript("sluice", commandTree(small()))).toMatchInlineSnapshot(`
      "#compdef sluice
      # zsh completion of sluice. Put into ~/.zshrc, after compinit: source <(npx sluice completion zsh)
      _sluice() {
        local command_path= next i
        local -a words_here
        for ((i = 2; i < CURRENT; i++)); do
          next="\${command_path:+$command_path }\${words[i]}"
          case "$next" in
            ("show" | "keys" | "keys list") command_path=$next ;;
          esac
        done
        case "\${command_path:+$command_path }\${words[CURRENT-1]}" in
          ("show --level") compadd -- 'low' 'high'; return ;;
          ("show --file") _files; return ;;
        esac
        case "$command_path" in
          ("") words_here=('show:what'\\''s there: all of it' 'keys:' '--help:display help for command') ;;
          ("show") words_here=('--level:how grave' '--file:a file' '--json:print JSON' '--help:display help for command') ;;
          ("keys") words_here=('list:every key' '--help:display help for command') ;;
          ("keys list") words_here=('--help:display help for command') ;;
        esac
        _describe 'sluice' words_here
      }
      compdef _sluice sluice
      "
    `);
  });

  it("has descriptions and values for fish", () => {
    expect(fishScript("sluice", commandTree(small()))).toMatchInlineSnapshot(`
      "# fish completion of sluice. Put into ~/.config/fish/config.fish: npx sluice completion fish | source
      function __sluice_at
        set -l command_path
        for word in (commandline -opc)[2..]
          set -l next (string trim "$command_path $word")
          contains -- $next 'show' 'keys' 'keys list'; and set command_path $next
        end
        test "$command_path" = "$argv[1]"
      end
      complete -c sluice -n "__sluice_at ''" -f -a show -d 'what\\'s there: all of it'
      complete -c sluice -n "__sluice_at ''" -f -a keys -d ''
      complete -c sluice -n "__sluice_at ''" -l help -f -d 'display help for command'
      complete -c sluice -n "__sluice_at 'show'" -l level -x -a 'low high' -d 'how grave'
      complete -c sluice -n "__sluice_at 'show'" -l file -r -d 'a file'
      complete -c sluice -n "__sluice_at 'show'" -l json -f -d 'print JSON'
      complete -c sluice -n "__sluice_at 'show'" -l help -f -d 'display help for command'
      complete -c sluice -n "__sluice_at 'keys'" -f -a list -d 'every key'
      complete -c sluice -n "__sluice_at 'keys'" -l help -f -d 'display help for command'
      complete -c sluice -n "__sluice_at 'keys list'" -l help -f -d 'display help for command'
      "
    `);
  });

  it("names the shells that it knows", async () => {
    const cli = await commandLine();
    const { exitCode, stderr } = await cli.run("completion", "powershell");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Allowed choices are bash, zsh, fish");
  });
});
