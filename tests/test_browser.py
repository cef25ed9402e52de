"""The pages in a real Chromium: nothing leaves the server, the console is silent, a click works, no barrier for screen readers.

Skipped, with the command that enables it, where there is no Chromium; HATANG_REQUIRE_BROWSER=1 makes that a failure.
"""

import dataclasses
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from web_results import HOSTILE, city, road, violating

from hatang.data.results import save_results
from hatang.data.settings import Settings
from hatang.pipeline.runs import remember

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
ENABLE = "apt-get install -y chromium fonts-noto-core fonts-liberation2 (or: bash tests/system.sh)"
PAGES = {
    "": "Bản đồ",
    "duong-moi": "Đường mới",
    "tuyen-cap": "Tuyến cáp",
    "de-xuat": "Đề xuất và quyết định",
    "lich-cong-trinh": "Lịch công trình",
    "ngam-hoa": "Ngầm hóa và chỉnh trang",
    "thiet-ke-chung": "Thiết kế chung",
    "ho-so": "Hồ sơ hạ tầng",
    "chi-so": "Chỉ số dùng chung",
    "quy-chuan": "Vi phạm quy chuẩn",
    "so-lieu": "Số liệu",
    "phuong-phap": "Phương pháp",
}
WITHOUT_MAP = ("de-xuat", "lich-cong-trinh", "thiet-ke-chung", "ho-so", "chi-so", "so-lieu", "phuong-phap")
"""Pages that draw no map, or none before somebody asks for it."""
KNOWN_WARNINGS = (
    "Unrecognized feature:",  # Streamlit asks for permissions that this Chromium does not know
    "An iframe which has both allow-scripts and allow-same-origin",  # how Streamlit frames its components
    "/_stcore/health",  # opened at a page, Streamlit asks beside that page before it asks at the root
    "/_stcore/host-config",  # as above
)


@dataclass
class Watch:
    """What a page asked for and what its console said."""

    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    received: int = 0

    def follow(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text} {message.location['url']}"))
        page.on("pageerror", lambda error: self.console.append(f"error: {error}"))
        page.on("websocket", self._follow_socket)

    def _follow_socket(self, opened: Any) -> None:
        self.requests.append(opened.url)
        opened.on("framereceived", self._count)

    def _count(self, frame: Any) -> None:
        self.received += len(frame)

    def strangers(self, address: str) -> list[str]:
        own = (f"{address}/", address.replace("http", "ws") + "/", "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]

    def complaints(self) -> list[str]:
        loud = [line for line in self.console if line.startswith(("error", "warning"))]
        return [line for line in loud if not any(known in line for known in KNOWN_WARNINGS)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).is_file():
        reason = f"no Chromium; to enable these tests: {ENABLE}"
        if os.environ.get("HATANG_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(approximate_map: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start `hatang serve` on a home with one run; it must end on SIGTERM within 20 s even with pages open."""
    home = tmp_path_factory.mktemp("browser")
    shutil.copytree(approximate_map, home / "boundaries")
    results = city(Settings(home=home, offline=True, boundaries=None))
    (home / "results").mkdir()
    answer = dataclasses.replace(violating(road(results)), run_id="fedcba9876543210")
    save_results(answer, home / "results" / answer.run_id)
    save_results(results, home / "results" / results.run_id)
    remember(Settings(home=home), results.run_id)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("hatang")), "serve", "--port", str(port)]
    environment = {**os.environ, "HATANG_HOME": str(home), "HATANG_OFFLINE": "1", "HATANG_LANG": "vi"}
    run = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()  # noqa: S310 - our own server
            break
        except OSError:
            time.sleep(0.5)
    yield address
    run.send_signal(signal.SIGTERM)
    run.wait(timeout=20)


@pytest.fixture
def opened(chromium: Browser, server: str) -> Iterator[tuple[Page, Watch]]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
    page = context.new_page()
    watch = Watch()
    watch.follow(page)
    page.set_default_timeout(60_000)
    yield page, watch
    context.close()
    assert watch.strangers(server) == []
    assert watch.complaints() == []


