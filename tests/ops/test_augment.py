"""Crops, flips and normalization."""

import hashlib
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import quick
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from jnl.experiment.build import build
from jnl.experiment.run import run
from jnl.ops.augment import Augment, channel_statistics, moved, to_float
from jnl.support.errors import UserError
from jnl.training.single_run import init_state

CROP_FLIP = Augment(pad=4, flip=True)
IMAGES = np.random.default_rng(0).integers(1, 256, (200, 9, 8, 3)).astype(np.uint8)


def test_crop_flip_shifts_by_up_to_4_and_mirrors_half():
    out = np.asarray(jax.jit(CROP_FLIP.__call__)(jax.random.key(0), IMAGES)) * 255
    padded = np.pad(IMAGES, ((0, 0), (4, 4), (4, 4), (0, 0)))
    found = []
    for image, whole in zip(out.round().astype(np.uint8), padded, strict=True):
        places = [
            (top, left, flip)
            for top in range(9)
            for left in range(9)
            for flip in (False, True)
            if np.array_equal(image[:, ::-1] if flip else image, whole[top : top + 9, left : left + 8])
        ]
        assert len(places) == 1
        found += places
    tops, lefts, flips = map(np.array, zip(*found, strict=True))
    assert set(tops) == set(lefts) == set(range(9))
    assert 0.35 < flips.mean() < 0.65


def test_nothing_and_crop_flip_have_the_bits_they_always_had():
    """Those of results that were published with them."""
    out = np.asarray(jax.jit(CROP_FLIP.__call__)(jax.random.key(0), IMAGES))
    pixels = (out * 255).round().astype(np.uint8)
    assert hashlib.sha256(pixels.tobytes()).hexdigest()[:16] == "c33921861e826906"
    np.testing.assert_allclose(pixels / np.float32(255), out, rtol=2e-7)
    nothing = jax.jit(to_float)(IMAGES)
    np.testing.assert_array_equal(jax.jit(Augment().__call__)(jax.random.key(0), IMAGES), nothing)
    np.testing.assert_array_equal(jax.jit(Augment().evaluate)(IMAGES), nothing)
    np.testing.assert_array_equal(jax.jit(CROP_FLIP.evaluate)(IMAGES), nothing)


@pytest.mark.parametrize("inputs", [np.float32([[0.5, -3]]), np.int32([[7, 300, 0]])], ids=["features", "tokens"])
def test_what_is_no_image_passes_unchanged(inputs):
    Augment().check(inputs.shape)
    for out in (Augment()(jax.random.key(0), jnp.asarray(inputs)), Augment().evaluate(jnp.asarray(inputs))):
        assert out.dtype == inputs.dtype
        np.testing.assert_array_equal(out, inputs)


EVERYTHING = Augment(2, 6, True, True, 3, "channels", (0.5, 0.4, 0.3), (0.2, 0.3, 0.1), shift=0.2, rotate=20.0)


@pytest.mark.slow
def test_it_belongs_to_the_key():
    training = jax.jit(EVERYTHING.__call__)
    first, again, other = (training(jax.random.key(seed), IMAGES) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first.shape, first.dtype) == ((200, 6, 6, 3), jnp.float32)
    assert not np.array_equal(first, other)
    keys = jax.random.split(jax.random.key(2))
    several = jax.jit(jax.vmap(EVERYTHING))(keys, jnp.stack([IMAGES, IMAGES]))  # as DivideMix does
    np.testing.assert_allclose(several[1], training(keys[1], IMAGES), rtol=1e-5, atol=1e-5)


