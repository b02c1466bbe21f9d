"""The report in a real browser, headless: it loads from disk, draws, answers to clicks, follows the theme."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from made_results import ENVIRONMENT, made_accuracy, made_record, made_timing

from molenspin.analysis.results import SweepResults
from molenspin.integrators import Integrator
from molenspin.profiling import Stacks, draw_flamegraph
from molenspin.report.answer import answer_rows, answer_summary
from molenspin.report.page import Report, write_report
from molenspin.timing.records import TimingResults

STACKS = Stacks({("run", "step", "force"): 70, ("run", "step", "project"): 20, ("run", "record"): 10})
PLOTS = ("work-precision", "error", "scaling", "energy", "phases")


def named_by_a_stranger():
    accuracy = made_accuracy()
    return accuracy.assign(
        message=accuracy["message"].where(accuracy["message"] == "", "</script><b>bad</b>")
    )


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    report = Report(
        title="</script><i>sweep</i>",
        results=SweepResults(named_by_a_stranger(), made_timing()),
        config={"name": "</pre><i>sweep</i>"},
        flamegraphs={"rust": draw_flamegraph(STACKS, title="rust")},
    )
    write_report(report, path)
    return path


@pytest.fixture(scope="module")
def opened(browser, page_path):
    """The page with what it complained about, and what it asked the network for."""
    page = browser.new_page()
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(page_path.as_uri())
    page.wait_for_selector("html[data-plots=drawn]")
    return page, complaints, requests


def test_loads_without_complaint_and_without_network(opened):
    _, complaints, requests = opened
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []


def test_every_plot_is_drawn(opened):
    page, _, _ = opened
    for name in PLOTS:
        assert page.locator(f"#plot-{name} .main-svg").count() > 0, name
    assert page.locator("#plot-work-precision .scatterlayer .trace").count() == 12


def test_a_click_on_a_legend_entry_hides_the_series(opened):
    page, _, _ = opened
    plot = page.locator("#plot-work-precision")
    plot.scroll_into_view_if_needed()
    plot.locator(".legendtoggle").first.click()
    page.wait_for_function(
        "document.getElementById('plot-work-precision').data.some(series => series.visible === 'legendonly')"
    )
    page.wait_for_function(
        "document.querySelectorAll('#plot-work-precision .scatterlayer .trace').length === 10"
    )


def test_hover_tells_step_and_values(opened):
    page, _, _ = opened
    page.locator("#plot-error").scroll_into_view_if_needed()
    point = page.locator("#plot-error .points path").first
    label = page.locator("#plot-error .hoverlayer .hovertext")
    while not label.count():  # a plot that is being drawn anew takes no notice
        page.mouse.move(0, 0)
        point.hover(force=True)
        page.wait_for_timeout(100)
    assert "observed order" in label.first.text_content()


def test_flamegraph_can_be_zoomed(opened):
    page, complaints, _ = opened
    page.locator("iframe.flamegraph").scroll_into_view_if_needed()
    frame = page.frame_locator("iframe.flamegraph").locator("#frames g", has_text="record")
    before = frame.locator("rect").bounding_box()["width"]
    while frame.locator("rect").bounding_box()["width"] <= 5 * before:
        frame.click()  # a drawing that is being loaded takes no notice
        page.wait_for_timeout(100)
    assert complaints == []


def test_follows_light_and_dark(opened):
    page, _, _ = opened
    ink = "document.getElementById('plot-error').layout.font.color"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{ink} !== '{light}'")


def test_fits_a_narrow_screen(opened):
    page, _, _ = opened
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function("document.documentElement.scrollWidth <= 400")


class Markup(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_is_small_self_contained_and_escaped(page_path):
    text = page_path.read_text()
    assert len(text) < 5e6
    tags = Markup(text).tags
    assert not [tag for tag, _ in tags if tag in {"i", "b", "link", "img"}]
    assert not [attrs for _, attrs in tags if re.match(r"(https?:)?//", attrs.get("src") or "")]


def test_answers_name_setting_cost_speedup_and_doubt():
    results = SweepResults(made_accuracy(), made_timing())
    (small, _) = answer_rows(results, 1e-6)
    assert small.setting == "rk4, dt = 10 ms, backend rust"
    assert re.match(r"25\d× \(24\d to 2[56]\d×\) over numpy rk4, dt = 10 ms", small.speedup)
    assert "8 timed runs" in small.sureness
    assert small.error == "5e-7 ± 1e-13"
    assert re.match(r"1\d\d µs \(1\d\d µs to 1\d\d µs\)", small.seconds)
    (coarse, _) = answer_rows(results, 1e-3)
    assert coarse.setting == "verlet, dt = 10 ms, backend rust"
    assert "a larger one may be cheaper" not in small.sureness
    (out_of_reach, _) = answer_rows(results, 1e-15)
    assert out_of_reach.setting == "no measured setting meets it"
    assert "5e-11" in out_of_reach.sureness


def test_all_answers_stand_in_one_sentence():
    results = SweepResults(made_accuracy(), made_timing())
    assert re.match(
        r"rk4, dt = 10 ms, backend rust for all, 25\d× to 25\d× as fast as numpy",
        answer_summary(results, 1e-6),
    )
    assert answer_summary(results, 1e-15) == ""
    alone = SweepResults(made_accuracy(sizes=[4]), made_timing(sizes=[4]))
    assert "backend rust for it" in answer_summary(alone, 1e-6)


def test_answer_tells_agreement_visits_and_what_lies_between_the_steps():
    timing = made_timing(sizes=[4], steps=(0.02, 0.004))
    visits = [replace(record.samples, visits=(0,) * 4 + (1,) * 4) for record in timing.records]
    checked = [
        replace(record, samples=samples, physics=replace(record.physics, against="numpy", difference=2e-12))
        for record, samples in zip(timing.records, visits, strict=True)
    ]
    results = SweepResults(made_accuracy(), replace(timing, records=tuple(checked)))
    (row,) = answer_rows(results, 1e-6)
    assert re.match(r"8 timed runs in 2 visits, \d% apart\. Agrees with numpy to 2e-12", row.sureness)
    assert "Interpolated, not measured: dt = 12 ms takes" in row.sureness


def test_cases_without_an_error_are_listed_with_the_reason(tmp_path):
    accuracy = made_accuracy()
    missing = accuracy["dt"] == 0.004
    accuracy = accuracy.assign(
        angle_max=accuracy["angle_max"].mask(missing),
        reference=accuracy["reference"].mask(missing, "none: too long"),
    )
    write_report(Report(title="bare", results=SweepResults(accuracy)), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "12 cases ran to the end without an error" in text
    assert "none: too long" in text


def test_answer_names_what_cannot_be_told_apart():
    same = [made_record(name, 4, Integrator.RK4, dt) for name in ("numpy", "torch") for dt in (0.01, 0.004)]
    results = SweepResults(made_accuracy(), TimingResults(environments=(ENVIRONMENT,), records=tuple(same)))
    (row,) = answer_rows(results, 1e-6)
    assert "Not distinguishable" in row.sureness


def test_a_sweep_without_timings_says_so(tmp_path):
    write_report(Report(title="bare", results=SweepResults(made_accuracy())), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "Nothing was timed" in text
    assert 'id="plot-error"' in text
    assert 'id="plot-work-precision"' not in text
