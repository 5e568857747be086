"""Words that are spelt to pass a list unseen."""

import pytest

from pipelines.campaign.conduct.lexicon import tokens_of, words_of
from tests.conduct_file.files import value

DISGUISED = {
    "letters of another script": "\u041dIV",
    "one letter of another script": "H\u0399V",
    "inside a longer name": "customer\u041dIV",
    "initials": "H.I.V. list",
    "letters apart": "h i v",
    "a joiner that is not seen": "h\u034fiv",
    "a selector of shapes": "hiv\ufe0f",
    "a letter that is blank": "h\u3164iv",
    "accents": "h\u00efv",
}


@pytest.mark.parametrize("name", DISGUISED.values(), ids=DISGUISED)
def test_a_word_in_disguise_is_found(tmp_path, name):
    assert [hit.word for hit in words_of("columns").hits(name)] == ["hiv"]
    export = {"export": {"platform": "other", "audience_name": name}}
    assert value(tmp_path, "sensitive_names", **export)[0] == 1


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("\u0441\u043f\u043e\u0440\u0442 HIV", ("\u0441\u043f\u043e\u0440\u0442", "hiv")),
        ("h&m shop", ("h", "m", "shop")),
        ("plan b", ("plan", "b")),
        ("a1 b2 c3", ("a", "1", "b", "2", "c", "3")),
        ("Stra\u00dfe", ("strasse",)),
        ("\u00c9tatDeSant\u00e9", ("etat", "de", "sante")),
    ],
)  # fmt: skip
def test_other_words_stay_as_they_are(text, tokens):
    assert tokens_of(text) == tokens
