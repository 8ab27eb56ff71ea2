"""The one style sheet: what it keeps, what it leaves out."""

import pytest

from lectures_lib.site.styles import prune, used_names


def test_rules_for_other_classes_go():
    sheet = ".a, .b > p { top: 0 } #c { left: 0 } .d.a { right: 0 } p { bottom: 0 }"
    assert prune(sheet, {"a"}) == ".a{ top: 0 }p { bottom: 0 }"
    assert prune(sheet, {"a", "b", "c", "d"}).count("{") == 4
    assert prune(sheet, None).count("{") == 4


def test_what_may_match_stays():
    kept = 'p:not(.x){a:b}:is(.x,.y) p{a:b}[data-theme=dark] p{a:b}p::after{content:".x"}'
    assert prune(kept, set()) == kept
    assert prune("@keyframes x{from{top:0}}", set()) == "@keyframes x{from{top:0}}"


def test_rules_within_media_and_supports_are_judged_too():
    sheet = "@media print{.a{x:y}.b{x:y}}@media (width > 1px){.b{x:y}}@supports (x:y){.a{x:y}}"
    assert prune(sheet, {"a"}) == "@media print{.a{x:y}}@supports (x:y){.a{x:y}}"


def test_sheets_become_one():
    sheet = '@charset "UTF-8";@import "basic.css";@font-face{src:url(x/fontawesome.ttf)}p{a:b}'
    assert prune(sheet, set()) == "p{a:b}"
    assert prune("/* a */p{/* b */a:b;\n\n  c:d}", set()) == "p{a:b; c:d}"


def test_relative_addresses_lead_to_the_same_file():
    sheet = "p{src:url(fonts/a.woff2)}a{src:url(data:x)}b{src:url(https://x/y)}u{src:url('q.png')}"
    wanted = sheet.replace("fonts/a.woff2", '"katex/fonts/a.woff2"').replace(
        "'q.png'", '"katex/q.png"'
    )
    assert prune(sheet, set(), folder="katex/") == wanted


def test_an_unreadable_sheet_is_no_empty_one():
    with pytest.raises(ValueError, match="A style sheet cannot be read"):
        prune("p { a: b } }", set())


def test_names_come_from_pages_and_scripts():
    page = '<div class="one two" id="three"><p class>four</p></div>'
    assert used_names([page], ["e.classList.add('show-x')"]) >= {"one", "two", "three", "show-x"}
    assert "four" not in used_names([page], [])
