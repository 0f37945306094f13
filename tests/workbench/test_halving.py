"""Few examples for all settings, more for the best of them."""

from workbench.halving import Rung, go_on, rungs


def test_each_rung_is_three_times_the_one_below() -> None:
    assert [one.examples for one in rungs(600)] == [22, 67, 200, 600]
    assert [one.examples for one in rungs(60)] == [20, 60]
    assert rungs(59) == (Rung(examples=59),)


def test_training_learns_from_a_share_on_the_lower_rung() -> None:
    assert rungs(600, train_rows=900) == (Rung(examples=200, train_share=0.33), Rung(examples=600))
    assert rungs(600, train_rows=100) == (Rung(examples=600),)


def test_a_third_goes_on_and_of_equals_the_earlier() -> None:
    means = {0: 0.5, 1: 0.7, 2: 0.7, 3: 0.9, 4: 0.1, 5: 0.7}
    assert go_on(means, [1, 2, 3, 4, 5]) == [1, 3]
    assert go_on(means, [4, 5]) == []
    assert go_on({7: 0.0}, [7]) == [7]
