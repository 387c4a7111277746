"""A label in sentences, in English, Japanese or Korean: what it says at an instant, and its equivalents.

Levels stand in their own scheme's letters, never translated: the original marking is the originator's. Beside
it stand the equivalents of the other schemes, but for a level that never leaves, which has none to give.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from trilat.model import (
    SCHEMES,
    Attribution,
    Classification,
    Label,
    Portion,
    equivalent,
    find_level,
    format_instant,
)


@dataclass(frozen=True, kw_only=True)
class _Sentences:
    """The sentences of one language; `{}` is what they are said of, `comma` stands between entries."""

    comma: str
    made: str
    level: str
    unknown: str
    never_leaves: str
    equivalents: str
    releasable_to: str
    originator_alone: str
    restrictive: str
    permissive: str
    control: str
    attribution: MappingProxyType[Attribution, str]
    expires: str
    expired: str
    from_the_future: str
    review: str
    review_due: str
    downgrade: str
    downgraded: str
    portion: str


LANGUAGES: Final = MappingProxyType(
    {
        "en": _Sentences(
            comma=", ",
            made="Made by {} at {} (version {}).",
            level="Level: {}.",
            unknown="Level: {}, which nobody knows at this instant. It is withheld.",
            never_leaves="This level never leaves its originator.",
            equivalents="Equivalent to {}.",
            releasable_to="Releasable to {}.",
            originator_alone="Releasable to nobody but its originator.",
            restrictive="Only under a clause that covers all of: {}.",
            permissive="Only under a clause that covers any of: {}.",
            control="Nobody passes it on without the originator's consent to that very passing.",
            attribution=MappingProxyType(
                {
                    Attribution.OFFICE: "The originator is shown by its office alone.",
                    Attribution.ANONYMOUS: "The originator is not shown.",
                }
            ),
            expires="It ends at {}.",
            expired="It ended at {}: it is withheld.",
            from_the_future="It begins only then: it is withheld.",
            review="Its originator looks at it again by {}.",
            review_due="Its originator was to look at it again by {}; the label stands.",
            downgrade="From {} its level is {}.",
            downgraded="Its level was {}; it was lowered at {} as signed.",
            portion="Field {}: beyond that, {}",
        ),
        "ja": _Sentences(
            comma="、",
            made="{} が {} に作成（第{}版）。",
            level="区分：{}。",
            unknown="区分：{}。この時点で知られていない区分のため、提供しない。",
            never_leaves="この区分は作成元の外に出ない。",
            equivalents="相当する区分：{}。",
            releasable_to="提供先：{}。",
            originator_alone="作成元以外には提供しない。",
            restrictive="次のすべてを対象とする条項によってのみ提供する：{}。",
            permissive="次のいずれかを対象とする条項によってのみ提供する：{}。",
            control="作成元がその提供そのものに同意しない限り、第三者に渡さない。",
            attribution=MappingProxyType(
                {
                    Attribution.OFFICE: "作成元は組織名のみを表示する。",
                    Attribution.ANONYMOUS: "作成元を表示しない。",
                }
            ),
            expires="有効期限：{}。",
            expired="{} に期限が切れたため、提供しない。",
            from_the_future="その時点までは有効でないため、提供しない。",
            review="作成元は {} までに見直す。",
            review_due="作成元の見直し期限 {} は過ぎたが、区分は変わらない。",
            downgrade="{} から区分は {} となる。",
            downgraded="区分は {} であったが、署名のとおり {} に引き下げられた。",
            portion="項目 {}：さらに、{}",
        ),
        "ko": _Sentences(
            comma=", ",
            made="{}이(가) {}에 작성(제{}판).",
            level="등급: {}.",
            unknown="등급: {}. 이 시점에 알려지지 않은 등급이므로 제공하지 않음.",
            never_leaves="이 등급은 생산기관 밖으로 나가지 않음.",
            equivalents="상응 등급: {}.",
            releasable_to="제공 대상: {}.",
            originator_alone="생산기관 외에는 제공하지 않음.",
            restrictive="다음 모두를 포함하는 조항에 따라서만 제공: {}.",
            permissive="다음 중 하나 이상을 포함하는 조항에 따라서만 제공: {}.",
            control="생산기관이 해당 제공 자체에 동의하지 않는 한 제3자에게 전달하지 않음.",
            attribution=MappingProxyType(
                {
                    Attribution.OFFICE: "생산기관은 기관명만 표시함.",
                    Attribution.ANONYMOUS: "생산기관을 표시하지 않음.",
                }
            ),
            expires="유효 기한: {}.",
            expired="{}에 기한이 지났으므로 제공하지 않음.",
            from_the_future="그 시점 전에는 유효하지 않으므로 제공하지 않음.",
            review="생산기관은 {}까지 재검토함.",
            review_due="생산기관의 재검토 기한 {}은(는) 지났으나 등급은 그대로임.",
            downgrade="{}부터 등급은 {}.",
            downgraded="등급은 {}였으나 서명된 대로 {}에 낮아짐.",
            portion="항목 {}: 추가로, {}",
        ),
    }
)


def label_in_words(label: Label, language: str, at_ns: int) -> tuple[str, ...]:
    """What a label says at an instant, one sentence each, in one of `LANGUAGES`."""
    words = LANGUAGES[language]
    said = [words.made.format(label.originator, format_instant(label.created_ns), label.version)]
    if at_ns < label.created_ns:
        said.append(words.from_the_future)
    said += _level(label.classification_at(at_ns), words, at_ns)
    parties = sorted(set(label.releasable_to) - {label.originator})
    said.append(words.releasable_to.format(words.comma.join(parties)) if parties else words.originator_alone)
    said += _categories(label, words)
    if label.attribution in words.attribution:
        said.append(words.attribution[label.attribution])
    said += _instants(label, words, at_ns)
    said += [_portion(portion, words, at_ns) for portion in label.portions]
    return tuple(said)


def marking_of(classification: Classification, at_ns: int) -> str:
    """A level as it is printed at an instant: its letters, and the banner of its scheme where it differs."""
    level = find_level(classification, at_ns)
    plain = f"{classification.scheme} {classification.level}"
    return plain if level is None or level.banner == classification.level else f"{plain} ({level.banner})"


def _level(classification: Classification, words: _Sentences, at_ns: int) -> list[str]:
    marking = marking_of(classification, at_ns)
    level = find_level(classification, at_ns)
    if level is None:
        return [words.unknown.format(marking)]
    if level.never_leaves:
        return [words.level.format(marking), words.never_leaves]
    others = [
        equivalent(classification, scheme, at_ns) for scheme in SCHEMES if scheme != classification.scheme
    ]
    beside = [marking_of(other, at_ns) for other in others if other is not None]
    return [words.level.format(marking), words.equivalents.format(words.comma.join(beside))]


def _categories(asks: Label | Portion, words: _Sentences) -> list[str]:
    said = []
    if asks.restrictive:
        said.append(words.restrictive.format(words.comma.join(asks.restrictive)))
    if asks.permissive:
        said.append(words.permissive.format(words.comma.join(asks.permissive)))
    if asks.caveats:
        said.append(words.control)
    return said


def _instants(label: Label, words: _Sentences, at_ns: int) -> list[str]:
    said = []
    if label.expires_ns is not None:
        ended = label.expires_ns <= at_ns
        said.append((words.expired if ended else words.expires).format(format_instant(label.expires_ns)))
    if label.review_ns is not None:
        due = label.review_ns <= at_ns
        said.append((words.review_due if due else words.review).format(format_instant(label.review_ns)))
    if label.downgrade is not None:
        instant = format_instant(label.downgrade.at_ns)
        if label.downgrade.at_ns <= at_ns:
            said.append(words.downgraded.format(marking_of(label.classification, label.created_ns), instant))
        else:
            lower = marking_of(label.downgrade.classification, label.downgrade.at_ns)
            said.append(words.downgrade.format(instant, lower))
    return said


def _portion(portion: Portion, words: _Sentences, at_ns: int) -> str:
    asks = []
    if portion.classification is not None:
        asks.append(words.level.format(marking_of(portion.classification, at_ns)))
    if portion.releasable_to is not None:
        parties = words.comma.join(sorted(portion.releasable_to))
        asks.append(words.releasable_to.format(parties) if parties else words.originator_alone)
    return words.portion.format(portion.field, " ".join([*asks, *_categories(portion, words)]))
