"""The paper's experiments as data: networks, rows, and what others report.

`recipes/paper_tables.py` runs them. Published accuracies are in per cent and
never stand in our place.
"""

from typing import get_args

from keras_fer import configuration

BASELINE = {"pooling": "max", "head": "dense", "attention": "none"}
# Network -> (recipe, what differs from the recipe's defaults).
NETWORKS = {
    "rafdb-vgg16": ("rafdb", BASELINE),
    "rafdb-ours": ("rafdb", {}),
    "rafdb-max": ("rafdb", {"pooling": "max"}),
    "rafdb-ours-imagenet": ("rafdb", {"weights": "imagenet"}),
    "sfew-vgg16-imagenet": ("sfew", BASELINE | {"weights": "imagenet"}),
    "sfew-ours": ("sfew", {}),
    "sfew-ours-from-rafdb": ("sfew", {"initial_weights": "rafdb-ours"}),
}
# Each is one flag away from the paper's network. Row -> network.
ABLATION = {"as it is": "rafdb-ours", "pooling max": "rafdb-max"}
for _flag, _value in (
    *(("pooling", name) for name in get_args(configuration.Pooling)[2:]),
    ("head", "dense"),
    ("attention", "none"),
    ("attention", "se"),
    ("batch_norm", False),
):
    _row = f"{_flag} {_value}" if _value else "no batch norm"
    ABLATION[_row] = f"rafdb-{_row.replace(' ', '-')}"
    NETWORKS[ABLATION[_row]] = ("rafdb", {_flag: _value})
FOLDS = "folds-"  # before a network's name: its runs are folds of SFEW
# (label, network, view, the paper's accuracy in per cent); rows that the
# paper does not have stand only where they were measured.
TABLE_1 = (
    ("VGG16", "rafdb-vgg16", "single_view", 81.68),
    ("+ LIP, conv head, attention", "rafdb-ours", "single_view", 83.15),
    ("+ ten-crop", "rafdb-ours", "ten_crop", 84.97),
    ("+ ImageNet weights", "rafdb-ours-imagenet", "ten_crop", 86.31),
    (
        "not in the paper: max pooling, conv head, attention",
        "rafdb-max",
        "single_view",
        None,
    ),
    ("the same, ten-crop", "rafdb-max", "ten_crop", None),
)
TABLE_3 = (
    ("VGG16 from ImageNet", "sfew-vgg16-imagenet", "single_view", 50.00),
    ("ours from RAF-DB", "sfew-ours-from-rafdb", "single_view", 57.34),
    ("not in the paper: ours from scratch", "sfew-ours", "single_view", None),
    (
        "over all folds: from RAF-DB",
        FOLDS + "sfew-ours-from-rafdb",
        "single_view",
        None,
    ),
    (
        "over all folds: from scratch",
        FOLDS + "sfew-ours",
        "single_view",
        None,
    ),
)
# (label, the better one as claimed, the other one)
PAIRS = (
    (
        "LIP against max pooling, all else alike",
        ("rafdb-ours", "single_view"),
        ("rafdb-max", "single_view"),
    ),
    (
        "the same with ten-crop",
        ("rafdb-ours", "ten_crop"),
        ("rafdb-max", "ten_crop"),
    ),
    (
        "pooling, head and attention at once, as in Table 1",
        ("rafdb-ours", "single_view"),
        ("rafdb-vgg16", "single_view"),
    ),
    (
        "ten-crop against single view, LIP",
        ("rafdb-ours", "ten_crop"),
        ("rafdb-ours", "single_view"),
    ),
    (
        "ten-crop against single view, max pooling",
        ("rafdb-max", "ten_crop"),
        ("rafdb-max", "single_view"),
    ),
    (
        "SFEW: from RAF-DB against from scratch",
        ("sfew-ours-from-rafdb", "single_view"),
        ("sfew-ours", "single_view"),
    ),
    (
        "the same, over all folds",
        (FOLDS + "sfew-ours-from-rafdb", "single_view"),
        (FOLDS + "sfew-ours", "single_view"),
    ),
)

PAPER = "Dong, Wang and Hang, J. Phys.: Conf. Ser. 2083 (2021) 032030"

# (network, view, what it is), the first that was measured stands in the table.
OURS_ON_RAF_DB = (
    ("rafdb-ours-imagenet", "ten_crop", "ours, ten-crop, ImageNet"),
    ("rafdb-ours", "ten_crop", "ours, ten-crop, no pretraining"),
)
OURS_ON_SFEW = (("sfew-ours-from-rafdb", "single_view", "ours from RAF-DB"),)
# (data set, network, title) of Figure 4's panels.
FIGURE_4 = (
    ("RAF-DB", "rafdb-vgg16", "VGG16"),
    ("RAF-DB", "rafdb-ours", "ours"),
    ("SFEW", "sfew-vgg16-imagenet", "VGG16"),
    ("SFEW", "sfew-ours-from-rafdb", "ours"),
)

# (method, accuracy over all test faces, where it is reported), by year.
RAF_DB = (
    ("CovPool", 87.0, "Acharya et al., CVPR Workshops 2018"),
    ("gACNN", 85.07, "Li et al., IEEE TIP 28 (2019)"),
    ("RAN", 86.90, "Wang et al., IEEE TIP 29 (2020)"),
    ("SCN", 87.03, "Wang et al., CVPR 2020"),
    ("LIP-VGG16, ten-crop, ImageNet", 86.31, PAPER),
    ("EAC", 89.99, "Zhang et al., ECCV 2022"),
)
SFEW = (
    ("IACNN", 50.98, "Meng et al., FG 2017"),
    ("Island loss", 52.52, "Cai et al., FG 2018"),
    ("CovPool", 58.14, "Acharya et al., CVPR Workshops 2018"),
    ("RAN", 56.40, "Wang et al., IEEE TIP 29 (2020)"),
    ("LIP-VGG16 from RAF-DB", 57.34, PAPER),
)
