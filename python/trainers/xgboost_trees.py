"""Boosted trees of XGBoost, one tree a step.

    python xgboost_trees.py --data prices.parquet --target next_close --features close,volume --time day --lr 0.1

Random numbers are drawn anew from the seed and the tree's number, and every checkpoint is loaded as soon as it is
written: training that was interrupted comes to the same trees as training that was not.
"""

import mlflow.xgboost
import xgboost
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

import common

parser = common.parser(__doc__)
parser.add_argument("--rounds", type=int, default=100, help="trees")
parser.add_argument("--lr", type=float, default=0.1, help="how much of each tree is added")
parser.add_argument("--depth", type=int, default=4, help="questions in a row, at most")
parser.add_argument("--min-weight", type=float, default=5.0, help="weight of the rows in a leaf, at least")
parser.add_argument("--subsample", type=float, default=1.0, help="share of the rows that each tree sees")
parser.add_argument("--feature-share", type=float, default=1.0, help="share of the features that each tree sees")
parser.add_argument("--l2", type=float, default=1.0, help="pulls the leaves towards 0")
options = common.parse(parser)
train, validation = common.load(options)

with common.run(options):
    saved = common.checkpoint(options, "booster.ubj")
    settings = {
        "eta": options.lr,
        "max_depth": options.depth,
        "min_child_weight": options.min_weight,
        "subsample": options.subsample,
        "colsample_bytree": options.feature_share,
        "lambda": options.l2,
        "seed": options.seed,
        "seed_per_iteration": True,
    }
    rows = common.augment(train, options)
    learn = xgboost.DMatrix(rows.X, label=rows.y, weight=rows.weight)
    plain, held_out = xgboost.DMatrix(train.X), xgboost.DMatrix(validation.X)
    booster = xgboost.Booster(settings, [learn], model_file=saved if saved.exists() else None)
    for step in range(booster.num_boosted_rounds(), options.rounds):
        booster.update(learn, step)
        learned = common.errors("train", train, booster.predict(plain))
        common.report(options, step, {**learned, **common.errors("val", validation, booster.predict(held_out))})
        if (step + 1) % options.checkpoint_every == 0:
            with common.replacing(saved) as new:
                booster.save_model(new)
            # What it had drawn so far is not in the file. Loaded at once, it goes on as it would after an interruption.
            booster = xgboost.Booster(settings, [learn], model_file=saved)

    names = common.feature_names(options)
    rows_of_names = [("rows", FloatTensorType([None, len(names)]))]
    common.save(
        mlflow.xgboost,
        lambda: convert_xgboost(booster, initial_types=rows_of_names).SerializeToString(),
        booster.predict(held_out),
        validation,
        names,
        xgb_model=booster,
        pip_requirements=[f"xgboost=={xgboost.__version__}"],
    )