SETTLED = """document.querySelectorAll('[data-stale="true"]').length === 0
  && document.getAnimations().every(one => !(one instanceof CSSTransition) || one.playState === 'finished')"""
"""Nothing is pale because a newer answer is on its way, and nothing is still fading."""


def ready(page: Page) -> None:
    """Wait until the script has run to its end and the map of the page, where it has one, is drawn."""
    page.wait_for_selector("h1")
    page.wait_for_function("document.querySelectorAll('[data-testid=\"stStatusWidget\"]').length === 0")
    if not page.url.endswith(WITHOUT_MAP):
        expect(page.frame_locator("iframe").first.locator(".leaflet-overlay-pane path")).not_to_have_count(0)
        page.frame_locator("iframe").first.locator(".ward-label").first.wait_for(state="attached")
    page.wait_for_timeout(700)
    page.wait_for_function(SETTLED)


def english(page: Page) -> None:
    before = page.locator("h1").inner_text()
    page.get_by_text("English", exact=True).click()
    page.wait_for_function("document.documentElement.lang === 'en'")
    expect(page.locator("h1")).not_to_have_text(before)
    ready(page)


def ward(page: Page, number: int) -> Locator:
    return page.frame_locator("iframe").first.locator("path.leaflet-interactive").nth(number)


