"""What is wrong with a command line, in the language of whoever typed it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from remotecal.cli.terminal import in_their_language, language

if TYPE_CHECKING:
    from typing import Never

IN_CHINESE: Final = {
    "the following arguments are required: {names}": "缺少必需的参数：{names}。",
    "one of the arguments {names} is required": "参数 {names} 中须给出一个。",
    "unrecognized arguments: {given}": "无法识别的参数：{given}。",
    "invalid choice: {given} (choose from {known})": "没有 {given} 这一选项；可选：{known}。",
    "invalid int value: {given}": "{given} 不是整数。",
    "invalid float value: {given}": "{given} 不是数。",
    "invalid {kind} value: {given}": "{given} 不是有效的 {kind} 值。",
    "expected one argument": "其后须有一个值。",
    "expected {count} arguments": "其后须有 {count} 个值。",
    "expected at least one argument": "其后至少须有一个值。",
    "not allowed with argument {other}": "不能与 {other} 同时使用。",
    "ambiguous option: {given} could match {known}": "选项 {given} 不明确，可以是 {known}。",
    "ignored explicit argument {given}": "其后不应有值 {given}。",
}
"""Said by `argparse` → the same."""


class Parser(argparse.ArgumentParser):
    """A parser of command lines, and of the commands below it, that refuses in the language of its user."""

    def error(self, message: str) -> Never:
        """Say what is wrong with the command line, and end with exit code 2."""
        if language() == "en":
            super().error(message)
        usage = self.format_usage().replace("usage: ", "用法：", 1)
        self.exit(2, f"{usage}{self.prog}：{_in_chinese(message)}\n")


def _in_chinese(message: str) -> str:
    """Return what `argparse` or a type of ours says of a command line, in Chinese as far as that is known."""
    from remotecal.sayings import Sayings

    argument, colon, said = message.partition(": ")
    if not colon or not argument.startswith("argument "):
        argument, said = "", message
    put = Sayings(IN_CHINESE).of(said) or in_their_language(said)
    return f"参数 {argument.removeprefix('argument ')}：{put}" if argument else put
