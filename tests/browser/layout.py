"""What of a page cannot be read or reached: texts that are cut off, and what no key leads to."""

from typing import Any, Final

from tests.browser.watched_page import Watched

_TABS_MAX: Final = 400

_CUT_OFF: Final = """
() => {
    const faults = [];
    const measure = document.createElement('canvas').getContext('2d');
    const seen = (part) => part.checkVisibility({opacityProperty: true, visibilityProperty: true})
        && part.clientWidth > 1 && !part.closest('.unseen');
    const name = (part) => `${part.tagName}.${part.className} ${part.dataset.testid ?? ''}`;
    const inner = (part, style) =>
        part.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const wide = (text, style) => {
        measure.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        return measure.measureText(text).width;
    };
    for (const part of document.querySelectorAll('body *')) {
        if (!seen(part)) continue;
        const style = getComputedStyle(part);
        if (part instanceof HTMLSelectElement) {
            const text = part.selectedOptions[0]?.textContent.trim() ?? '';
            // The arrow takes its place at the end.
            const room = inner(part, style) - 12;
            if (wide(text, style) > room + 1) faults.push(`${name(part)}: ${text}`);
        } else if (part instanceof HTMLInputElement && part.placeholder) {
            const room = inner(part, style);
            if (wide(part.placeholder, style) > room + 1) faults.push(`${name(part)}: ${part.placeholder}`);
        } else if (style.overflowX === 'hidden' || style.overflowX === 'clip') {
            // Cells of a table may end in dots: what is selected is told in full beside it.
            const dots = style.textOverflow === 'ellipsis' && part.closest('table');
            if (part.scrollWidth > part.clientWidth + 1 && part.textContent.trim() && !dots) {
                faults.push(`${name(part)}: ${part.textContent.trim().slice(0, 60)}`);
            }
        }
        // A word on a button that breaks into single letters, as Japanese may.
        const word = part.textContent.trim();
        if (part.matches('button, summary') && word.length <= 8 && part.childElementCount === 0) {
            if (part.clientHeight > 1.9 * parseFloat(style.lineHeight) + 12) {
                faults.push(`${name(part)} breaks: ${word}`);
            }
        }
    }
    return faults;
}
"""

_MARK: Final = """
() => {
    const wanted = 'a[href], button, select, input, textarea, summary, [tabindex="0"]';
    const can = (part) => part.checkVisibility({visibilityProperty: true}) && !part.disabled
        && part.tabIndex >= 0 && !part.closest('[inert]');
    window.wanted = [...document.querySelectorAll(wanted)].filter(can);
    window.reached = new Set();
    window.named = (part) =>
        `${part.tagName} ${part.dataset.testid ?? part.className} ${part.textContent.trim().slice(0, 30)}`;
    const first = document.querySelector('.skip');
    first.focus();
    window.reached.add(first);
}
"""

_NOTE: Final = """
() => {
    const part = document.activeElement;
    if (part === null || part === document.body) return {over: true};
    const style = getComputedStyle(part);
    const again = window.reached.has(part);
    window.reached.add(part);
    return {
        over: again,
        name: window.named(part),
        outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    };
}
"""

_LEFT: Final = """
() => window.wanted.filter((part) => part.isConnected && !window.reached.has(part))
    .map(window.named)
"""


def cut_off(view: Watched) -> list[str]:
    """Texts that do not fit where they stand."""
    faults: list[str] = view.page.evaluate(_CUT_OFF)
    return faults


def faults_of_keys(view: Watched) -> list[str]:
    """Goes through the whole page by the Tab key: what it does not reach, where nobody sees it stand."""
    view.page.evaluate(_MARK)
    faults = []
    for _ in range(_TABS_MAX):
        view.page.keyboard.press("Tab")
        at: dict[str, Any] = view.page.evaluate(_NOTE)
        if at["over"]:
            break
        if not at["outlined"]:
            faults.append(f"not seen to have the focus: {at['name']}")
    else:
        faults.append(f"no end after {_TABS_MAX} steps: a trap")
    return faults + [f"not reached: {name}" for name in view.page.evaluate(_LEFT)]
