"""``motelink completion``: the shell completes commands, options and files."""

import argparse

_EXAMPLES = """\
examples:
  eval "$(motelink completion bash)"                in ~/.bashrc
  motelink completion zsh > ~/.zfunc/_motelink      a folder of $fpath, before compinit
  motelink completion fish > ~/.config/fish/completions/motelink.fish
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "completion",
        help="print a script that has the shell complete this command",
        description="Print a script that has the shell complete motelink's commands and options.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.cli import build_parser
    from motelink_tools.completion import script

    print(script(build_parser(), arguments.shell))
    return 0
