"""completion: the script that makes a shell complete commands, options and names."""

from __future__ import annotations

import click

from workbench.cli.main import COMPLETE_VARIABLE, root


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash   echo 'eval "$(workbench completion bash)"' >> ~/.bashrc
    zsh    echo 'eval "$(workbench completion zsh)"' >> ~/.zshrc
    fish   workbench completion fish > ~/.config/fish/completions/workbench.fish
    """
    from click.shell_completion import get_completion_class

    completer = get_completion_class(shell)
    assert completer is not None
    click.echo(completer(root, {}, "workbench", COMPLETE_VARIABLE).source())


COMMANDS: dict[str, click.Command] = {"completion": completion}
