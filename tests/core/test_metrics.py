"""What lies between two samples."""

from tests.core.samples import sample
from vmnb.core.metrics import with_rates


def test_the_first_sample_of_a_run_has_no_rates_and_nothing_is_compared_over_a_restart() -> None:
    rated = with_rates(
        [sample(0, 5), sample(1, 5.5), sample(2, 0.1, run="2"), sample(4, 1.1, run="2")]
    )
    percents = [rates.cpu_percent if rates else None for _, rates in rated]
    assert percents == [None, 50, None, 50]


def test_cpu_is_told_in_percent_of_one_core_for_all_and_for_each_virtual_one() -> None:
    _, (_, rates) = with_rates([sample(0, 0, vcpus=2), sample(2, 3, vcpus=2)])
    assert rates is not None
    assert rates.cpu_percent == 150
    assert rates.vcpu_percent == (75, 75)


def test_a_count_that_is_not_always_known_has_its_mean_since_it_was_known_last() -> None:
    counts = [100, None, None, 400, 400]
    rated = with_rates([sample(second, read=count) for second, count in enumerate(counts)])
    per_s = [rates.per_s["disk_read_bytes"] if rates else None for _, rates in rated]
    assert per_s == [None, None, None, 100, 0]


def test_a_count_that_began_anew_is_no_negative_rate() -> None:
    _, (_, rates) = with_rates([sample(0, read=500), sample(1, read=20)])
    assert rates is not None
    assert rates.per_s["disk_read_bytes"] == 0


def test_no_samples_have_no_rates() -> None:
    assert with_rates([]) == []
