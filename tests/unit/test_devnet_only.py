"""One scene by its name: how the blocks are shared out, and what is refused."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from watcher.cli.app import app
from watcher.devnet.scenes import BY_NAME, EVENTS, TROUBLES
from watcher.devnet.scenes.calm import CALM
from watcher.devnet.scenes.crash import CRASH
from watcher.devnet.schedule import only
from watcher.devnet.stage import Scene
from watcher.errors import InputError


@pytest.mark.parametrize("scene", BY_NAME.values(), ids=lambda scene: scene.name)
@pytest.mark.parametrize("blocks", [9, 40])
def test_a_scene_plays_as_long_as_it_may_and_calm_fills_the_rest(scene: Scene, blocks: int) -> None:
    acts = only(scene.name, blocks)
    assert sum(act.blocks for act in acts) == blocks
    assert acts[0].scene == CALM
    assert acts[1].scene == scene
    assert acts[1].scene.shortest <= acts[1].blocks <= acts[1].scene.longest
    assert {act.scene for act in acts[2:]} <= {CALM}


def test_no_trouble_plays_unasked() -> None:
    assert not set(TROUBLES) & set(EVENTS)


def test_a_scene_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"name one of calm, .*crash"):
        only("crush", 40)
    done = CliRunner().invoke(app, ["demo", "--scene", "crush"])
    assert done.exit_code == 2
    assert "there is no scene 'crush'" in done.stderr


def test_too_few_blocks_for_a_scene_are_refused() -> None:
    least = CRASH.shortest + CALM.shortest
    assert len(only("crash", least)) == 2
    with pytest.raises(InputError, match=f"needs {least} blocks"):
        only("crash", least - 1)
