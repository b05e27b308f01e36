"""Boosted trees of LightGBM, one tree a step.

    python lightgbm_trees.py --data prices.parquet --target next_close --features close,volume --time day --lr 0.05

LightGBM's random numbers go on from tree to tree and cannot be saved. So it is trained in stretches of
--checkpoint-every trees, each with a seed of its own and the trees before it as its start: an interruption
between two stretches changes nothing.
"""

import lightgbm
import mlflow.lightgbm
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

import common

parser = common.parser(__doc__)
parser.add_argument("--rounds", type=int, default=100, help="trees")
parser.add_argument("--lr", type=float, default=0.1, help="how much of each tree is added")
parser.add_argument("--leaves", type=int, default=15, help="leaves of a tree, at most")
parser.add_argument("--min-leaf", type=int, default=20, help="rows in a leaf, at least")
parser.add_argument("--subsample", type=float, default=1.0, help="share of the rows that each tree sees")
parser.add_argument("--feature-share", type=float, default=1.0, help="share of the features that each tree sees")
parser.add_argument("--l2", type=float, default=0.0, help="pulls the leaves towards 0")
options = common.parse(parser)
train, validation = common.load(options)

with common.run(options):
    saved = common.checkpoint(options, "booster.txt")
    booster = lightgbm.Booster(model_file=saved) if saved.exists() else None
    rows = common.augment(train, options)

    def report(state):
        learned = common.errors("train", train, state.model.predict(train.X))
        judged = common.errors("val", validation, state.model.predict(validation.X))
        common.report(options, state.iteration, {**learned, **judged})

    done = booster.num_trees() if booster else 0
    while done < options.rounds:
        settings = {
            "learning_rate": options.lr,
            "num_leaves": options.leaves,
            "min_data_in_leaf": options.min_leaf,
            "bagging_fraction": options.subsample,
            "bagging_freq": 1,
            "feature_fraction": options.feature_share,
            "lambda_l2": options.l2,
            "seed": options.seed + done,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        stretch = min(options.checkpoint_every, options.rounds - done)
        data = lightgbm.Dataset(rows.X, label=rows.y, weight=rows.weight)
        booster = lightgbm.train(settings, data, num_boost_round=stretch, init_model=booster, callbacks=[report])
        done += stretch
        with common.replacing(saved) as new:
            booster.save_model(new)

    names = common.feature_names(options)
    rows_of_names = [("rows", FloatTensorType([None, len(names)]))]
    common.save(
        mlflow.lightgbm,
        lambda: convert_lightgbm(booster, initial_types=rows_of_names).SerializeToString(),
        booster.predict(validation.X),
        validation,
        names,
        lgb_model=booster,
        pip_requirements=[f"lightgbm=={lightgbm.__version__}"],
    )
