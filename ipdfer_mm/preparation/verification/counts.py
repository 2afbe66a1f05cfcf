"""Numbers of images by split and class, against the official ones."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .finding import Finding
from .official import Official
from .samples import ALL, Sample

# Counts that are not exactly the official ones are said to be in another
# order only if that is plain: as they are, a tenth of the images at least
# is in the wrong class; in the other order, a quarter of that at most; and at
# least half of the official number is there, so that this is not chance.
MIN_WRONG = 0.1
MAX_LEFT = 0.25
MIN_SHARE = 0.5
# Numbers that such a copy cannot tell apart.
ALIKE = 0.1


def count_samples(samples: Sequence[Sample]) -> dict[str, Counter]:
    """Count classes by split.

    Args:
        samples (Sequence[Sample]): All samples.

    Returns:
        dict[str, Counter]: Class to number, by split; with several splits
        also for :data:`~.samples.ALL` of them together.
    """
    counts: dict[str, Counter] = {}
    for sample in samples:
        counts.setdefault(sample.split, Counter())[sample.expression] += 1
    if len(counts) > 1:
        counts[ALL] = sum(counts.values(), Counter())
    return counts


def check_counts(counts: Mapping[str, Counter],
                 official: Mapping[str, Official] | None
                 ) -> Iterator[Finding]:
    """Compare with the official numbers.

    Args:
        counts (Mapping[str, Counter]): Of :func:`count_samples`.
        official (Mapping[str, Official], optional): By split; None if there
            are none.

    Yields:
        Finding: Of the kinds ``counts``, ``label_order`` and ``unchecked``.
    """
    if official is None:
        yield Finding(
            'unchecked', 'Counts and the order of the classes: there are no '
            'official numbers to compare with.')
        return
    for split, numbers in official.items():
        own = counts.get(split, Counter())
        order = other_order(own, numbers.classes)
        if order:
            yield Finding(
                'label_order', f'{split}: the classes have the numbers of '
                'other classes, as if the labels meant something else.',
                tuple(f'{name}: {own[name]}, like officially ' + ' or '.join(
                    f'{other} ({numbers.classes[other]})' for other in others)
                      for name, others in order.items()))
        yield from _check_split(split, own, numbers)


def other_order(own: Mapping[str, int],
                official: Mapping[str, int]) -> dict[str, list[str]]:
    """Which classes have the numbers of which others.

    Detected is any permutation that leaves exactly the official counts, and
    others if they are plain, see :data:`MIN_WRONG`. Not detected are swapped
    classes whose numbers are alike, such as those of AffectNet's validation
    set, and labels that were shuffled within the classes.

    Args:
        own (Mapping[str, int]): Class to number.
        official (Mapping[str, int]): The same, officially.

    Returns:
        dict[str, list[str]]: Each class that has another's number to the
        classes that officially have it; empty if the order is right or
        nothing can be said.
    """
    own = {name: own.get(name, 0) for name in official}
    total, official_total = sum(own.values()), sum(official.values())
    if not total or total < MIN_SHARE * official_total:
        return {}
    scale = total / official_total
    # Of all orders this one leaves the smallest difference.
    match = dict(zip(sorted(own, key=own.__getitem__),
                     sorted(official, key=official.__getitem__)))
    wrong = sum(abs(own[name] - scale * official[name]) for name in own)
    left = sum(
        abs(own[name] - scale * official[other])
        for name, other in match.items())
    is_exact = sorted(own.values()) == sorted(official.values())
    if not is_exact and (wrong < MIN_WRONG * total or left > MAX_LEFT * wrong):
        return {}
    order = {}
    for name, other in match.items():
        near = 0 if is_exact else ALIKE * official[other]
        others = [n for n, count in official.items()
                  if abs(count - official[other]) <= near]
        if name not in others:
            order[name] = others
    return order


def _check_split(split: str, own: Counter,
                 official: Official) -> Iterator[Finding]:
    classes = official.classes or own
    total = sum(own[name] for name in classes)
    wrong = tuple(
        f'{name}: {own[name]}, officially {count}'
        for name, count in official.classes.items() if own[name] != count)
    if total < official.total and official.may_be_fewer:
        yield Finding(
            'unchecked', f'{split}: {total} images of officially '
            f'{official.total}; some have no aligned face, but how many is '
            'not known.')
    elif total != official.total or wrong:
        of = f' of {len(official.classes)} classes' if official.classes else ''
        yield Finding(
            'counts',
            f'{split}: {total} images{of}, officially {official.total}.',
            wrong)
