import numpy as np
import pytest

from javascript import call

pytestmark = pytest.mark.browser
TEMPLATE = np.array([[32.4, 40.1], [67.6, 40.1], [50, 63], [50, 78.3]])
CONTRACT = {"imageSize": 100, "viewSize": 90}


def transform(points, contract=CONTRACT):
    found = call(
        "alignment.js", "alignmentTransform", np.asarray(points).tolist(),
        contract,
    )  # fmt: skip
    matrix = [[found["xx"], found["xy"]], [found["yx"], found["yy"]]]
    return np.array(matrix), np.array([found["x"], found["y"]])


def test_the_template_itself_is_only_cut_to_its_centre():
    matrix, shift = transform(TEMPLATE)
    np.testing.assert_allclose(matrix, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(shift, [-5, -5], atol=1e-12)


def test_another_image_size_scales_the_template():
    contract = {"imageSize": 44, "viewSize": 44}
    matrix, shift = transform(TEMPLATE, contract)
    np.testing.assert_allclose(matrix, 0.44 * np.eye(2), atol=1e-12)
    np.testing.assert_allclose(shift, [0, 0], atol=1e-12)


@pytest.mark.parametrize("angle", [0, 30, 180, -100])
def test_a_moved_template_is_moved_back(angle):
    turn = 2.5 * np.exp(1j * np.radians(angle))
    moved = TEMPLATE @ [1, 1j] * turn + (300 - 40j)
    points = np.stack([moved.real, moved.imag], axis=-1)
    matrix, shift = transform(points)
    np.testing.assert_allclose(
        points @ matrix.T + shift, TEMPLATE - 5, atol=1e-9
    )


def test_it_is_the_least_squares_similarity():
    """Against NumPy's solver, for points that no similarity explains."""
    rng = np.random.default_rng(0)
    points = TEMPLATE * 2 + rng.normal(0, 6, TEMPLATE.shape)
    x, y = points.T
    one, zero = np.ones(4), np.zeros(4)
    system = np.concatenate(
        [
            np.stack([x, -y, one, zero], axis=1),
            np.stack([y, x, zero, one], axis=1),
        ]
    )
    target = (TEMPLATE - 5).T.ravel()
    a, b, right, down = np.linalg.lstsq(system, target, rcond=None)[0]
    matrix, shift = transform(points)
    np.testing.assert_allclose(matrix, [[a, -b], [b, a]], atol=1e-9)
    np.testing.assert_allclose(shift, [right, down], atol=1e-9)


def test_points_that_fall_together_have_no_alignment():
    points = [[3, 4]] * 4
    assert call("alignment.js", "alignmentTransform", points, CONTRACT) is None
