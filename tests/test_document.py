"""The neutral document: columns wide enough for their words, and wide tables on landscape pages with what introduces them."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hatang.reports.document import Block, Document, Heading, Paragraph, Table


def table(header: Sequence[str], *rows: Sequence[str]) -> Table:
    return Table("Bảng", header, rows, [[None] * len(header)] * len(rows))


def document(*blocks: Block) -> Document:
    return Document("UBND", "SỞ", "/BC", "Huế", "BÁO CÁO", "thử", "Kính gửi", [], "./.", [], "GIÁM ĐỐC", blocks)


WIDE = table([str(number) for number in range(10)])
NARROW = table(["a", "b"], ["1", "2"])
PART, SECTION, WORDS = Heading(1, "II."), Heading(2, "1."), Paragraph("…")


@given(st.lists(st.tuples(st.text("abc ", max_size=30), st.text("abc ", max_size=30), st.text("abc ", max_size=90)), min_size=1))
def test_columns_fill_the_line_and_hold_their_longest_word_where_all_fit(rows: list[tuple[str, str, str]]) -> None:
    written = table(["a", "b", "c"], *rows)
    shares = written.shares()
    assert abs(sum(shares) - 1) < 1e-9
    longest = [max(map(len, " ".join(column).split()), default=0) for column in zip(*rows, strict=True)]
    line = 453.5 / (written.size_pt * 0.47)
    if sum(longest) + 3 * 3.4 <= line:
        assert all(share * line >= words for share, words in zip(shares, longest, strict=True))


def test_sentences_get_what_numbers_do_not_need() -> None:
    shares = table(["TT", "Lý do"], ["1", "không doanh nghiệp nào công bố phủ sóng"]).shares()
    assert shares[1] > 0.9


def test_many_columns_are_set_smaller_before_their_words_run_down_the_page() -> None:
    assert table(["TT", "Lý do"], ["1", "chưa đủ dữ liệu"]).size_pt == 11
    assert table(["Vietnamobile"] * 7, ["Vietnamobile"] * 7).size_pt == 9


def test_a_wide_table_takes_its_heading_along() -> None:
    runs = document(PART, SECTION, NARROW, SECTION, WORDS, WIDE, SECTION, NARROW).runs()
    assert runs == [(False, [PART, SECTION, NARROW]), (True, [SECTION, WORDS, WIDE]), (False, [SECTION, NARROW])]


def test_a_part_s_heading_goes_with_its_first_section() -> None:
    assert document(WORDS, PART, SECTION, WIDE).runs() == [(False, [WORDS]), (True, [PART, SECTION, WIDE])]


def test_wide_tables_after_each_other_share_landscape_pages() -> None:
    blocks = [WIDE, SECTION, WORDS, WIDE]
    assert document(*blocks).runs() == [(True, blocks)]


def test_text_that_introduces_nothing_stays_portrait() -> None:
    assert document(NARROW, WORDS, WIDE, WORDS).runs() == [(False, [NARROW, WORDS]), (True, [WIDE]), (False, [WORDS])]
