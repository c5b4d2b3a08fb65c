import { commands, optionsOf } from "./arguments.mjs";
import { exit, Failure } from "./output.mjs";

const names = Object.keys(commands);
const flagsOf = (name) => Object.keys(optionsOf(name)).map((option) => `--${option}`);

const bash = () => `_meshy() {
  local command word words="${names.join(" ")}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
${names.map((name) => `      ${name}) words="${flagsOf(name).join(" ")}"; break ;;`).join("\n")}
    esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _meshy meshy`;

const zsh = () => `autoload -U +X bashcompinit && bashcompinit\n${bash()}`;

const fish = () =>
  names
    .flatMap((name) => [
      `complete -c meshy -n __fish_use_subcommand -f -a ${name} -d "${commands[name].does}"`,
      ...Object.entries(optionsOf(name)).map(
        ([option, { does }]) => `complete -c meshy -n "__fish_seen_subcommand_from ${name}" -l ${option} -d "${does}"`,
      ),
    ])
    .join("\n");

const scripts = { bash, zsh, fish };

export function completion(shell) {
  if (!Object.hasOwn(scripts, shell))
    throw new Failure(`there is ${Object.keys(scripts).join(", ")}, not ${shell}`, exit.usage);
  return scripts[shell]();
}
