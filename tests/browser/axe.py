"""What axe-core finds against WCAG 2.2 AA on a page as it stands."""

from pathlib import Path
from typing import Final

from tests.browser.watched_page import Watched

ROOT: Final = Path(__file__).parents[2]
AXE: Final = ROOT / "frontend/node_modules/axe-core/axe.min.js"
RUN_AXE: Final = """
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then((judged) => ({
    passes: judged.passes.length,
    violations: judged.violations.flatMap((rule) =>
        rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`)),
}))
"""


def faults_of_access(view: Watched) -> list[str]:
    """What axe-core finds, from a world of scripts beside the page's own, where its content policy holds."""
    session = view.context.new_cdp_session(view.page)
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8"), "contextId": world})
    judged = session.send(
        "Runtime.evaluate",
        {"expression": RUN_AXE, "contextId": world, "awaitPromise": True, "returnByValue": True},
    )["result"]["value"]
    session.detach()
    assert judged["passes"] > 10
    faults: list[str] = judged["violations"]
    return faults
