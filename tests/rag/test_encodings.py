"""Encodings: what a file says itself is believed, the rest is guessed rightly for the usual ones."""

import codecs

import pytest

from rag.encodings import read_page, read_text
from workbench.errors import DataError

TEXTS = {
    "German": ("Die Fähre fährt täglich außer sonntags. Für Schüler gibt es ermäßigte Preise.", ["cp1252", "latin-1"]),
    "French": ("Le café est ouvert même à Noël. Les élèves paient moins — « c’est normal ».", ["cp1252"]),
    "Spanish": ("El niño comió una manzana. ¿Dónde está la estación? Detrás del jardín, señor.", ["cp1252", "latin-1"]),
    "Polish": ("Zażółć gęślą jaźń. Święta są w grudniu, a łódź płynie każdego dnia.", ["cp1250", "iso8859_2"]),
    "Czech": ("Příliš žluťoučký kůň úpěl ďábelské ódy. Každý den kromě neděle.", ["cp1250", "iso8859_2"]),
    "Turkish": ("Vapur pazar günleri dışında her gün çalışır; öğrenciler için ücret düşüktür.", ["cp1254"]),
    "Russian": ("Паром ходит каждый день, кроме воскресенья. Билеты можно купить в кассе.", ["cp1251", "koi8_r"]),
    "Greek": ("Το πλοίο φεύγει κάθε μέρα εκτός Κυριακής από το λιμάνι.", ["cp1253"]),
    "Japanese": ("フェリーは日曜日を除いて毎日運航しています。", ["shift_jis", "euc_jp", "iso2022_jp"]),
    "Chinese": ("渡轮每天开航，星期日除外。船票可以在码头的售票处购买。", ["gb18030"]),
    "Korean": ("페리는 일요일을 제외하고 매일 운항합니다.", ["cp949"]),
    "short": ("naïve", ["cp1252", "latin-1"]),
    "shorter": ("Größe: 5 m²", ["cp1252"]),
    "one word in much English": ("The ferry leaves at nine. " * 400 + "Größe", ["cp1252"]),
}


@pytest.mark.parametrize("language", TEXTS)
def test_encodings_are_found(language: str) -> None:
    text, encodings = TEXTS[language]
    for encoding in ("utf-8", "utf-8-sig", "utf-16", *encodings):
        assert read_text(f"{text}\n".encode(encoding), "a.txt").strip() == text, encoding
    assert read_text(codecs.BOM_UTF16_BE + text.encode("utf-16-be"), "a.txt") == text
    assert read_text(codecs.BOM_UTF32_LE + text.encode("utf-32-le"), "a.txt") == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_found_by_its_zeros(encoding: str) -> None:
    for language in ("German", "Russian", "Greek"):
        text = TEXTS[language][0]
        assert read_text(text.encode(encoding), "a.txt") == text


def test_utf_8_that_was_cut_or_patched_stays_utf_8() -> None:
    text = "Die Fähre fährt täglich über den See. " * 20
    assert read_text(text.encode() + "ä".encode()[:1], "a.txt") == f"{text}\ufffd"
    patched = text.encode() + b"\xe9t\xe9 " + text.encode()
    assert read_text(patched, "a.txt").count("fährt") == 40


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02binary", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", bytes(range(1, 256)) * 9]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.txt is not"):
        read_text(data, "a.txt")


def test_a_page_may_say_how_it_is_encoded() -> None:
    text = "Паром ходит"
    for encoding in ("koi8-r", "windows-1251"):
        page = f'<html><head><meta charset="{encoding}"></head><p>{text}'.encode(encoding)
        assert text in read_page(page, "a.html")
    assert "“Größe”" in read_page('<meta charset="iso-8859-1"><p>“Größe”'.encode("cp1252"), "a.html")
    lying = f'<meta charset="koi8-r"><p>{text}'.encode()
    assert text in read_page(lying, "a.html"), "UTF-8 is believed before what a page says"
    assert "Größe" in read_page('<meta charset="no-such"><p>Größe'.encode("cp1252"), "a.html")
