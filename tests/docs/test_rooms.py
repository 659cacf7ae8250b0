import pytest

from publishing.rooms import PAGES, TOP, fill_tables, folder_lines
from tests.modules import MODULES


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.name)
def test_the_page_of_a_room_names_its_modules_as_they_are(page: object) -> None:
    text = (PAGES / str(page)).read_text(encoding="utf-8")
    assert fill_tables(text) == text, "run make docs"


def test_every_module_stands_on_one_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    for module in MODULES:
        folder, _, name = module.rpartition(".")
        if not name.startswith("__"):
            heading = f"**`{folder.replace('.', '/')}/`**"
            assert pages.count(heading) == 1, heading
            assert f"| `{name}` |" in pages.partition(heading)[2].partition("**`")[0]


def test_every_module_says_in_one_line_what_it_is() -> None:
    lines = [line for room in ("container", "linear_learner", "open_algorithms") for line in folder_lines(TOP / room)]
    assert not [line for line in lines if line.endswith("|  |")]
