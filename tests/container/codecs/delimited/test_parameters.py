"""Parameters of the content type that would have no effect are refused by name, with what to do instead."""

import pytest

from container.codecs.delimited.parameters import read_charset, read_delimiter, read_label_size, refuse_unsupported
from container.contract.errors import DecodeError
from container.contract.media import parse_media_type

REMEDIES = {
    "quotechar": 'Quote fields by "',
    "quote": 'Quote fields by "',
    "decimal": "Write decimals with a point",
    "thousands": "Write numbers without signs between their digits",
    "encoding": "Say charset",
    "headers": "Say header=present or header=absent",
}
WHAT_IS_READ = {"quote": '"', "quotechar": '"', "decimal": ".", "thousands": ""}


@pytest.mark.parametrize("name", REMEDIES)
def test_a_parameter_of_another_program_is_refused_with_a_remedy(name: str) -> None:
    with pytest.raises(DecodeError) as refused:
        refuse_unsupported({"charset": "utf-8", name: "'"})
    assert str(refused.value) == (
        f"the content type says {name}, which is not read. {REMEDIES[name]}, and leave {name} out"
    )


@pytest.mark.parametrize("name", WHAT_IS_READ)
def test_it_is_let_pass_if_it_says_what_is_read_anyway(name: str) -> None:
    refuse_unsupported({name: WHAT_IS_READ[name], "unknown": "anything"})


@pytest.mark.parametrize("name", ["delimiter", "delim", "sep", "separator"])
def test_a_delimiter_is_said_by_its_sign_or_its_name(name: str) -> None:
    said = {
        ",": ",",
        "comma": ",",
        ";": ";",
        "semicolon": ";",
        "\t": "\t",
        "TAB": "\t",
        "\\t": "\t",
        "|": "|",
        "pipe": "|",
    }
    assert {text: read_delimiter({name: text}) for text in said} == said
    assert read_delimiter(parse_media_type(f"text/csv;{name}=;header=present").parameters) == ";"
    assert read_delimiter({"charset": "utf-8"}) == ""
    with pytest.raises(DecodeError, match=f"expected a {name} among comma, semicolon, tab, pipe .*, found ':'"):
        read_delimiter({name: ":"})


def test_a_label_comes_first_if_the_content_type_says_so_and_else_as_usual() -> None:
    assert [read_label_size({"label_size": size}, default=1) for size in "01"] == [0, 1]
    assert [read_label_size({}, default=default) for default in (0, 1)] == [0, 1]


@pytest.mark.parametrize("charset", ["utf-16", "utf-32", "cp037", "klingon", "utf\0"])
def test_a_charset_that_writes_digits_in_another_way_is_refused(charset: str) -> None:
    with pytest.raises(DecodeError, match="in the content type is not supported: write the data as UTF-8"):
        read_charset({"charset": charset})


@pytest.mark.parametrize("charset", ["UTF-8", "latin-1", "cp1252", "ascii", "gb18030"])
def test_a_charset_that_writes_digits_as_ascii_does_is_taken(charset: str) -> None:
    assert read_charset({"charset": charset}) == charset
    assert read_charset({}) == "utf-8"