def barriers(page: Page) -> list[str]:
    """Return what axe-core finds serious or worse on the page itself."""
    page.evaluate((ROOT / "tests/axe-core/axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {iframes: false, resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_page_in_both_languages_asks_nobody_else_and_has_no_barrier(path: str, opened: tuple[Page, Watch], server: str) -> None:
    page, watch = opened
    page.goto(f"{server}/{path}")
    ready(page)
    page.wait_for_function("document.documentElement.lang === 'vi'")
    assert page.get_by_role("link", name=PAGES[path]).count() == 1
    assert barriers(page) == []
    assert watch.received < 2_000_000
    english(page)
    assert page.get_by_role("link", name="Method").count() == 1
    assert barriers(page) == []


def test_click_on_a_ward_shows_its_table(opened: tuple[Page, Watch], server: str) -> None:
    page, _ = opened
    page.goto(server)
    ready(page)
    ward(page, 12).click(force=True)
    page.wait_for_selector("h3")
    name = page.locator("h3").first.inner_text()
    assert name.startswith(("Phường", "Xã"))
    assert page.get_by_text("Từng doanh nghiệp và công nghệ").count() == 1
    ready(page)
    assert page.locator('[data-testid="stDataFrame"]').count() >= 1


def test_layers_draw_and_hostile_names_stay_words(opened: tuple[Page, Watch], server: str) -> None:
    page, _ = opened
    page.goto(server)
    ready(page)
    before = page.frame_locator("iframe").first.locator("path.leaflet-interactive").count()
    page.get_by_text("Trạm BTS (40)").click()
    frame = page.frame_locator("iframe").first
    frame.locator(".cluster").first.wait_for()
    assert before >= 40
    assert HOSTILE not in frame.locator("body").inner_html()
    assert frame.locator("img[src=x]").count() == 0


def test_streamlits_own_words_are_vietnamese(opened: tuple[Page, Watch], server: str) -> None:
    page, _ = opened
    page.goto(f"{server}/so-lieu")
    ready(page)
    page.get_by_text("Chọn tệp", exact=True).first.wait_for()
    words = page.locator("body").inner_text()
    assert "tối đa 200MB mỗi tệp" in words
    for english_word in ("Upload", "per file", "Browse files", "Drag and drop"):
        assert english_word not in words
    english(page)
    page.get_by_text("Upload", exact=True).first.wait_for()


def test_a_road_is_drawn_and_cleared(opened: tuple[Page, Watch], server: str) -> None:
    page, _ = opened
    page.goto(f"{server}/duong-moi")
    ready(page)
    frame = page.frame_locator("iframe").first
    depth = frame.locator(".leaflet-ground-pane").evaluate("pane => +getComputedStyle(pane).zIndex")
    assert depth < 400, "the wards hide the traces of streets, which Leaflet's overlay pane holds at 400"
    assert frame.locator(".leaflet-overlay-pane canvas").count() == 1
    assert frame.locator(".leaflet-ground-pane path").count() == 40
    fills = frame.locator(".leaflet-overlay-pane path").evaluate_all("paths => paths.map(path => path.getAttribute('fill'))")
    assert sorted(fill == "none" for fill in fills) == [False, True], "the island has an inside to fill, the line of works has none"
    pen = frame.locator("a.leaflet-draw-draw-polyline")
    assert pen.get_attribute("title") == "Vẽ tuyến đường"
    pen.click()
    box = page.locator("iframe").first.bounding_box()
    assert box is not None
    for x, y in ((220, 220), (280, 260), (340, 240)):
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(150)
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(300)
    frame.get_by_text("Xong", exact=True).click()
    page.get_by_text("Đã vẽ 1 tuyến").wait_for()
    page.get_by_role("button", name="Xóa nét vẽ").click()
    page.get_by_text("Chưa vẽ tuyến nào.").wait_for()


def test_a_decision_is_there_after_reloading_and_a_refusal_needs_its_reason(opened: tuple[Page, Watch], server: str) -> None:
    page, _ = opened
    page.goto(f"{server}/de-xuat")
    ready(page)
    page.get_by_text("Đề xuất này chưa ai quyết định.").wait_for()
    page.get_by_role("button", name="Từ chối", exact=True).click()
    page.get_by_text("Từ chối đề xuất g1 thì phải ghi lý do.").wait_for()
    page.get_by_label("Lý do (từ chối thì phải ghi)").fill("ống đã cho thuê hết")
    page.get_by_role("button", name="Từ chối", exact=True).click()
    page.get_by_text("Từ chối phối hợp: phần còn trống phải dành").wait_for()
    page.reload()
    ready(page)
    page.get_by_text("2 ống trống của vnpt (a2,a5) · ống đã cho thuê hết").wait_for()
    assert page.get_by_role("button", name="Từ chối", exact=True).is_disabled()
    assert barriers(page) == []
    page.get_by_role("button", name="Mở lại", exact=True).click()
    page.get_by_text("Quyết định hiện nay: chưa quyết định").wait_for()
    assert page.get_by_text("Từ chối phối hợp: phần còn trống phải dành").count() == 0


def choose(page: Page, key: str, option: str) -> None:
    """Pick an option of the select box with this key."""
    box = page.locator(f".st-key-{key} input")
    box.click()
    box.fill(option)
    page.get_by_role("option").filter(has_text=option).first.click()


def test_columns_that_nobody_knows_are_asked_tried_and_taken(opened: tuple[Page, Watch], server: str) -> None:
    page, _ = opened
    page.goto(f"{server}/so-lieu")
    ready(page)
    rows = b"xa,hang,tong,noi\n19753,vnpt,100,90\n19774,vnpt,80,70\n"
    chosen = page.locator('[data-testid="stFileUploader"] input[type="file"]').first
    chosen.set_input_files({"name": "so-ho.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_label("Kỳ (ví dụ 2026Q3)").fill("2026Q3")
    page.get_by_text("Chạy thử: kiểm tra, không lưu").click()
    page.get_by_role("button", name="Gửi", exact=True).first.click()
    page.locator(".st-key-map-kind-0").wait_for()
    ready(page)
    choose(page, "map-kind-0", "cáp quang theo")
    page.locator(".st-key-map-column-0-fixed-ward_code").wait_for()
    for name, column in (("ward_code", "xa"), ("households", "tong"), ("households_served", "noi")):
        choose(page, f"map-column-0-fixed-{name}", f"{column}:")
    choose(page, "map-constant-0-fixed-operator", "vnpt")
    ready(page)
    assert barriers(page) == []
    page.locator(".st-key-map-try-0 button").click()
    page.locator(".st-key-map-yaml-0").wait_for()
    ready(page)
    page.locator(".st-key-map-send-0 button").click()
    page.locator(".st-key-map-kind-0").wait_for(state="detached")
    ready(page)
    expect(page.get_by_test_id("stAlertContentSuccess")).to_have_count(1)
