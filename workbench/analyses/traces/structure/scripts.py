"""Whether a text changes its script half-way. Languages that share a script are not told apart."""

from __future__ import annotations

import re
from typing import Final

_SCRIPTS: Final = {
    "Latin": "A-Za-z\u00c0-\u024f",
    "Chinese or Japanese": "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff",
    "Hangul": "\uac00-\ud7a3",
    "Cyrillic": "\u0400-\u04ff",
    "Arabic": "\u0620-\u064a\u0671-\u06d3",
    "Hebrew": "\u05d0-\u05ea",
    "Devanagari": "\u0904-\u0939",
    "Thai": "\u0e01-\u0e30",
}
"""The letters by which each is known; Greek is left out, since its letters stand in formulas."""
_DENSE: Final = ("Chinese or Japanese", "Hangul", "Thai")
"""A letter of these is worth half a word or more."""
_letters: Final = {name: re.compile(f"[{range_}]") for name, range_ in _SCRIPTS.items()}
_other: Final = re.compile(f"[{''.join(_SCRIPTS.values())[len(_SCRIPTS['Latin']) :]}]")
_runs: Final = {
    # Prose, not a name or a term: eight words in a row, or a clause of twelve letters where words are not spaced.
    name: re.compile(
        rf"[{letters}](?:[ \n，。、；：！？,.0-9]{{0,3}}[{letters}]){{11,400}}"
        if name in _DENSE
        else rf"(?<![{letters}])(?:[{letters}'’-]{{1,30}}[ ,;:.!?\n]{{1,3}}){{8,80}}"
    )
    for name, letters in _SCRIPTS.items()
}
_english: Final = re.compile(r"\b(?:the|is|are|was|of|to|and|so|we|that|this|in|it|for|with|but|which|then|because)\b")
_about_language: Final = re.compile(
    r"translat|\blanguage|\bin (?:both |two )?(?:english|chinese|mandarin|cantonese|japanese|korean|russian|arabic|hebrew|hindi|thai"
    r"|ukrainian)|\b(?:english|chinese|mandarin|japanese|korean|russian|arabic|hebrew|hindi|thai|ukrainian|bilingual|kanji|hanzi"
    r"|hiragana|hangul|cyrillic|pinyin|transliterat)"
    r"|翻译|译|英语|英文|中文|汉语|日语|日文|韩语|俄语|双语|语言|单词|拼音|перевод|перевед|английск|번역|영어|代码|程序|函数|编程|脚本|网页"
    r"|句|词|诗|歌|标题|引用|邮件|名言",
    re.IGNORECASE,
)
_quoting: Final = re.compile(r"[`\"“”「『《'(（\[]")
_HEAD: Final = 20_000


def switched(prompt: str, text: str) -> tuple[int, int, str] | None:
    """`(start, end, script)` of the first prose in another script, or None.

    The prompt must be in one script, the text must begin in it, and the prompt must not be about languages. Names, terms
    and quotations in another script are no change; nor is a text that is in another script throughout."""
    if text.isascii() or not _other.search(text):
        return None
    asked = {name: len(letters.findall(prompt[:_HEAD])) for name, letters in _letters.items()}
    own = max(asked, key=lambda name: asked[name])
    if asked[own] < 10 or asked[own] < 0.95 * sum(asked.values()) or _about_language.search(prompt):
        return None
    for name, run in _runs.items():
        if name == own or asked[name] or not (found := run.search(text[:_HEAD])):
            continue
        if name == "Latin" and len(_english.findall(found[0])) < 3:
            continue
        start, end = found.span()
        before = text[:start]
        if len(_letters[own].findall(before)) < 20 or _quoting.search(text[max(start - 2, 0) : start]):
            continue
        if "```" in before or len(_letters[name].findall(before)) > len(_letters[own].findall(before)):
            continue
        return start, end, name
    return None
