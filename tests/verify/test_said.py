"""What a verification found is said in Chinese as well, with what it quotes as it is."""

import re
import tomllib

import pytest

from remotecal.certificates.signing.signature import DUTIES
from remotecal.cli.terminal import in_their_language
from remotecal.sayings import Sayings
from remotecal.verify.conduct import NotComputed
from remotecal.verify.report import Check, Unable
from remotecal.verify.said import CATALOGUE, said

PAPER = "Transcribed from a certificate on paper:"
OF_PAPER = (
    "没有签名：不能证明由谁签发。由纸质证书转录：A于 2026-03-05 录入，B于 2026-03-06 独立录入；"
    "两者一致。扫描件：s.pdf，SHA-256 0d9f"
)
TOLD = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("group", TOLD)
def test_a_sentence_quotes_the_same_in_both_languages(group: str) -> None:
    for english, chinese in TOLD[group].items():
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", chinese)), english
        assert re.search("[一-鿿，：]", chinese), english


@pytest.mark.parametrize(
    ("name", "found", "shown"),
    [
        ("journal", "17 lines, each following from the one before", ("日志", "17 行，行行相接")),
        ("  standard C: 1: validity", "it is on paper", ("  标准器 C: 1：有效期", "为纸质证书")),
        (
            "XML signatures",
            "performed by Li Wei on 2026-11-23 17:16 +0000; reviewed by Li Na on 2026-11-24 09:00 +0000",
            ("XML 签名", "校准：Li Wei，2026-11-23 17:16 +0000；核验：Li Na，2026-11-24 09:00 +0000"),
        ),
        (
            "XML signatures",
            "reviewed by Li Na on 2026-11-24 09:00 +0000, by a key that a browser keeps",
            ("XML 签名", "核验：Li Na，2026-11-24 09:00 +0000，密钥保存在浏览器中"),
        ),
        (
            "  standard C: signature",
            (
                f"it is not signed: who issued it can't be proven. {PAPER} typed by A on 2026-03-05 and, "
                "apart from that, by B on 2026-03-06; both agree. Scan: s.pdf, SHA-256 0d9f."
            ),
            ("  标准器 C：签名", OF_PAPER),
        ),
        (
            "PDF signature",
            "holds over the whole file, by Flow laboratory",
            ("PDF 签名", "由 Flow laboratory 签名，覆盖整个文件，有效"),
        ),
        (
            "printed pages",
            "352271 bytes printed again from the XML, and the same to the last one",
            ("打印页", "由 XML 重新打印，352271 字节完全相同"),
        ),
        (
            "trust",
            "A (laboratory) ← B (accreditation body); it calls itself 流量 too, which the list does not tell",
            ("信任", "A（实验室）← B（认可机构）；它还自称 流量，信任列表中没有该名称"),
        ),
        (
            "results",
            "the journal gives another Errors: E, 8 m³/h: certificate '1', journal '2' (1 difference in all)",
            ("结果", "由日志得到另一 Errors: E, 8 m³/h：证书为 '1'，日志为 '2'（共 1 处不同）"),
        ),
        (
            "facts of the rig",
            "g 9.8 m/s², U = 0.1 m/s² (characterisation of the simulated rig); skin 1, U = 2 (a book)",
            ("装置特性", "g 9.8 m/s²，U = 0.1 m/s²（模拟装置的特性测定）；skin 1，U = 2（a book）"),
        ),
        (
            "facts of the rig",
            "connecting volume 0.04 m³, U = 0.004 m³ (a book); pipe volume of ours 1, U = 0 (a book)",
            ("装置特性", "连接容积 0.04 m³，U = 0.004 m³（a book）；pipe volume of ours 1，U = 0（a book）"),
        ),
        (
            "journal",
            "run, line 30: its hash is wrong: it was changed after it was written",
            ("日志", "run 第 30 行：哈希值不符，写成之后被更改"),
        ),
        (
            "journal's end",
            (
                "the run is unfinished: the journal breaks off behind line 9, 'end'; its end was cut off, "
                "or the run never came to it"
            ),
            ("日志结尾", "运行未完成：日志在第 9 行（'end'）之后中断；结尾被截去，或运行未到结尾"),
        ),
        ("what nobody knows", "or said", ("what nobody knows", "or said")),
    ],
)
def test_a_check_is_shown_in_the_readers_language(name: str, found: str, shown: tuple[str, str]) -> None:
    check = Check(name, "passed", found, needed=True)
    told = said(check, "zh")
    assert (told.name, told.found) == shown
    assert told.name_in == told.found_in == ("en" if shown == (name, found) else "zh")
    assert said(check, "en")[:2] == (name, found)


def test_whoever_has_no_list_is_told_what_computes_without_one() -> None:
    with pytest.raises(Unable, match=r"`remotecal evaluate` .* not who wrote it") as refused:
        NotComputed().conclude()
    told = said(Check("results", "not possible", str(refused.value), needed=True), "zh")
    assert "`remotecal evaluate`，无需信任列表" in told.found


def test_what_is_quoted_is_never_read_as_a_sentence() -> None:
    sayings = Sayings({"of {name}": "{name}的", "of {name}, {day}": "{name}在{day}", "{count} {name}": "x"})
    assert sayings.of("of {day}, {name}") == "{day}在{name}"
    assert sayings.of("of (.+)\n") == "(.+)\n的"
    assert sayings.of("unknown") is None


def test_the_sentences_are_those_that_are_said() -> None:
    whole = CATALOGUE.parent.parent
    refusing = [path for part in ("certificates", "journal") for path in (whole / part).rglob("*.py")]
    loading = (whole / "registers.py", whole / "runs" / "catalogue.py", whole / "drivers" / "catalogue.py")
    paths = (*CATALOGUE.parent.glob("*.py"), *refusing, *loading)
    code = "".join(path.read_text(encoding="utf-8") for path in paths)
    code = re.sub(r'"\n\s*f?"', "", code)
    code += "characterisation of the simulated rig"  # by a simulated bench
    code += ", by a key that a browser keeps"  # is said by a signature
    code += "is not an installed one: where you trust it, name it yourself, by --driver"  # by a catalogue
    for what in ("certificate", "time or the duty that it states"):
        code += f"a signature does not hold: the {what} was changed after it was made"
    code += "the certificate  is superseded by is revoked since"  # is said by a trust list
    code += " (laboratory) ← (institute) ← (accreditation body)"  # kinds of bodies
    code += f"it is not signed: who issued it can't be proven. {PAPER} both agree. Scan:"  # `_statement` says
    code += "".join(f"{duty} by ; due next: {duty}" for duty in DUTIES)  # are put together
    for sentence in TOLD["found"]:
        words = max(re.split(r"{\w+}|; |nobody| on | from ", sentence), key=len)
        assert words.strip(" :") in code, sentence


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "Li Qiang signs as performed, but the certificate names Li Wei for that",
            "Li Qiang 以 performed 的职责签名，而证书上该职责写的是 Li Wei。",
        ),
        ("a.xml can't be used: No such file or directory", "a.xml 无法使用：没有这个文件或目录。"),
        ("a.xml can't be read: No such file or directory", "a.xml 无法读取：没有这个文件或目录。"),
        ("tank_evaporation: the simulated bench's own", "tank_evaporation：采用模拟装置自己的值。"),
    ],
)
def test_what_is_refused_daily_is_said_in_chinese(
    english: str, chinese: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert in_their_language(english) == chinese
