"""The paper's figures from finished runs."""

import keras
import numpy as np

from keras_fer import augment
from keras_fer import figures
from keras_fer import importance
from keras_fer import input_pipeline
from keras_fer.model import load_model
from keras_fer.paper_experiments import FIGURE_4

_FACES_OF_CLASS = 1
_POOL = "block2_pool"  # fine enough to see a face in, coarse enough to differ


def write_paper_figures(directory, plan, *, structures, faces, image_size):
    """Draws Figures 1 to 4 of the paper, and where our network looked.

    Leaves `structure.png`, `confusion_matrices.png`, and, of our network's
    first seed, `pooling.png` and `importance.png`. The last two show faces of
    the data set: mind its terms before they are passed on.

    Args:
        directory: where they go.
        plan: {network of `paper_experiments`: for each seed its finished
            `planned_runs.PlannedRun`s}.
        structures: {title: `keras.Model`}, for Figures 1 and 3.
        faces: `LabeledFaces` of RAF-DB's test part.
        image_size: every face is resized to this side, in pixels.
    """
    figures.save_figure(
        figures.structure_figure(structures), directory / "structure.png"
    )
    panels = {}
    for name, network, title in FIGURE_4:
        if network in plan:
            report = plan[network][0][0].report()
            official = report["data_set"].startswith(name)
            shown = name if official else f"{name}: {report['data_set']}"
            row = panels.setdefault(shown, {})
            row[title] = report["single_view"]["confusion_matrix"]
            class_names = list(report["single_view"]["per_class"])
    figures.save_figure(
        figures.confusion_matrices_figure(
            panels, class_names, title="Single view, seed 0"
        ),
        directory / "confusion_matrices.png",
    )
    model = load_model(plan["rafdb-ours"][0][0].directory / "model.keras")
    chosen = np.concatenate(
        [
            np.flatnonzero(faces.labels == label)[:_FACES_OF_CLASS]
            for label in range(len(faces.class_names))
        ]
    )
    some = faces.take(chosen)
    (images,) = input_pipeline.image_batches(
        some, image_size=image_size, batch_size=len(some)
    )
    views = keras.ops.convert_to_numpy(
        augment.eval_view(images, model.input_shape[1])
    )
    pooled = importance.pooled_by_kind(model, views[:1], _POOL)
    figures.save_figure(
        figures.pooling_figure(
            views[0],
            {kind: maps[0] for kind, maps in pooled.items()},
            title=_POOL,
        ),
        directory / "pooling.png",
    )
    maps = importance.importance_maps(model, views)
    figures.save_figure(
        figures.importance_figure(
            views,
            {**maps, "all": importance.combined_map(maps)},
            some.labels,
            model.predict_on_batch(views),
            some.class_names,
        ),
        directory / "importance.png",
    )