def test_windows_are_anywhere_and_evaluation_takes_the_center():
    augment = Augment(crop=6)
    out = (np.asarray(jax.jit(augment.__call__)(jax.random.key(0), IMAGES)) * 255).round()
    found = set()
    for image, whole in zip(out, IMAGES, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(whole, (6, 6), (0, 1)).transpose(0, 1, 3, 4, 2)
        (place,) = np.argwhere((windows == image).all((2, 3, 4)))
        found.add(tuple(place))
    assert found == {(top, left) for top in range(4) for left in range(3)}
    np.testing.assert_allclose(augment.evaluate(jnp.asarray(IMAGES)), np.float32(IMAGES[:, 1:7, 1:7]) / 255, rtol=2e-7)


def coordinates(number, height, width):
    """Images that are their own coordinates, so that each output says where it comes from."""
    rows, columns = np.mgrid[:height, :width]
    return np.broadcast_to(np.stack([rows, columns], -1).astype(np.float32), (number, height, width, 2))


def test_resized_windows_are_boxes_of_the_image():
    height, width, side = 30, 40, 40  # enlarges only, where bilinear is exact
    images = coordinates(500, height, width)
    out = np.asarray(jax.jit(Augment(crop=side, random_resized_crop=True).__call__)(jax.random.key(0), images))
    inner = out[:, 4:36, 4:36]  # inside of the image, also for a box at its border
    down, right = inner[:, 1:, :, 0] - inner[:, :-1, :, 0], inner[:, :, 1:, 1] - inner[:, :, :-1, 1]
    box = np.stack([down[:, 3, 3], right[:, 3, 3]], 1) * side
    np.testing.assert_allclose(down, np.broadcast_to(box[:, 0, None, None] / side, down.shape), atol=1e-3)
    np.testing.assert_allclose(right, np.broadcast_to(box[:, 1, None, None] / side, right.shape), atol=1e-3)
    np.testing.assert_allclose(box, box.round(), atol=0.02)  # whole pixels
    first = inner[:, 0, 0] - (4.5 * box / side - 0.5)  # the corners
    assert first.min() > -0.1
    assert (first + box <= np.array([[height, width]]) + 0.1).all()
    area, ratio = box.prod(1) / (height * width), box[:, 1] / box[:, 0]
    assert 0.07 < area.min() < 0.11
    assert 0.85 < area.max() <= 1.001
    assert abs(area.mean() - 0.54) < 0.04
    fits = area < 0.5  # the others are clipped
    assert 0.7 < ratio[fits].min() < 0.8
    assert 1.25 < ratio[fits].max() < 1.45
    assert abs(np.log(ratio[fits]).mean()) < 0.04


@given(angle=st.floats(-np.pi, np.pi), down=st.floats(-12, 12), right=st.floats(-12, 12))
def test_an_image_is_turned_and_moved_as_by_scipy(angle, down, right):
    image, offset = IMAGES[0].astype(np.float64), np.array([down, right])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    center = (np.array(image.shape[:2]) - 1) / 2
    channels = [
        ndimage.affine_transform(channel, turn, center + turn @ (offset - center), order=1, mode="nearest")
        for channel in np.moveaxis(image, -1, 0)
    ]
    out = jax.jit(moved)(jnp.float32(image), jnp.float32(angle), jnp.float32(offset))
    np.testing.assert_allclose(out, np.stack(channels, -1), atol=5e-3)  # of 255; float32 has about 1e-6 of a pixel


def test_an_image_that_is_not_moved_stays_as_it_is():
    image = jnp.float32(IMAGES[0])
    np.testing.assert_array_equal(jax.jit(moved)(image, 0.0, jnp.zeros(2)), image)


def test_images_are_moved_by_up_to_a_share_of_their_side():
    images = coordinates(500, 30, 40)
    out = np.asarray(jax.jit(Augment(shift=0.1).__call__)(jax.random.key(0), images))
    offset = (out - images)[:, 10, 10]
    inner = np.broadcast_to(offset[:, None, None], (500, 20, 20, 2))
    np.testing.assert_allclose((out - images)[:, 5:25, 5:25], inner, atol=1e-4)
    for axis, most in enumerate((3, 4)):
        moves = offset[:, axis]
        assert -most <= moves.min() < -0.98 * most
        assert 0.98 * most < moves.max() <= most + 1e-4
        assert abs(moves.mean()) < 0.15 * most
        assert abs(moves.std() / (most / np.sqrt(3)) - 1) < 0.1  # uniform
    assert abs(np.corrcoef(offset.T)[0, 1]) < 0.15
    np.testing.assert_allclose(out.min((0, 1, 2)), [0, 0], atol=1e-5)  # nothing comes from outside of the image
    np.testing.assert_allclose(out.max((0, 1, 2)), [29, 39], rtol=1e-6)


def test_images_are_turned_around_their_center_by_up_to_an_angle():
    images = coordinates(500, 31, 31)
    out = np.asarray(jax.jit(Augment(rotate=20.0).__call__)(jax.random.key(0), images))
    np.testing.assert_allclose(out[:, 15, 15], np.full((500, 2), 15.0), atol=1e-4)
    right = out[:, 15, 16] - out[:, 15, 15]  # a unit vector, turned
    np.testing.assert_allclose((right**2).sum(1), np.ones(500), rtol=1e-4)
    angles = np.degrees(np.arctan2(-right[:, 0], right[:, 1]))
    assert -20.001 < angles.min() < -19.5
    assert 19.5 < angles.max() < 20.001
    assert abs(angles.std() / (20 / np.sqrt(3)) - 1) < 0.1


@pytest.mark.parametrize("side", [1, 4, 5])
def test_cutout_is_a_square_around_any_pixel(side):
    out = np.asarray(jax.jit(Augment(cutout=side).__call__)(jax.random.key(0), IMAGES))
    holes, centers = (out == 0).all(-1), set()
    for hole in holes:
        fitting = [
            (row, column)
            for row in range(9)
            for column in range(8)
            if np.array_equal(hole, _square(row - side // 2, column - side // 2, side))
        ]
        assert fitting
        centers.update(fitting)
    assert len(centers) > 60
    kept = np.broadcast_to(~holes[..., None], out.shape)
    np.testing.assert_allclose(out[kept], (np.float32(IMAGES) / 255)[kept], rtol=2e-7)


def _square(top, left, side):
    square = np.zeros((9, 8), bool)
    square[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = True
    return square


def test_moves_and_the_mean_image_reach_a_training():
    fields = {"augment__shift": 0.1, "augment__rotate": 15.0, "augment__normalize": "mean_image"}
    (program_spec,) = build(quick("standard", **fields))
    assert (program_spec.train_spec.augment.shift, program_spec.train_spec.augment.rotate) == (0.1, 15.0)
    images = np.asarray(program_spec.dataset.train.inputs, np.float64) / 255
    np.testing.assert_allclose(program_spec.train_spec.augment.mean, images.mean(0).reshape(-1), rtol=1e-9)


@pytest.mark.parametrize("images", [IMAGES, IMAGES.astype(np.float32)], ids=["bytes", "floats"])
def test_less_the_mean_image(monkeypatch, images):
    monkeypatch.setattr("jnl.ops.augment._CHUNK", 9 * 8 * 3 * 7)  # 7 images at a time
    whole = images.astype(np.float64) / (255 if images.dtype == np.uint8 else 1)
    mean, scale = whole.mean(0), whole.max()
    augment = Augment(crop=6, shift=0.2, normalize="mean_image").fitted(images)
    np.testing.assert_allclose(np.reshape(augment.mean, mean.shape), mean, rtol=1e-12)
    assert augment.fitted(jnp.asarray(images)) == augment
    told = jax.jit(augment.evaluate)(images)
    np.testing.assert_allclose(told, (whole - mean)[:, 1:7, 1:7], atol=1e-6 * scale)
    trained = np.asarray(jax.jit(augment._replace(crop=0, shift=0.0, flip=True).__call__)(jax.random.key(0), images))
    mirrored = np.abs(trained - (whole - mean)[:, :, ::-1]).max((1, 2, 3)) < 1e-6 * scale  # the mean image with them
    as_it_is = np.abs(trained - (whole - mean)).max((1, 2, 3)) < 1e-6 * scale
    assert (mirrored ^ as_it_is).all()
    assert 0.35 < mirrored.mean() < 0.65


def test_normalized_by_channel(monkeypatch):
    monkeypatch.setattr("jnl.ops.augment._CHUNK", 9 * 8 * 3 * 7)  # 7 images at a time
    whole = IMAGES.astype(np.float64) / 255
    augment = Augment(cutout=2, normalize="channels").fitted(IMAGES)
    np.testing.assert_allclose(augment.mean, whole.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(augment.std, whole.std((0, 1, 2)), rtol=1e-12)
    assert augment.fitted(jnp.asarray(IMAGES)) == augment
    expected = (whole - whole.mean((0, 1, 2))) / whole.std((0, 1, 2))
    np.testing.assert_allclose(jax.jit(augment.evaluate)(IMAGES), expected, rtol=1e-4, atol=1e-5)
    trained = np.asarray(jax.jit(augment.__call__)(jax.random.key(0), IMAGES))
    assert 0.03 < (trained == 0).mean() < 2 * 2 / 72  # the square is the mean
    assert channel_statistics(np.full((3, 2, 2, 1), 51, np.uint8)) == ((0.2,), (1.0,))
    assert channel_statistics(np.full((1000, 2, 2, 1), 0.1, np.float32)) == ((float(np.float32(0.1)),), (1.0,))
    floats = np.random.default_rng(0).normal(3, 2, (50, 4, 4, 2)).astype(np.float32)
    np.testing.assert_allclose(channel_statistics(floats)[1], floats.std((0, 1, 2), dtype=np.float64), rtol=1e-6)


def test_statistics_do_not_copy_a_file(tmp_path):
    file = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", np.uint8, IMAGES.shape)
    file[:] = IMAGES
    assert channel_statistics(file) == channel_statistics(IMAGES)


def test_normalized_by_image():
    images = np.concatenate([IMAGES[:3], np.full((1, 9, 8, 3), 9, np.uint8)])
    out = np.asarray(jax.jit(Augment(crop=6, normalize="image").evaluate)(images))
    whole = images[:, 1:7, 1:7].astype(np.float64) / 255
    for image, expected in zip(out, whole, strict=True):
        std = max(expected.std(), 1 / np.sqrt(6 * 6 * 3))
        np.testing.assert_allclose(image, (expected - expected.mean()) / std, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "shape", "message"),
    [
        ({"pad": 4}, (4, 3), "config.augment: only images"),
        ({"normalize": "image"}, (4, 3), "config.augment: only images"),
        ({"pad": -1}, None, "augment.pad: -1"),
        ({"crop": -1}, None, "augment.crop: -1"),
        ({"cutout": -1}, None, "augment.cutout: -1"),
        ({"shift": -0.1}, None, "augment.shift: -0.1"),
        ({"shift": 2.0}, None, "augment.shift: 2.0 is outside .*a share of the side"),
        ({"rotate": 181.0}, None, "augment.rotate: 181.0"),
        ({"rotate": 20.0}, (4, 3), "config.augment: only images"),
        ({"normalize": "chanels"}, None, "did you mean 'channels'"),
        ({"random_resized_crop": True}, None, "augment.random_resized_crop: set augment.crop"),
        ({"crop": 9}, IMAGES.shape, "augment.crop: 9 is more than the 8 pixels"),
        ({"cutout": 9}, IMAGES.shape, "augment.cutout: 9 is more"),
        ({"pad": 8}, IMAGES.shape, "augment.pad: 8 may move an image"),
        ({"normalize": "channels", "mean": (0.5,), "std": (0.1,)}, IMAGES.shape, "do not fit 3 channels"),
        ({"normalize": "mean_image", "mean": (0.5,)}, IMAGES.shape, "mean does not fit images of shape"),
    ],
)
def test_mistakes_are_told(fields, shape, message):
    with pytest.raises(UserError, match=message):
        Augment(**fields).check(shape)


@pytest.mark.slow
def test_crops_and_statistics_reach_training_and_evaluation():
    config = quick("standard", epochs=1, seeds=1)
    config.augment.update(crop=6, pad=1, normalize="channels")
    (program_spec,) = build(config)
    images = np.asarray(program_spec.dataset.train.inputs) / 255
    assert (program_spec.train_spec.augment.crop, program_spec.train_spec.augment.pad) == (6, 1)
    np.testing.assert_allclose(program_spec.train_spec.augment.mean, [images.mean()], rtol=1e-6)
    state = jax.eval_shape(
        partial(init_state, program_spec.train_spec), program_spec.dataset.train, program_spec.runs[0]
    )
    assert state.params["Dense_0"]["kernel"].shape == (1, 256, 36)
    assert run(config).metrics["test_accuracy"].shape == (1, 1, 1)
